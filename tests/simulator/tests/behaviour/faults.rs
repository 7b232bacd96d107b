use azimage_simulator::{Fault, JournalQuery, Outcome};
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use crate::azure::{Azure, SUBSCRIPTION, body, machine, version, with_status};

fn fault(azure: &mut Azure, json: Value) -> u64 {
    azure.simulator.add_fault(Fault::from_json(json).unwrap()).unwrap()
}

#[test]
fn a_write_is_applied_and_its_answer_never_comes() {
    let mut azure = Azure::new();
    let id = fault(
        &mut azure,
        json!({
            "match": {"subscription": SUBSCRIPTION, "writes": true, "succeeds": true},
            "skip": 1, "times": 1, "effect": "Applied", "then": "Hang",
        }),
    );
    assert_eq!(azure.post(&machine("builder", "/deallocate")).status, 202);
    let put = body("sealed", &["westeurope"]).to_string();
    let outcome = azure.outcome(Method::PUT, &version("1.0.0"), Bytes::from(put), &[]);
    assert!(matches!(outcome, Outcome::Hang { fault, response: Some(_) } if fault == id), "{outcome:?}");
    let state = &azure.simulator.fault_states()[0];
    assert_eq!((state.matched, state.fired), (2, 1));
    let writes = azure.simulator.requests(&JournalQuery {
        writes: Some(true),
        subscription: Some(SUBSCRIPTION.to_owned()),
        ..Default::default()
    });
    let seen: Vec<(bool, Option<u16>, Option<u64>)> =
        writes.iter().map(|entry| (entry.applied, entry.status, entry.fault)).collect();
    assert_eq!(seen, [(true, Some(202), None), (true, Some(201), Some(id))]);
    assert_eq!(azure.get(&version("1.0.0")).status, 200, "the effect is there");
}

#[test]
fn a_write_is_refused_before_any_effect() {
    let mut azure = Azure::new();
    fault(
        &mut azure,
        json!({"match": {"method": "PUT", "path": "/versions/"}, "times": 1,
        "then": {"respond": {"status": 429, "headers": {"Retry-After": "7"}, "body": {"error": {"code": "SubscriptionRequestsThrottled"}}}}}),
    );
    let refused = azure.put(&version("1.0.0"), &body("sealed", &["westeurope"]));
    assert_eq!((refused.status, refused.header("retry-after").as_deref()), (429, Some("7")));
    assert_eq!(azure.get(&version("1.0.0")).status, 404);
    assert_eq!(azure.put(&version("1.0.0"), &body("sealed", &["westeurope"])).status, 201);
}

#[test]
fn a_connection_is_reset_and_reads_lag() {
    let mut azure = Azure::new();
    fault(&mut azure, json!({"match": {"path": "deallocate$"}, "then": "Reset"}));
    let outcome = azure.outcome(Method::POST, &machine("builder", "/deallocate"), Bytes::new(), &[]);
    assert!(matches!(outcome, Outcome::Reset));
    assert!(azure.statuses("builder").contains(&"PowerState/running".to_owned()));
    azure.simulator.clear_faults();

    fault(&mut azure, json!({"azure": "NotFoundAfterPut", "resource": "versions/1.0.0$", "reads": 2}));
    azure.put(&version("1.0.0"), &body("sealed", &["westeurope"]));
    let seen: Vec<u16> = (0..3).map(|_| azure.get(&version("1.0.0")).status).collect();
    assert_eq!(seen, [404, 404, 200]);
    azure.wait(431);
    azure.simulator.clear_faults();

    fault(&mut azure, json!({"azure": "StaleReads", "resource": "versions/1.0.0$", "reads": 1}));
    azure.put(&version("1.0.0"), &body("sealed", &["westeurope", "northeurope"]));
    let stale = azure.get(&with_status(&version("1.0.0"))).body;
    assert_eq!(stale["properties"]["provisioningState"], "Succeeded");
    assert_eq!(stale["properties"]["replicationStatus"]["aggregatedState"], "Completed");
    let fresh = azure.get(&version("1.0.0")).body;
    assert_eq!(fresh["properties"]["provisioningState"], "Updating");
}

#[test]
fn an_operation_is_preempted_without_its_effect() {
    let mut azure = Azure::new();
    fault(&mut azure, json!({"azure": "OperationPreempted", "resource": "virtualMachines/builder$", "times": 1}));
    let stop = azure.post(&machine("builder", "/deallocate"));
    azure.wait(46);
    let operation = azure.operation(&stop);
    assert_eq!((&operation["status"], &operation["error"]["code"]), (&json!("Canceled"), &json!("OperationPreempted")));
    assert!(azure.statuses("builder").contains(&"PowerState/running".to_owned()));
    let again = azure.post(&machine("builder", "/deallocate"));
    azure.wait(46);
    assert_eq!(azure.operation(&again)["status"], "Succeeded");
}

#[test]
fn a_machine_that_was_off_is_off_after_a_deallocation_without_effect() {
    let mut azure = Azure::new();
    azure.post(&machine("builder", "/powerOff"));
    azure.wait(60);
    // A read handles the events that are due, so the fault affects what comes after them.
    assert!(azure.statuses("builder").contains(&"PowerState/stopped".to_owned()), "{:?}", azure.statuses("builder"));
    fault(&mut azure, json!({"azure": "OperationPreempted", "resource": "virtualMachines/builder$", "times": 1}));
    let stop = azure.post(&machine("builder", "/deallocate"));
    azure.wait(46);
    assert_eq!(azure.operation(&stop)["status"], "Canceled");
    assert!(azure.statuses("builder").contains(&"PowerState/stopped".to_owned()), "{:?}", azure.statuses("builder"));
}

#[test]
fn unknown_faults_are_refused_with_the_field() {
    for json in
        [json!({"azure": "Volcano"}), json!({"match": {"methd": "PUT"}, "then": "Reset"}), json!({"then": "Explode"})]
    {
        assert!(Fault::from_json(json.clone()).is_err(), "{json}");
    }
}
