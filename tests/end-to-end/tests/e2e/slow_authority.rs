//! A token authority that takes the request and gives no answer.

use std::time::Duration;

use azimage_end_to_end::{Kind, Test, manifests};
use serde_json::json;
use tokio::time::Instant;

use crate::identity::{account, object, trust};

/// More objects than workers.
const OBJECTS: usize = 8;
const WORKERS: (&str, &str) = ("image-version-concurrency", "2");

#[tokio::test]
async fn an_authority_that_hangs_is_told_holds_up_no_other_identity_and_heals() {
    let (silent, other) = tokio::join!(Test::new("silent"), Test::new("other"));
    trust(&other, &json!({})).await;
    account(&other, Some(&other.azure.client)).await;
    let watched = format!("{},{}", silent.namespace, other.namespace);
    // The faults are for the application of the controller's own identity alone.
    let matching = json!({"path": "/oauth2/v2.0/token$", "client": silent.azure.client});
    let fault = silent.azure.fault(&json!({"match": matching, "then": "Hang"})).await;
    let mut controller = silent.start_with(&[("watch-namespaces", &watched), WORKERS]);
    let name = |index: usize| format!("web-{index}");
    for index in 0..OBJECTS {
        let machine = format!("machine-{index}");
        silent.azure.add_machine(&machine, &json!({})).await;
        let version = format!("1.0.{index}");
        silent.apply(&manifests::image_version(&silent.azure, &name(index), &version, &machine)).await;
    }
    let begun = Instant::now();
    for index in 0..OBJECTS {
        let told = silent
            .wait(Kind::Version, &name(index), "IdentityUnavailable", |object| {
                object.condition("Ready").is_some_and(|ready| {
                    ready.reason == "IdentityUnavailable"
                        && ready.message.contains("the token authority gave no answer within 20 s")
                })
            })
            .await;
        assert!(told.stalled().is_none(), "it may heal by itself");
    }
    println!("{OBJECTS} objects of the silent authority told after {:?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(60), "they wait one after the other: {:?}", begun.elapsed());

    // Their retries never end while another identity's machine is captured and published.
    let begun = Instant::now();
    other.apply(&object(&other, "2.0.0")).await;
    other.ready(Kind::Version, "web").await;
    println!("another identity's object made meanwhile in {:?}", begun.elapsed());
    assert!(silent.azure.fired(fault).await > 1, "the silent authority was asked again");
    assert!(silent.azure.journal().await.iter().all(|entry| !entry.write), "nothing is written without a token");

    silent.azure.end_fault(fault).await;
    for index in 0..OBJECTS {
        silent.ready(Kind::Version, &name(index)).await;
    }
    assert!(controller.runs());
    silent.finish(Some(controller)).await;
    other.finish(None).await;
}
