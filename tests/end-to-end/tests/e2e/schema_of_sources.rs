//! The rules on what the versions of an image definition may be made from.

use azimage_end_to_end::manifests::with;
use serde_json::{Value, json};

use crate::{
    schema::{Case, GUID},
    schema_of_definitions::base,
};

fn group(name: &str) -> String {
    format!("/subscriptions/{GUID}/resourceGroups/{name}")
}

fn gallery(rest: &str) -> String {
    format!("{}/providers/Microsoft.Compute/galleries/{rest}", group("images"))
}

/// Rules about a value as it is.
pub(crate) fn values() -> Vec<Case> {
    let case = |path: &'static str, message, good: Value, bad: Value| {
        let pointer = path.replace('.', "/");
        let (accepted, refused) = (with(base(), &pointer, good), with(base(), &pointer, bad));
        Case { kind: "ImageDefinition", path, message, field: path.trim_start_matches('.'), accepted, refused }
    };
    let image = |path: &'static str, field: &'static str, message, bad: Value| {
        let good = json!([{"publisher": "Canonical", "offer": "ubuntu", "sku": "server"}, {"id": gallery("corp")}]);
        let list = ".spec.sources.virtualMachines.imageReferences";
        Case { path, field, ..case(list, message, good, json!([bad])) }
    };
    let groups = |path| {
        let good = json!([group("a.b_(c)"), group("images")]);
        case(path, "must be resource ids of resource groups", good, json!(["images"]))
    };
    let one = "spec.sources.virtualMachines.imageReferences[0]";
    let place = "where these matter";
    let form = "beginning with a letter or digit";
    let tags = ".spec.sources.virtualMachines.tags";
    vec![
        case(".spec.sources", "set at least one of", json!({"disks": {}}), json!({})),
        groups(".spec.sources.virtualMachines.resourceGroups"),
        groups(".spec.sources.managedImages.resourceGroups"),
        groups(".spec.sources.disks.resourceGroups"),
        case(tags, "1 to 512 characters", json!({"a b": "1"}), json!({"a/b": "1"})),
        case(tags, "differ only in case", json!({"team": "a"}), json!({"team": "a", "Team": "b"})),
        image(
            ".spec.sources.virtualMachines.imageReferences[]",
            one,
            place,
            json!({"publisher": "Canonical", "id": gallery("corp")}),
        ),
        image(
            ".spec.sources.virtualMachines.imageReferences[].publisher",
            "spec.sources.virtualMachines.imageReferences[0].publisher",
            form,
            json!({"publisher": "a."}),
        ),
        image(
            ".spec.sources.virtualMachines.imageReferences[].offer",
            "spec.sources.virtualMachines.imageReferences[0].offer",
            form,
            json!({"publisher": "a", "offer": "b."}),
        ),
        image(
            ".spec.sources.virtualMachines.imageReferences[].sku",
            "spec.sources.virtualMachines.imageReferences[0].sku",
            form,
            json!({"publisher": "a", "offer": "b", "sku": "c."}),
        ),
        image(
            ".spec.sources.virtualMachines.imageReferences[].id",
            "spec.sources.virtualMachines.imageReferences[0].id",
            "must be the resource id of a gallery or of an image definition",
            json!({"id": group("images")}),
        ),
        case(
            ".spec.sources.imageVersions.definitions",
            "each must be the resource id of a gallery",
            json!([gallery("corp"), gallery("corp/images/ubuntu-web")]),
            json!([gallery("corp/images/ubuntu-web/versions/1.0.0")]),
        ),
    ]
}
