//! A failure that promises a usable guest keeps its promise: when what failed works again, the same machine can be sealed.

use azimage_core::{
    guest::{
        console::{self, Aftermath},
        linux::script,
    },
    image_version::facts,
};
use azimage_test_simulated_guest::{Azure, preparation};
use serde_json::json;

#[test]
fn a_guest_that_came_back_from_a_failed_seal_can_be_sealed() {
    for (state, step) in
        [(Aftermath::Unchanged, "cloud-init clean"), (Aftermath::Restarting, "truncate -s 0 /etc/machine-id")]
    {
        let mut azure = Azure::new(&json!({"guest": {"failing": {step: 1}}}));
        for nonce in ["n-1", "n-2"] {
            let asked = preparation(nonce, azure.now);
            let ended = azure.run(&format!("seal-{nonce}"), &script(&asked), 600);
            assert!(ended.as_ref().is_some_and(|ended| ended.exit == 0), "{state}, {nonce}: {ended:?}");
            azure.wait(1200);
            azure.change(&json!({"guest": {}}));
            let log = azure.console();
            match (nonce, console::read(log.as_bytes(), nonce)) {
                ("n-1", facts::Console::Failed(failure)) if failure.aftermath == state => {}
                ("n-2", facts::Console::Sealed) => {}
                (_, other) => panic!("{state}, {nonce}: {other:?}: {log}"),
            }
        }
    }
}
