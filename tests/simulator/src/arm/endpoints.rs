//! `/metadata/endpoints`, for tools that are told only where Azure Resource Manager is (behaviour section 1).

use serde_json::{Value, json};

/// The oldest version, which Azure Stack Hub still has: a flat object.
const FLAT: &str = "2015-01-01";
/// Versions that list all clouds they know.
const LISTS: [&str; 4] = ["2018-05-01", "2019-05-01", "2019-10-01", "2020-06-01"];

/// What is answered in this API version: one cloud, a list of one, or the flat form.
pub(crate) fn endpoints(base: &str, tenant: &str, api_version: &str) -> Value {
    if api_version == FLAT {
        return json!({
            "galleryEndpoint": format!("{base}/"),
            "graphEndpoint": format!("{base}/"),
            "portalEndpoint": base,
            "authentication": {"loginEndpoint": format!("{base}/"), "audiences": [format!("{base}/")]},
        });
    }
    let cloud = json!({
        "name": "Simulator",
        "portal": base,
        "resourceManager": format!("{base}/"),
        "microsoftGraphResourceId": format!("{base}/"),
        "graph": format!("{base}/"),
        "graphAudience": format!("{base}/"),
        "activeDirectoryDataLake": "",
        "gallery": format!("{base}/"),
        "batch": format!("{base}/"),
        "media": base,
        "sqlManagement": format!("{base}/"),
        "vmImageAliasDoc": format!("{base}/aliases.json"),
        "authentication": {
            "loginEndpoint": base,
            "audiences": [format!("{base}/"), base],
            "tenant": tenant,
            "identityProvider": "AAD",
        },
        "suffixes": {
            "keyVaultDns": "vault.simulator.invalid", "storage": "core.simulator.invalid",
            "sqlServerHostname": "database.simulator.invalid", "acrLoginServer": "azurecr.simulator.invalid",
        },
    });
    if LISTS.contains(&api_version) { json!([cloud]) } else { cloud }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_has_its_form() {
        for (version, pointer) in [
            ("2015-01-01", "/authentication/loginEndpoint"),
            ("2019-05-01", "/0/authentication/loginEndpoint"),
            ("2022-09-01", "/authentication/loginEndpoint"),
            ("", "/authentication/loginEndpoint"),
        ] {
            let answer = endpoints("https://a", "tenant", version);
            let login = answer.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            assert_eq!(login.trim_end_matches('/'), "https://a", "{version}");
            assert_eq!(answer.pointer("/galleryEndpoint").is_some(), version == FLAT, "{version}");
        }
    }
}
