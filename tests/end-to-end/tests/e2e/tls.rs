//! TLS that doesn't work: told in words that say what to do, without a storm, and over as soon as it works.

use std::time::Duration;

use azimage_end_to_end::{Kind, Test, manifests};
use serde_json::json;
use tokio::time::Instant;

const OBJECTS: usize = 4;

#[tokio::test]
async fn tls_that_does_not_work_is_told_with_what_to_do_and_heals() {
    let test = Test::alone("tls").await;
    test.azure.add_definition(json!({"name": "golden", "versions": [{"name": "3.0.0"}]})).await;
    let set = async |handshake: &str| test.azure.post("/tls", &json!({"handshake": handshake})).await;
    let source = test.azure.version_of("golden", "3.0.0");
    set("Untrusted").await;
    let mut controller = test.start();
    for index in 0..OBJECTS {
        test.apply(&manifests::copy(&test.azure, &format!("web-{index}"), &format!("1.0.{index}"), &source)).await;
    }
    for (handshake, words) in [
        ("Untrusted", "--azure-ca-file"),
        ("Expired", "certificate has expired"),
        ("WrongHost", "certificate is for another host"),
        ("OldVersion", "TLS 1.2"),
        ("Plain", "does not speak TLS on this port"),
    ] {
        set(handshake).await;
        let begun = Instant::now();
        let told = |object: &azimage_end_to_end::Object| {
            object.condition("Reconciling").is_some_and(|condition| condition.message.contains(words))
        };
        for index in 0..OBJECTS {
            let object = test.wait(Kind::Version, &format!("web-{index}"), handshake, told).await;
            let ready = object.condition("Ready").unwrap();
            assert_eq!((ready.status.as_str(), ready.reason.as_str()), ("False", "IdentityUnavailable"), "{ready:?}");
            println!("{handshake}: {}", ready.message);
        }
        // Attempts of each object double their pause, from a fifth of a second to two seconds, less a jitter.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let connections = test.azure.get("/tls").await.unwrap()["connections"].as_u64().unwrap();
        let most = OBJECTS as u64 * (7 + begun.elapsed().as_secs());
        assert!(connections < most, "{handshake}: {connections} connections in {:?}", begun.elapsed());
        println!("{handshake}: {connections} connections in {:?}", begun.elapsed());
    }
    assert!(test.azure.journal().await.is_empty(), "nothing reaches Azure");
    set("Valid").await;
    for index in 0..OBJECTS {
        test.ready(Kind::Version, &format!("web-{index}")).await;
    }
    assert!(controller.runs());
    assert_eq!(test.azure.writes().await.len(), OBJECTS);
    test.finish(Some(controller)).await;
}
