//! The rules of image definitions, each with an example that keeps it and one that breaks it.

use azimage_end_to_end::manifests::with;
use serde_json::{Value, json};

use crate::schema::{Case, GUID};

const DEFINITION: &str = "ImageDefinition";

pub(crate) fn base() -> Value {
    json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": DEFINITION, "metadata": {"name": "base"},
        "spec": {
            "gallery": {"subscriptionId": GUID, "resourceGroup": "images", "name": "corpGallery"},
            "name": "ubuntu-web",
            "location": "westeurope",
            "latest": {"policy": "Pinned", "pinned": "1.3.9", "override": {"version": "1.3.9", "reason": "a fix"}},
            "properties": {"osType": "Linux", "identifier": {"publisher": "corp", "offer": "ubuntu", "sku": "web"}},
        },
    })
}

fn without(field: &str) -> Value {
    let mut object = base();
    object["spec"].as_object_mut().unwrap().remove(field);
    object
}

/// Rules about a value as it is.
#[allow(clippy::too_many_lines, reason = "a table")]
pub(crate) fn values() -> Vec<Case> {
    let case = |path: &'static str, message, good: Value, bad: Value| {
        let pointer = path.replace('.', "/");
        let (accepted, refused) = (with(base(), &pointer, good), with(base(), &pointer, bad));
        Case { kind: DEFINITION, path, message, field: path.trim_start_matches('.'), accepted, refused }
    };
    let limits = |path: &'static str| {
        case(path, "min must not be greater", json!({"min": 2, "max": 2}), json!({"min": 2, "max": 1}))
    };
    let plan = |path: &'static str, member: &str| {
        let plan = |member: &str, value: &str| {
            let mut plan = json!({"name": "pro", "publisher": "corp", "product": "ubuntu"});
            plan[member] = value.into();
            with(base(), "/spec/properties/purchasePlan", plan)
        };
        let (accepted, refused) = (plan(member, "a_b-c.d"), plan(member, "a b"));
        Case { accepted, refused, ..case(path, "beginning with a letter or digit", json!(null), json!(null)) }
    };
    let old = json!({"osType": "Linux", "hyperVGeneration": "V1", "securityType": "Standard", "diskControllerTypes": ["SCSI"],
        "identifier": {"publisher": "corp", "offer": "ubuntu", "sku": "web"}});
    let of_generation_1 = |message, field, member: &str, value: Value| {
        let mut refused = old.clone();
        refused[member] = value;
        Case { field, ..case(".spec.properties", message, old.clone(), refused) }
    };
    vec![
        case(".spec.gallery.subscriptionId", "must be a GUID", GUID.into(), "x".repeat(36).into()),
        case(".spec.gallery.resourceGroup", "name of a resource group", "a.b_(c)-d".into(), "images.".into()),
        case(".spec.gallery.name", "has no dashes", "corp_Gallery.2".into(), "corp-gallery".into()),
        case(".spec.name", "name of an image definition", "ubuntu-web.24_04".into(), "-web".into()),
        case(".spec.location", "must be an Azure region", "North Europe".into(), "north-europe".into()),
        case(".spec.serviceAccountName", "name of a ServiceAccount", "team-a.publisher".into(), "Publisher_1".into()),
        Case {
            path: ".spec",
            field: "spec.properties",
            accepted: with(without("properties"), "/spec/management", "Observe".into()),
            refused: without("properties"),
            ..case(".spec", "needs spec.properties", json!(null), json!(null))
        },
        of_generation_1(
            "has no Trusted Launch",
            "spec.properties.securityType",
            "securityType",
            "TrustedLaunch".into(),
        ),
        of_generation_1(
            "has no NVMe",
            "spec.properties.diskControllerTypes",
            "diskControllerTypes",
            json!(["SCSI", "NVMe"]),
        ),
        of_generation_1("no generation 1", "spec.properties.hyperVGeneration", "architecture", "Arm64".into()),
        Case {
            field: "spec.latest.pinned",
            ..case(
                ".spec.latest",
                "version number for policy: Pinned",
                json!({"policy": "Pinned", "pinned": "1.3.9"}),
                json!({"policy": "Newest", "pinned": "1.3.9"}),
            )
        },
        Case {
            field: "spec.latest.pinned",
            ..case(".spec.latest", "version number for policy: Pinned", json!({}), json!({"policy": "Pinned"}))
        },
        Case {
            path: ".spec.latest.pinned",
            field: "spec.latest.pinned",
            ..case(
                ".spec.latest",
                "must be three integers",
                json!({"policy": "Pinned", "pinned": "1.10.0"}),
                json!({"policy": "Pinned", "pinned": "v1.10"}),
            )
        },
        Case {
            field: "spec.latest.override",
            ..case(
                ".spec.latest",
                "override is for policy: Pinned",
                json!({"policy": "Pinned", "pinned": "1.4.0", "override": {"version": "1.4.0", "reason": "a fix"}}),
                json!({"policy": "Pinned", "pinned": "1.3.9", "override": {"version": "1.4.0", "reason": "a fix"}}),
            )
        },
        case(".spec.latest.override.version", "must be three integers", "1.3.9".into(), "v1.3.9".into()),
        case(".spec.latest.override.reason", "a sentence in one line", "CVE fix, by hand".into(), "\n".into()),
        Case {
            path: ".spec.export.configMapName",
            field: "spec.export.configMapName",
            ..case(
                ".spec.export",
                "name of a ConfigMap",
                json!({"configMapName": "web.latest-1"}),
                json!({"configMapName": "Web_latest"}),
            )
        },
        Case {
            path: ".spec.export.prefix",
            field: "spec.export.prefix",
            ..case(
                ".spec.export",
                "beginning of a variable's name",
                json!({"configMapName": "web", "prefix": "_Web_1"}),
                json!({"configMapName": "web", "prefix": "1-WEB"}),
            )
        },
        case(".spec.latest.soak", "time span between 0s and 720h", "24h".into(), "31d".into()),
        case(".spec.properties.diskControllerTypes", "must be [SCSI] or", json!(["SCSI"]), json!(["NVMe"])),
        case(".spec.properties.identifier.publisher", "beginning with a letter", "a_b-c.d".into(), "a.".into()),
        case(".spec.properties.identifier.offer", "beginning with a letter", "0".into(), ".a".into()),
        case(".spec.properties.identifier.sku", "beginning with a letter", "24.04-lts".into(), "24/04".into()),
        limits(".spec.properties.recommended.vCPUs"),
        limits(".spec.properties.recommended.memory"),
        plan(".spec.properties.purchasePlan.name", "name"),
        plan(".spec.properties.purchasePlan.publisher", "publisher"),
        plan(".spec.properties.purchasePlan.product", "product"),
        case(".spec.properties.privacyStatementUri", "address such as", "https://e.com/p".into(), "ftp://e.com".into()),
        case(".spec.properties.releaseNoteUri", "address such as", "http://e.com/n?a=b".into(), "notes".into()),
        case(".spec.properties.tags", "1 to 512 characters", json!({"cost center": "42"}), json!({"a/b": "42"})),
        case(".spec.properties.tags", "set by the controller", json!({"azure": "1"}), json!({"Azimage-owner": "me"})),
        case(
            ".spec.properties.tags",
            "differ only in case",
            json!({"team": "a", "unit": "b"}),
            json!({"team": "a", "Team": "b"}),
        ),
    ]
}

