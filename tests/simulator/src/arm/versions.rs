//! Which api-versions each resource type knows (behaviour section 1).

use http::StatusCode;

use super::error::ArmError;

const GALLERIES: &[&str] = &[
    "2018-06-01",
    "2019-03-01",
    "2019-07-01",
    "2019-12-01",
    "2020-09-30",
    "2021-07-01",
    "2021-10-01",
    "2022-01-03",
    "2022-03-03",
    "2022-08-03",
    "2023-07-03",
    "2024-03-03",
    "2025-03-03",
    "2025-12-03",
    "2026-03-03",
];
const MACHINES: &[&str] = &[
    "2019-07-01",
    "2019-12-01",
    "2020-06-01",
    "2020-12-01",
    "2021-03-01",
    "2021-04-01",
    "2021-07-01",
    "2021-11-01",
    "2022-03-01",
    "2022-08-01",
    "2022-11-01",
    "2023-03-01",
    "2023-07-01",
    "2023-09-01",
    "2024-03-01",
    "2024-07-01",
    "2024-11-01",
    "2025-04-01",
    "2025-11-01",
    "2026-04-01",
];
const DISKS: &[&str] = &[
    "2020-12-01",
    "2021-04-01",
    "2021-12-01",
    "2022-03-02",
    "2022-07-02",
    "2023-01-02",
    "2023-04-02",
    "2023-10-02",
    "2024-03-02",
    "2025-01-02",
    "2026-03-02",
];

const NETWORK: &[&str] = &[
    "2020-11-01",
    "2021-08-01",
    "2022-07-01",
    "2022-11-01",
    "2023-05-01",
    "2023-09-01",
    "2023-11-01",
    "2024-01-01",
    "2024-03-01",
    "2024-05-01",
    "2024-07-01",
    "2024-10-01",
    "2025-01-01",
    "2025-03-01",
    "2025-05-01",
    "2025-07-01",
    "2025-09-01",
    "2026-03-01",
];
const ACTIVITY_LOG: &[&str] = &["2015-04-01"];
const ROLES: &[&str] = &["2018-01-01-preview", "2020-04-01-preview", "2022-04-01"];
const LOCKS: &[&str] = &["2015-01-01", "2016-09-01", "2017-04-01", "2020-05-01"];
const RESOURCES: &[&str] = &[
    "2019-10-01",
    "2020-06-01",
    "2020-10-01",
    "2021-01-01",
    "2021-04-01",
    "2022-09-01",
    "2023-07-01",
    "2024-03-01",
    "2024-07-01",
    "2024-11-01",
    "2025-03-01",
    "2025-04-01",
];
const GRAPH: &[&str] = &["2021-03-01", "2022-10-01", "2024-04-01"];

fn known(kind: &str) -> Option<&'static [&'static str]> {
    if kind.ends_with("/diskrestorepoints") {
        return Some(DISKS);
    }
    match kind.split('/').next().unwrap_or_default() {
        "galleries" => Some(GALLERIES),
        "virtualmachines" | "images" | "restorepointcollections" => Some(MACHINES),
        "disks" | "snapshots" | "diskencryptionsets" => Some(DISKS),
        "virtualnetworks" | "networkinterfaces" | "networksecuritygroups" | "publicipaddresses" => Some(NETWORK),
        "eventtypes" => Some(ACTIVITY_LOG),
        // Operations are read with the api-version of the request that began them.
        _ => None,
    }
}

/// Refuses an api-version that the type does not know.
pub(crate) fn check(kind: &str, written: &str, api_version: &str) -> Result<(), ArmError> {
    among(known(kind), written, api_version)
}

/// Refuses an api-version that a type of `Microsoft.Authorization` does not know.
pub(crate) fn check_authorization(kind: &str, api_version: &str) -> Result<(), ArmError> {
    among(Some(if kind == "locks" { LOCKS } else { ROLES }), kind, api_version)
}

/// Refuses an api-version in which Azure Resource Manager has no list of resources.
pub(crate) fn check_resources(api_version: &str) -> Result<(), ArmError> {
    among(Some(RESOURCES), "resources", api_version)
}

/// Refuses an api-version that the resource graph does not know.
pub(crate) fn check_graph(api_version: &str) -> Result<(), ArmError> {
    among(Some(GRAPH), "resources", api_version)
}

fn among(known: Option<&[&str]>, written: &str, api_version: &str) -> Result<(), ArmError> {
    match known {
        Some(versions) if !versions.contains(&api_version) => Err(ArmError::new(
            StatusCode::BAD_REQUEST,
            "NoRegisteredProviderFound",
            format!(
                "No registered resource provider found for location and API version '{api_version}' for type '{written}'. \
                 The supported api-versions are '{}'.",
                versions.join(", ")
            ),
        )
        .by_arm()),
        _ => Ok(()),
    }
}
