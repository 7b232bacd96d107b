use azimage_simulator::JournalQuery;

use crate::azure::{Azure, machine};

const SCENARIO: &str = "subscriptions: [{id: 11111111-1111-4111-8111-111111111111, resourceGroups: [{name: images,
    virtualMachines: [{name: watched, bootDiagnostics: true}]}]}]";

#[test]
fn the_serial_log_is_read_without_a_token_some_minutes_late_and_for_a_while() {
    let mut azure = Azure::with(SCENARIO);
    let refused = azure.post(&machine("builder", "/retrieveBootDiagnosticsData"));
    assert_eq!((refused.status, refused.code()), (409, "OperationNotAllowed"));
    let too_far = format!("{}&sasUriExpirationTimeInMinutes=2000", machine("watched", "/retrieveBootDiagnosticsData"));
    assert_eq!(azure.post(&too_far).status, 400);
    let answer =
        azure.post(&format!("{}&sasUriExpirationTimeInMinutes=60", machine("watched", "/retrieveBootDiagnosticsData")));
    let uri = answer.body["serialConsoleLogBlobUri"].as_str().unwrap().to_owned();
    azure.token = "none".to_owned();
    assert_eq!(azure.get(&uri).header("x-ms-error-code").as_deref(), Some("BlobNotFound"));
    azure.wait(181);
    let log = azure.get(&uri);
    let text = String::from_utf8(log.response.body().to_vec()).unwrap();
    let key = azure.truth("watched")["guest"]["hostKeys"].as_str().unwrap().to_owned();
    assert!(log.status == 200 && text.contains(&key), "{text}");
    let signature = uri.split("sig=").nth(1).unwrap();
    assert_eq!(azure.get(&uri.replace(signature, "other")).status, 403);
    azure.wait(3600);
    assert_eq!(azure.get(&uri).status, 403, "the address is good for an hour");
    let journal = format!("{:?}", azure.simulator.requests(&JournalQuery::default()));
    assert!(!journal.contains(signature), "the signature is a secret");
}