/// Rules about a change of an object that exists.
pub(crate) fn changes() -> Vec<Case> {
    let case = |path: &'static str, message, refused: Value| Case {
        kind: DEFINITION,
        path,
        message,
        field: path.trim_start_matches('.'),
        accepted: with(base(), "/spec/properties/osType", "Windows".into()),
        refused,
    };
    let other = json!({"subscriptionId": GUID, "resourceGroup": "images", "name": "other"});
    vec![
        case(".spec.gallery", "stands for one image definition", with(base(), "/spec/gallery", other)),
        case(".spec.name", "stands for one image definition", with(base(), "/spec/name", "other".into())),
        case(".spec", "spec.name can't be added or taken away", without("name")),
        case(".spec", "spec.location can't be taken away", without("location")),
        case(
            ".spec.latest.override",
            "the reason of an override can't be changed",
            with(base(), "/spec/latest/override/reason", "another one".into()),
        ),
        Case {
            accepted: with(base(), "/spec/location", "West Europe".into()),
            ..case(".spec.location", "can't be changed", with(base(), "/spec/location", "eastus2".into()))
        },
    ]
}

/// Refused by the plain schema, without a rule.
pub(crate) fn plain() -> Vec<(Value, &'static str)> {
    let at = |pointer: &str, value: Value| with(base(), pointer, value);
    vec![
        (at("/spec/name", "d".repeat(81).into()), "spec.name"),
        (at("/spec/management", "Own".into()), "spec.management"),
        (at("/spec/adoption", "Always".into()), "spec.adoption"),
        (at("/spec/latest/policy", "Oldest".into()), "spec.latest.policy"),
        (at("/spec/latest/emptyRegions", "Never".into()), "spec.latest.emptyRegions"),
        (at("/spec/properties/osType", "Plan9".into()), "spec.properties.osType"),
        (at("/spec/properties/securityType", "Secure".into()), "spec.properties.securityType"),
        (at("/spec/properties/diskControllerTypes", json!([])), "spec.properties.diskControllerTypes"),
        (at("/spec/properties/diskControllerTypes", json!(["SCSI", "SCSI"])), "spec.properties.diskControllerTypes[1]"),
        (at("/spec/properties/identifier/sku", "s".repeat(65).into()), "spec.properties.identifier.sku"),
        (at("/spec/properties/recommended/vCPUs/min", 0.into()), "spec.properties.recommended.vCPUs.min"),
        (at("/spec/properties/description", "d".repeat(1025).into()), "spec.properties.description"),
        (at("/spec/properties/endOfLifeDate", "soon".into()), "spec.properties.endOfLifeDate"),
    ]
}
