//! Azure's clock differs from the controller's, by minutes or hours: tokens are had and used all the same.

use azimage_end_to_end::{Kind, Test, classes, manifests};
use serde_json::json;

use crate::{
    happy_path::WRITES,
    identity::{account, object, trust},
};

#[tokio::test]
async fn an_azure_that_is_hours_ahead_or_behind_makes_no_difference() {
    futures::future::join_all([-10_800, -240, 240, 10_800].map(|ahead| async move {
        let test = Test::alone("clock").await;
        test.azure.post("/clock", &json!({"aheadSeconds": ahead})).await;
        let mut controller = test.start();
        test.apply(&manifests::image_version(&test.azure, "web", "1.4.0", "builder")).await;
        test.ready(Kind::Version, "web").await;
        assert_eq!(classes(&test.azure.writes().await), WRITES[..7], "{ahead} s ahead");
        assert!(controller.runs());
        test.finish(Some(controller)).await;
    }))
    .await;
}

#[tokio::test]
async fn a_token_that_azure_sees_expire_early_is_replaced_and_nobody_notices() {
    let test = Test::alone("expired").await;
    let mut controller = test.start();
    let source = test.azure.golden().await;
    test.apply(&manifests::copy(&test.azure, "first", "1.0.0", &source)).await;
    test.ready(Kind::Version, "first").await;
    let before = test.azure.journal().await.len();
    // Two hours in a moment: to Azure, every token that there is has expired.
    test.azure.post("/clock", &json!({"aheadSeconds": 7200})).await;
    test.apply(&manifests::copy(&test.azure, "second", "1.0.1", &source)).await;
    test.ready(Kind::Version, "second").await;
    let refused: Vec<_> =
        test.azure.journal().await.into_iter().skip(before).filter(|entry| entry.status == Some(401)).collect();
    assert!(!refused.is_empty() && refused.len() < 10, "{} requests with the old token", refused.len());
    for object in test.history.all() {
        let ready = object.condition("Ready").map(|ready| ready.reason).unwrap_or_default();
        assert!(!ready.starts_with("Identity"), "{}: {ready}", object.name());
    }
    assert!(controller.runs());
    test.finish(Some(controller)).await;
}

async fn out_of_time(ahead: i32) {
    let test = Test::alone("assertion").await;
    trust(&test, &json!({})).await;
    account(&test, Some(&test.azure.client)).await;
    test.azure.post("/clock", &json!({"aheadSeconds": ahead})).await;
    let mut controller = test.start_with(&[("identity-namespaces", "nobody")]);
    test.apply(&object(&test, "1.4.0")).await;
    let told = |object: &azimage_end_to_end::Object| {
        object.condition("Reconciling").is_some_and(|condition| condition.message.contains("check the clocks"))
    };
    let ready = test.wait(Kind::Version, "web", "told of the clocks", told).await.condition("Ready").unwrap();
    assert_eq!(ready.reason, "IdentityUnavailable");
    assert!(ready.message.contains("AADSTS700024"), "{}", ready.message);
    assert!(test.azure.journal().await.is_empty(), "nothing reaches Azure without a token");
    test.azure.post("/clock", &json!({"aheadSeconds": 0})).await;
    test.ready(Kind::Version, "web").await;
    assert_eq!(classes(&test.azure.writes().await), WRITES[..7], "{ahead} s ahead");
    assert!(controller.runs());
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn an_assertion_out_of_its_time_is_told_with_the_clocks_and_heals_with_them() {
    // Expired, and not valid yet.
    tokio::join!(out_of_time(7200), out_of_time(-7200));
}
