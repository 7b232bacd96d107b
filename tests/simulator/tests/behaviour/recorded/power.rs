//! Power changes and generalizing, and what they do to a machine's `ETag`.

use http::Method;
use serde_json::json;

use super::{BLANK, Row, machines::SCENARIO, replay};
use crate::azure::{Azure, machine};

fn deallocated(azure: &mut Azure) {
    azure.post(&machine("builder", "/deallocate"));
    azure.wait(60);
}

const ROWS: &[Row] = &[
    Row {
        request: "POST deallocate on a running machine",
        source: "14 of 18, .NET 2017 to 2020",
        ask: |azure| azure.post(&machine("builder", "/deallocate")),
        status: 202,
        headers: "A L R=10",
        ..BLANK
    },
    Row {
        request: "POST start on a deallocated machine",
        source: "5 of 5, .NET 2017 to 2020",
        ask: |azure| azure.post(&machine("wide", "/start")),
        status: 202,
        headers: "A L R=10",
        ..BLANK
    },
    Row {
        request: "POST powerOff on a running machine",
        source: "3 of 3, .NET 2017 to 2020",
        ask: |azure| azure.post(&machine("builder", "/powerOff")),
        status: 202,
        headers: "A L",
        ..BLANK
    },
    Row {
        request: "POST restart on a running machine",
        source: "2 of 2, .NET 2017 to 2020",
        ask: |azure| azure.post(&machine("builder", "/restart")),
        status: 202,
        headers: "A L",
        ..BLANK
    },
    Row {
        request: "POST generalize on a deallocated machine",
        source: "83 of 83",
        ask: |azure| {
            deallocated(azure);
            azure.post(&machine("builder", "/generalize"))
        },
        ..BLANK
    },
    Row {
        request: "GET the Location of a deallocation that has ended",
        source: "azure-cli test_vm_generalize, 2025-04",
        ask: |azure| {
            let answer = azure.post(&machine("builder", "/deallocate"));
            azure.wait(60);
            azure.get(&answer.header("location").unwrap())
        },
        ..BLANK
    },
];

#[test]
fn power_changes_answer_as_recorded() {
    replay(SCENARIO, ROWS);
}

/// By how much the number in a machine's `ETag` grows.
#[test]
fn the_etag_grows_by_the_recorded_steps() {
    type Ask = fn(&mut Azure);
    let rows: [(&str, Ask, u64); 7] = [
        ("deallocate", deallocated, 3),
        ("powerOff", |azure| drop(azure.post(&machine("builder", "/powerOff"))), 1),
        ("start", |azure| drop(azure.post(&machine("wide", "/start"))), 1),
        ("restart", |azure| drop(azure.post(&machine("builder", "/restart"))), 1),
        ("generalize", |azure| drop(azure.post(&machine("wide", "/generalize"))), 1),
        ("PATCH", |azure| drop(azure.call(Method::PATCH, &machine("builder", ""), &json!({"tags": {"a": "b"}}))), 1),
        (
            "runCommand",
            |azure| {
                let script = json!({"commandId": "RunShellScript", "script": ["true"]});
                azure.call(Method::POST, &machine("builder", "/runCommand"), &script);
            },
            0,
        ),
    ];
    let number = |azure: &mut Azure| -> u64 {
        let both = ["builder", "wide"].map(|name| azure.get(&machine(name, "")).body["etag"].clone());
        both.iter().map(|etag| etag.as_str().unwrap().trim_matches('"').parse::<u64>().unwrap()).sum()
    };
    for (name, ask, step) in rows {
        let mut azure = Azure::with(SCENARIO);
        let before = number(&mut azure);
        ask(&mut azure);
        azure.wait(120);
        assert_eq!(number(&mut azure) - before, step, "{name}");
    }
}
