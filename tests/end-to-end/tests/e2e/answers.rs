//! Answers that aren't Azure's, down to wrong bytes, to reads and to writes of the real program: told with a stable reason,
//! nothing is written twice, nothing ends, and all is well as soon as the answers are.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use azimage_end_to_end::{Azure, Controller, Kind, Test, manifests};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// All objects are worked on at a time, as some of them wait for an answer for more than a minute.
const CONCURRENCY: (&str, &str) = ("image-version-concurrency", "128");

/// How an answer is wrong, and whether a write with it counts as accepted.
struct Bad {
    name: &'static str,
    then: Value,
    accepted: bool,
}

fn page(status: u16) -> Value {
    json!({"respond": {"status": status, "headers": {"content-type": "text/html"},
        "body": "<html><h1>Proxy authentication required</h1></html>"}})
}

fn body(base64: &str, headers: &Value) -> Value {
    json!({"respond": {"status": 200, "headers": headers, "bodyBase64": base64}})
}

/// `elsewhere` is the address of a redirect.
fn bad(elsewhere: &str) -> Vec<Bad> {
    let refused = |name, then| Bad { name, then, accepted: false };
    let accepted = |name, then| Bad { name, then, accepted: true };
    let wire = |name| refused(name, json!({"wire": name}));
    let redirect = |status: u16| json!({"respond": {"status": status, "headers": {"location": elsewhere}}});
    let text = |text: String| json!({"respond": {"status": 200, "body": text}});
    vec![
        wire("NotHttp"),
        wire("CutInHead"),
        wire("CutInBody"),
        wire("LengthTooLong"),
        wire("Drip"),
        wire("Endless"),
        wire("BadChunks"),
        wire("Oversized"),
        wire("SwitchingProtocols"),
        wire("EarlyHints"),
        wire("HugeHeader"),
        wire("BadHeader"),
        refused("reset", json!("Reset")),
        refused("hang", json!("Hang")),
        refused("proxy 407", page(407)),
        refused("proxy 502", page(502)),
        refused("redirect 302", redirect(302)),
        refused("redirect 307", redirect(307)),
        refused("redirect 308", redirect(308)),
        accepted("LengthTooShort", json!({"wire": "LengthTooShort"})),
        accepted("TwoAnswers", json!({"wire": "TwoAnswers"})),
        accepted("page 200", page(200)),
        accepted("empty", text(String::new())),
        accepted("deep", text("[".repeat(100_000))),
        accepted("types", text(json!({"location": 7, "properties": [], "tags": "none", "id": {}}).to_string())),
        accepted("gzip that is none", body("H4sIAAAAAAAA/wAA", &json!({"content-encoding": "gzip"}))),
        accepted("UTF-16", body("//57ACIAYQAiAH0A", &json!({"content-type": "application/json; charset=utf-16"}))),
        accepted("no UTF-8", body("eyJhIjoiwyj//iJ9", &json!({}))),
    ]
}

/// An address that counts who comes.
async fn nowhere() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://{}/elsewhere", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    (address, count)
}

fn name(kind: &str, index: usize) -> String {
    format!("{kind}-{index}")
}

async fn arm(azure: &Azure, method: &str, version: &str, effect: &str, then: &Value) -> u64 {
    let path = format!("/versions/{}$", version.replace('.', "\\."));
    let matching = json!({"method": method, "path": path, "subscription": azure.subscription});
    azure.fault(&json!({"match": matching, "effect": effect, "then": then})).await
}

/// One object for each bad answer, all to be met by it.
async fn begin(test: &Test, kind: &str, method: &str, effect: &str, all: &[Bad], major: usize) -> Vec<u64> {
    let mut faults = Vec::new();
    let source = test.azure.version_of("golden", "3.0.0");
    for (index, bad) in all.iter().enumerate() {
        let version = format!("{major}.0.{index}");
        faults.push(arm(&test.azure, method, &version, effect, &bad.then).await);
        test.apply(&manifests::copy(&test.azure, &name(kind, index), &version, &source)).await;
    }
    faults
}

/// All are made, each with a single write, by the process that was there from the beginning.
async fn end(test: &Test, kind: &str, major: usize, all: &[Bad], mut controller: Controller) {
    for index in 0..all.len() {
        test.ready(Kind::Version, &name(kind, index)).await;
    }
    let writes = test.azure.writes().await;
    for (index, bad) in all.iter().enumerate() {
        let end = format!("/versions/{major}.0.{index}");
        let count = writes.iter().filter(|entry| entry.path.ends_with(&end)).count();
        assert_eq!(count, 1, "{} after {}", end, bad.name);
    }
    assert_eq!(writes.len(), all.len());
    assert!(controller.runs());
    test.finish(Some(controller)).await;
}

async fn with_source(name: &str) -> Test {
    let test = Test::new(name).await;
    test.azure.add_definition(json!({"name": "golden", "versions": [{"name": "3.0.0"}]})).await;
    test
}

