//! The Linux script on a copy of a machine that runs: the copy is sealed, its source stays as it is.

use azimage_core::{
    guest::{console, linux::script},
    image_version::facts,
};
use azimage_test_simulated_guest::{Azure, preparation};
use serde_json::json;

#[test]
fn a_copy_of_a_running_machine_is_sealed_and_its_source_is_not() {
    let mut azure = Azure::new(&json!({}));
    let source = azure.files();
    azure.goes_on_with_a_copy();
    assert_eq!(azure.files()["/etc/machine-id"], source["/etc/machine-id"]);
    let ended = azure.run("seal-n-1", &script(&preparation("n-1", azure.now)), 600);
    assert!(ended.as_ref().is_some_and(|ended| ended.exit == 0), "{ended:?}");
    azure.wait(1200);
    let log = azure.console();
    let read = console::read(log.as_bytes(), "n-1");
    assert!(matches!(read, facts::Console::Sealed), "{read:?}: {log}");
    assert_eq!((azure.power().as_str(), azure.truth()["guest"]["deprovisioned"].as_bool()), ("stopped", Some(true)));
    assert_eq!(azure.simulator.exposures(), [], "it never ran with a network");
    let builder = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/images/providers/Microsoft.Compute/virtualMachines/builder";
    assert_eq!(azure.simulator.guest_files(builder).unwrap_or_default(), source);
}
