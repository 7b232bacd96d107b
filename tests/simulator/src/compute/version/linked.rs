//! What writing a version takes on other resources (behaviour section 14).

use serde_json::Value;

use crate::{
    arm::{address::Address, call::Call, error::ArmError, rights},
    resources::Resources,
};

/// Checks the caller's rights on everything that a version's properties name: what is captured is written, what is copied is
/// read, and so are the disk encryption sets of target regions.
pub(crate) fn access(call: &Call<'_>, properties: &Value, resources: &Resources) -> Result<(), ArmError> {
    rights::linked_access(call, &resources.subscriptions, &links(properties))
}

fn links(properties: &Value) -> Vec<(&'static str, &str)> {
    let storage = &properties["storageProfile"];
    let disks = std::iter::once(&storage["osDiskImage"]).chain(entries(&storage["dataDiskImages"]));
    let sources = [&storage["source"]["virtualMachineId"], &storage["source"]["id"]]
        .into_iter()
        .chain(disks.flat_map(|disk| [&disk["source"]["id"], &disk["source"]["storageAccountId"]]));
    let encryption = entries(&properties["publishingProfile"]["targetRegions"]).flat_map(|region| {
        let encryption = &region["encryption"];
        std::iter::once(&encryption["osDiskImage"])
            .chain(entries(&encryption["dataDiskImages"]))
            .map(|disk| &disk["diskEncryptionSetId"])
    });
    let mut links: Vec<(&str, &str)> =
        sources.chain(encryption).filter_map(Value::as_str).filter_map(|id| Some((action(id)?, id))).collect();
    links.dedup();
    links
}

fn entries(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// The action on a resource that a version names, by its type.
fn action(id: &str) -> Option<&'static str> {
    Some(match Address::parse(id)?.kind().as_str() {
        "virtualmachines" => "Microsoft.Compute/virtualMachines/write",
        "disks" => "Microsoft.Compute/disks/write",
        "snapshots" => "Microsoft.Compute/snapshots/write",
        "images" => "Microsoft.Compute/images/read",
        "galleries/images/versions" => "Microsoft.Compute/galleries/images/versions/read",
        "diskencryptionsets" => "Microsoft.Compute/diskEncryptionSets/read",
        "storageaccounts" => "Microsoft.Storage/storageAccounts/listKeys/action",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_kind_of_source_takes_its_own_right() {
        let id = |kind: &str| format!("/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/{kind}/x");
        let source = |field: &str, id: String| json!({"storageProfile": {"source": {field: id}}});
        let disk = |id: String| json!({"storageProfile": {"osDiskImage": {"source": {"id": id}}}});
        for (properties, expected) in [
            (source("virtualMachineId", id("virtualMachines")), "Microsoft.Compute/virtualMachines/write"),
            (source("id", id("virtualMachines")), "Microsoft.Compute/virtualMachines/write"),
            (source("id", id("images")), "Microsoft.Compute/images/read"),
            (source("id", id("galleries/g/images/d/versions")), "Microsoft.Compute/galleries/images/versions/read"),
            (disk(id("disks")), "Microsoft.Compute/disks/write"),
            (disk(id("snapshots")), "Microsoft.Compute/snapshots/write"),
            (
                json!({"storageProfile": {"dataDiskImages": [{"lun": 0, "source": {"id": id("disks")}}]}}),
                "Microsoft.Compute/disks/write",
            ),
            (
                json!({"publishingProfile": {"targetRegions": [
                    {"encryption": {"osDiskImage": {"diskEncryptionSetId": id("diskEncryptionSets")}}},
                ]}}),
                "Microsoft.Compute/diskEncryptionSets/read",
            ),
        ] {
            let actions: Vec<_> = links(&properties).into_iter().map(|(action, _)| action).collect();
            assert_eq!(actions, [expected], "{properties}");
        }
    }
}
