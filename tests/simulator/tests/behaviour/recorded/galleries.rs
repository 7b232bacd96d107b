//! Galleries and image definitions.

use serde_json::{Value, json};

use super::{BLANK, Row, replay};
use crate::azure::{Answer, Azure, GALLERIES, id};

fn at(rest: &str) -> String {
    format!("{}?api-version={GALLERIES}", id(&format!("galleries/{rest}")))
}

fn definition_body() -> Value {
    json!({"location": "westeurope", "properties": {
        "osType": "linux", "osState": "generalized", "hyperVGeneration": "v2",
        "features": [{"name": "SecurityType", "value": "confidentialvm"}, {"name": "IsHibernateSupported", "value": "true"}],
        "identifier": {"publisher": "p", "offer": "o", "sku": "s"},
    }})
}

fn put_definition(azure: &mut Azure, tags: bool) -> Answer {
    let mut body = definition_body();
    if tags {
        body["tags"] = json!({});
    }
    azure.put(&at("corp/images/new"), &body)
}

/// A definition or gallery that is deleted, and where its end is told.
fn ended_deletion(azure: &mut Azure, definition_only: bool) -> Answer {
    let mut last = azure.delete(&at("corp/images/web"));
    azure.wait(60);
    if !definition_only {
        last = azure.delete(&at("corp"));
        azure.wait(60);
    }
    azure.get(&last.header("location").unwrap())
}

const E2E: &str = "azure-cli test_gallery_e2e, 2025-04";
const NET: &str = ".NET CanCreateUpdateListGetDeleteGallery, 2019-11";
const NET_DEFINITION: &str = ".NET CanCreateUpdateGetDeleteGalleryImage, 2019-11";

const ROWS: &[Row] = &[
    Row {
        request: "PUT a new gallery without tags",
        source: NET,
        ask: |azure| azure.put(&at("new"), &json!({"location": "westeurope", "properties": {}})),
        status: 201,
        headers: "A",
        has: &["/properties/identifier/uniqueName"],
        lacks: &["/tags"],
        is: &[("/properties/provisioningState", "Creating")],
    },
    Row {
        request: "PUT a new gallery with an empty map of tags",
        source: E2E,
        ask: |azure| azure.put(&at("new"), &json!({"location": "westeurope", "tags": {}})),
        status: 201,
        headers: "A",
        has: &["/tags"],
        ..BLANK
    },
    Row {
        request: "PUT a gallery that is there",
        source: NET,
        ask: |azure| azure.put(&at("corp"), &json!({"location": "westeurope", "tags": {"a": "b"}})),
        headers: "A",
        is: &[("/properties/provisioningState", "Updating"), ("/tags/a", "b")],
        ..BLANK
    },
    Row { request: "GET a gallery", source: NET, ask: |azure| azure.get(&at("corp")), lacks: &["/tags"], ..BLANK },
    Row {
        request: "PUT a new definition, its values in lower case",
        source: "azure-cli, 2023 to 2025: Linux, ConfidentialVM and True come back so",
        ask: |azure| put_definition(azure, false),
        status: 201,
        headers: "A",
        has: &["/properties/architecture"],
        lacks: &["/properties/disallowed"],
        is: &[
            ("/properties/osType", "Linux"),
            ("/properties/features/0/value", "ConfidentialVM"),
            ("/properties/features/1/value", "True"),
            ("/properties/provisioningState", "Creating"),
        ],
    },
    Row {
        request: "PUT a new definition without tags",
        source: NET_DEFINITION,
        ask: |azure| put_definition(azure, false),
        status: 201,
        headers: "A",
        lacks: &["/tags"],
        ..BLANK
    },
    Row {
        request: "PUT a new definition with an empty map of tags",
        source: E2E,
        ask: |azure| put_definition(azure, true),
        status: 201,
        headers: "A",
        has: &["/tags"],
        ..BLANK
    },
    Row {
        request: "GET a definition that was made without features",
        source: NET_DEFINITION,
        ask: |azure| azure.get(&at("corp/images/web")),
        has: &["/properties/identifier/sku", "/properties/osType"],
        lacks: &["/properties/features", "/properties/disallowed", "/tags"],
        ..BLANK
    },
    Row {
        request: "DELETE a definition",
        source: NET_DEFINITION,
        ask: |azure| azure.delete(&at("corp/images/web")),
        status: 202,
        headers: "A L",
        ..BLANK
    },
    Row {
        request: "DELETE a gallery, a minute after its definition",
        source: "azure-cli, 2025: 30 to 66 s after the last definition",
        ask: |azure| {
            azure.delete(&at("corp/images/web"));
            azure.wait(30);
            azure.delete(&at("corp"))
        },
        status: 202,
        headers: "A L",
        ..BLANK
    },
    Row {
        request: "GET the Location of a deleted definition",
        source: NET_DEFINITION,
        ask: |azure| ended_deletion(azure, true),
        ..BLANK
    },
    Row {
        request: "GET the Location of a deleted gallery",
        source: NET,
        ask: |azure| ended_deletion(azure, false),
        ..BLANK
    },
    Row {
        request: "GET definitions as a list",
        source: E2E,
        ask: |azure| azure.get(&at("corp/images")),
        has: &["/value/0/properties/osState"],
        ..BLANK
    },
];

#[test]
fn galleries_and_definitions_answer_as_recorded() {
    replay("", ROWS);
}
