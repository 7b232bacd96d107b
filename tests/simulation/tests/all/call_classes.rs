//! The names by which figures tell calls apart.

use azimage_simulation::faults::call_class;

#[test]
fn calls_of_one_class_have_one_name() {
    for (call, expected) in [
        ("azure token", "azure token"),
        ("azure PUT snapshots/azimage-web-3-lun0-snapshot", "azure PUT snapshots/azimage-web-*-lun-snapshot"),
        ("azure GET virtualMachines/azimage-web-3-machine", "azure GET virtualMachines/azimage-web-*-machine"),
        ("azure GET virtualMachines/bad-noconsent", "azure GET virtualMachines/bad-*"),
        ("kubernetes Get replicationtargets/added-westeurop", "kubernetes Get replicationtargets/added-*"),
        ("kubernetes Update leases/azimage.dev-controller", "kubernetes Update leases/azimage.dev-controller"),
        ("azure GET galleries/corp/images/web-12/versions/1.4.0", "azure GET galleries/corp/images/web-*/versions/*"),
        (
            "azure PUT virtualMachines/builder-0/runCommands/azimage-seal-0130c2a5-1edc-4022-ac64-d86df5bf0912",
            "azure PUT virtualMachines/builder-*/runCommands/azimage-seal-*",
        ),
    ] {
        assert_eq!(call_class(call), expected);
    }
}
