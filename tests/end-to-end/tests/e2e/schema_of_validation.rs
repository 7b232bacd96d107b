//! The rules about a validation.

use azimage_end_to_end::manifests::with;
use serde_json::{Value, json};

use crate::schema::{Case, VERSION, version_base, without_workspace};

/// An object that asks for a validation with this beside the sizes.
fn asking(more: &Value) -> Value {
    let mut validation = json!({"vmSizes": ["Standard_D2s_v5"]});
    for (name, value) in more.as_object().into_iter().flatten() {
        validation[name] = value.clone();
    }
    with(version_base(), "/spec/validation", validation)
}

/// Rules about a value as it is.
pub(crate) fn values() -> Vec<Case> {
    let case = |path, message, field, accepted: &Value, refused: &Value| Case {
        kind: VERSION,
        path,
        message,
        field,
        accepted: asking(accepted),
        refused: asking(refused),
    };
    let check = |name: &str, script: &str, timeout: &str| json!({"checks": [{"name": name, "script": script, "timeout": timeout}]});
    vec![
        Case {
            kind: VERSION,
            path: ".spec",
            message: "validation needs spec.workspace",
            field: "spec.workspace",
            accepted: asking(&json!({})),
            refused: without_workspace(asking(&json!({}))),
        },
        case(
            ".spec.validation.vmSizes",
            "different sizes",
            "spec.validation.vmSizes",
            &json!({"vmSizes": ["Standard_D2s_v5", "Standard_D2ds_v5"]}),
            &json!({"vmSizes": ["Standard_D2s_v5", "Standard_D2S_v5"]}),
        ),
        case(
            ".spec.validation.vmSizes",
            "with their whole names",
            "spec.validation.vmSizes",
            &json!({"vmSizes": ["Standard_D2s_v5"]}),
            &json!({"vmSizes": ["D2s_v5"]}),
        ),
        case(
            ".spec.validation.bootTimeout",
            "time span between 5m and 4h",
            "spec.validation.bootTimeout",
            &json!({"bootTimeout": "1h30m"}),
            &json!({"bootTimeout": "4m"}),
        ),
        case(
            ".spec.validation.keepOnFailure",
            "time span between 0s and 168h",
            "spec.validation.keepOnFailure",
            &json!({"keepOnFailure": "0s"}),
            &json!({"keepOnFailure": "169h"}),
        ),
        case(
            ".spec.validation.ignoreFailedUnits",
            "names of units or services",
            "spec.validation.ignoreFailedUnits",
            &json!({"ignoreFailedUnits": ["nfs-client.service", "mnt-*"]}),
            &json!({"ignoreFailedUnits": ["*.service"]}),
        ),
        case(
            ".spec.validation.allowAccounts",
            "names of accounts",
            "spec.validation.allowAccounts",
            &json!({"allowAccounts": ["deploy"]}),
            &json!({"allowAccounts": ["de ploy"]}),
        ),
        case(
            ".spec.validation.checks[].name",
            "lower case letters",
            "spec.validation.checks[0].name",
            &check("web-is-up", "true", "1m"),
            &check("Web", "true", "1m"),
        ),
        case(
            ".spec.validation.checks[].script",
            "at most 2048 bytes",
            "spec.validation.checks[0].script",
            &check("web", "true", "1m"),
            &check("web", &"é".repeat(1500), "1m"),
        ),
        case(
            ".spec.validation.checks[].timeout",
            "time span between 1s and 30m",
            "spec.validation.checks[0].timeout",
            &check("web", "true", "30m"),
            &check("web", "true", "31m"),
        ),
    ]
}
