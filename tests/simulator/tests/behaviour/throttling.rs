//! Limits on requests: refusals in each form, what is left, and who asks inside a told pause.

use http::Method;
use serde_json::Value;

use super::azure::{Answer, Azure, SUBSCRIPTION};

fn get(azure: &mut Azure, path: &str, version: &str) -> Answer {
    let path = format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/images/providers/Microsoft.Compute/{path}?api-version={version}"
    );
    azure.call_with(Method::GET, &path, &Value::Null, &[])
}

/// Asks until refused; gives how many passed, and the refusal.
fn until_refused(azure: &mut Azure, path: &str, version: &str) -> (usize, Answer) {
    for passed in 0..3000 {
        let answer = get(azure, path, version);
        if answer.status == 429 {
            return (passed, answer);
        }
    }
    panic!("nothing is refused");
}

#[test]
fn one_machine_is_read_thirty_six_times_at_once_and_then_every_five_seconds() {
    let mut azure = Azure::new();
    let (passed, refusal) = until_refused(&mut azure, "virtualMachines/builder", "2025-04-01");
    assert_eq!(passed, 36);
    assert_eq!((refusal.code(), refusal.header("retry-after").as_deref()), ("ResourceRequestsThrottled", Some("5")));
    let left = refusal.header("x-ms-ratelimit-remaining-resource").unwrap();
    assert_eq!(left, "Microsoft.Compute/LowCostGetSubscriptionMaximum;23964,Microsoft.Compute/LowCostGetResource;0");
    azure.wait(4);
    assert_eq!(get(&mut azure, "virtualMachines/builder", "2025-04-01").status, 429, "too early");
    azure.wait(6);
    assert_eq!(get(&mut azure, "virtualMachines/builder", "2025-04-01").status, 200);
    assert_eq!(get(&mut azure, "virtualMachines/sealed", "2025-04-01").status, 200, "another machine");
    let counts = azure.simulator.throttling_counts()["LowCostGetResource"];
    assert_eq!((counts.requests, counts.throttled, counts.inside_told_pause), (40, 2, 1));
    let entries = azure.simulator.requests(&azimage_simulator::JournalQuery::default());
    let refused: Vec<_> = entries.iter().filter(|entry| entry.throttled.is_some()).collect();
    assert_eq!(refused.iter().map(|entry| entry.inside_told_pause).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn what_belongs_to_another_provider_counts_against_nothing_of_the_machine() {
    let mut azure = Azure::with("throttling: {factor: 1.0}");
    for (what, version) in [("permissions", "2022-04-01"), ("locks", "2016-09-01")] {
        let path = format!("virtualMachines/builder/providers/Microsoft.Authorization/{what}");
        let answer = get(&mut azure, &path, version);
        assert_eq!((answer.status, answer.header("x-ms-ratelimit-remaining-resource")), (200, None), "{what}");
        assert!(answer.header("x-ms-ratelimit-remaining-subscription-reads").is_some(), "{what}");
    }
}

#[test]
fn resource_manager_and_compute_refuse_in_forms_of_their_own_and_nothing_is_done() {
    let mut azure = Azure::with("throttling: {factor: 0.1}");
    let (passed, refusal) = until_refused(&mut azure, "galleries/corp/images/web", "2024-03-03");
    assert_eq!((passed, refusal.code()), (25, "SubscriptionRequestsThrottled"));
    assert_eq!(refusal.header("x-ms-ratelimit-remaining-subscription-reads").as_deref(), Some("0"));
    azure.wait(60);
    let mut azure = Azure::with("throttling: {factor: 0.05}");
    let mut refusal = get(&mut azure, "galleries/corp", "2024-03-03");
    for _ in 0..40 {
        azure.wait(2);
        refusal = get(&mut azure, "galleries/corp", "2024-03-03");
        if refusal.status == 429 {
            break;
        }
    }
    assert_eq!(refusal.body["code"], "OperationNotAllowed", "there is no error around it: {refusal:?}");
    assert_eq!(refusal.body["details"][0]["target"], "GetGallery3Min");
    assert!(azure.simulator.set_throttling(azimage_simulator::Throttling { off: false, factor: 0.0 }).is_err());
    azure.simulator.set_throttling(azimage_simulator::Throttling { off: true, factor: 0.05 }).unwrap();
    assert_eq!(get(&mut azure, "galleries/corp", "2024-03-03").status, 200);
}
