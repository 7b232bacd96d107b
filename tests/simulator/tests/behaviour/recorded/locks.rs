//! Management locks.

use serde_json::{Value, json};

use super::{BLANK, Row, replay};
use crate::azure::{Answer, Azure, id};

fn lock(rest: &str) -> String {
    format!("{}/providers/Microsoft.Authorization/locks{rest}?api-version=2016-09-01", id("galleries/corp"))
}

fn locked(azure: &mut Azure) -> Answer {
    azure.put(&lock("/keep"), &json!({"properties": {"level": "CanNotDelete"}}))
}

const RESOURCE: &str = "azure-cli test_lock_with_resource_id, 2023-12";
const DELETION: &str = "azure-cli test_cannotdelete_resource_lock, 2023-02";

const ROWS: &[Row] = &[
    Row {
        request: "PUT a new lock",
        source: RESOURCE,
        ask: locked,
        status: 201,
        has: &["/id", "/name"],
        lacks: &["/properties/notes"],
        is: &[("/properties/level", "CanNotDelete")],
        ..BLANK
    },
    Row {
        request: "PUT a lock that is there",
        source: RESOURCE,
        ask: |azure| {
            locked(azure);
            azure.put(&lock("/keep"), &json!({"properties": {"level": "ReadOnly"}}))
        },
        is: &[("/properties/level", "ReadOnly")],
        ..BLANK
    },
    Row {
        request: "GET locks as a list",
        source: DELETION,
        ask: |azure| {
            locked(azure);
            azure.get(&lock(""))
        },
        is: &[("/value/0/name", "keep")],
        ..BLANK
    },
    Row {
        request: "DELETE a lock",
        source: DELETION,
        ask: |azure| {
            locked(azure);
            azure.call(http::Method::DELETE, &lock("/keep"), &Value::Null)
        },
        ..BLANK
    },
];

#[test]
fn locks_answer_as_recorded() {
    replay("", ROWS);
}
