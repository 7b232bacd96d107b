//! Under which name a request is counted, as the header of what is left tells.

use crate::azure::{Azure, GALLERIES, id, machine, version};

fn gallery(rest: &str) -> String {
    format!("{}?api-version={GALLERIES}", id(&format!("galleries{rest}")))
}

/// Names in `x-ms-ratelimit-remaining-resource` of azure-cli's recordings, 2023 to 2025.
#[test]
fn requests_are_counted_under_the_recorded_names() {
    let rows = [
        ("GET", gallery(""), "Microsoft.Compute/ListGalleryInResourceGroup3Min"),
        ("GET", gallery("/corp/images"), "Microsoft.Compute/ListGalleryImagesInGallery30Min"),
        ("GET", gallery("/corp/images/web"), "Microsoft.Compute/GetGalleryImage3Min"),
        ("GET", gallery("/corp/images/web/versions"), "Microsoft.Compute/ListGalleryImageVersionsInGalleryImage3Min"),
        ("GET", version("1.0.0"), "Microsoft.Compute/GetGalleryImageVersion3Min"),
        ("PUT", version("1.0.0"), "Microsoft.Compute/CreateUpdateGalleryImageVersion3Min"),
        ("DELETE", version("1.0.0"), "Microsoft.Compute/DeleteGalleryImageVersion3Min"),
        ("PUT", machine("builder", ""), "Microsoft.Compute/PutVM"),
        ("PATCH", machine("builder", ""), "Microsoft.Compute/UpdateVM"),
    ];
    for (method, path, name) in rows {
        let mut azure = Azure::new();
        let answer = azure.call(method.parse().unwrap(), &path, &serde_json::json!({"location": "westeurope"}));
        let left = answer.header("x-ms-ratelimit-remaining-resource").unwrap_or_default();
        assert!(left.contains(name), "{method} {path}: {left}");
    }
}