fn unavailable(object: &azimage_end_to_end::Object) -> bool {
    object.condition("Reconciling").is_some_and(|condition| condition.status == "True")
        && object
            .condition("Ready")
            .is_some_and(|ready| ready.reason == "AzureUnavailable" && !ready.message.is_empty())
}

#[tokio::test]
async fn bad_answers_to_reads_are_told_write_nothing_and_heal() {
    let (elsewhere, strangers) = nowhere().await;
    let all = bad(&elsewhere);
    let test = with_source("bad-reads").await;
    let faults = begin(&test, "read", "GET", "None", &all, 1).await;
    let controller = test.start_with(&[CONCURRENCY]);
    for (index, bad) in all.iter().enumerate() {
        let told = test.wait(Kind::Version, &name("read", index), "told", unavailable).await;
        println!("read, {}: {}", bad.name, told.condition("Ready").unwrap().message);
    }
    assert!(test.azure.writes().await.is_empty(), "nothing is written on such answers");
    for fault in faults {
        test.azure.end_fault(fault).await;
    }
    end(&test, "read", 1, &all, controller).await;
    assert_eq!(strangers.load(Ordering::SeqCst), 0, "a redirect was followed");
}

#[tokio::test]
async fn bad_answers_to_writes_that_reached_nobody_are_told_and_heal() {
    let (elsewhere, strangers) = nowhere().await;
    let all = bad(&elsewhere);
    let test = with_source("bad-writes").await;
    let faults = begin(&test, "write", "PUT", "None", &all, 2).await;
    let mut controller = test.start_with(&[CONCURRENCY]);
    for (index, bad) in all.iter().enumerate() {
        if bad.accepted {
            // Looked for in vain, and not written again at once.
            let waits = |object: &azimage_end_to_end::Object| {
                object.condition("Reconciling").is_some_and(|condition| condition.status == "True")
                    && object.condition("Published").is_some_and(|published| published.status != "True")
            };
            test.wait(Kind::Version, &name("write", index), "waiting", waits).await;
        } else {
            let told = test.wait(Kind::Version, &name("write", index), "told", unavailable).await;
            println!("write, {}: {}", bad.name, told.condition("Ready").unwrap().message);
        }
    }
    assert!(test.azure.writes().await.is_empty());
    for fault in faults {
        test.azure.end_fault(fault).await;
    }
    for (index, _) in all.iter().enumerate().filter(|(_, bad)| !bad.accepted) {
        test.ready(Kind::Version, &name("write", index)).await;
    }
    let journal = test.azure.journal().await;
    for (index, bad) in all.iter().enumerate().filter(|(_, bad)| bad.accepted) {
        let end = format!("/versions/2.0.{index}");
        let sent = journal.iter().filter(|entry| entry.write && entry.path.ends_with(&end)).count();
        assert_eq!(sent, 1, "{} is sent again", bad.name);
    }
    // What Azure accepts it may show minutes later, so it is waited for; a new process looks and knows of no answer.
    assert!(controller.runs());
    test.kill(controller);
    let controller = test.start_with(&[CONCURRENCY]);
    end(&test, "write", 2, &all, controller).await;
    assert_eq!(strangers.load(Ordering::SeqCst), 0, "a redirect was followed");
}

#[tokio::test]
async fn a_write_with_a_bad_answer_that_was_carried_out_is_not_written_again() {
    let (elsewhere, strangers) = nowhere().await;
    let all = bad(&elsewhere);
    let test = with_source("bad-effects").await;
    begin(&test, "effect", "PUT", "Applied", &all, 3).await;
    let controller = test.start_with(&[CONCURRENCY]);
    // The faults stay: a second write would meet them too.
    end(&test, "effect", 3, &all, controller).await;
    assert_eq!(strangers.load(Ordering::SeqCst), 0, "a redirect was followed");
}

#[tokio::test]
async fn a_machine_is_generalized_once_whatever_the_answer_is() {
    let (elsewhere, _) = nowhere().await;
    let test = Test::new("bad-generalize").await;
    let mut all = bad(&elsewhere);
    all.retain(|bad| {
        ["NotHttp", "CutInBody", "LengthTooLong", "Endless", "proxy 502", "redirect 307", "reset", "empty"]
            .contains(&bad.name)
    });
    for (index, bad) in all.iter().enumerate() {
        let machine = name("builder", index);
        test.azure.add_machine(&machine, &json!({})).await;
        let matching = json!({"path": format!("/{machine}/generalize$"), "subscription": test.azure.subscription});
        test.azure.fault(&json!({"match": matching, "effect": "Applied", "then": bad.then})).await;
        test.apply(&manifests::image_version(&test.azure, &machine, &format!("4.0.{index}"), &machine)).await;
    }
    let mut controller = test.start_with(&[CONCURRENCY]);
    for index in 0..all.len() {
        test.ready(Kind::Version, &name("builder", index)).await;
    }
    let writes = test.azure.writes().await;
    let count = |end: &str| writes.iter().filter(|entry| entry.path.ends_with(end)).count();
    assert_eq!((count("/generalize"), count("/deallocate")), (all.len(), all.len()));
    assert!(controller.runs());
    test.finish(Some(controller)).await;
}
