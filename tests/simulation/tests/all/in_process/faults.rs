//! Faults that an interceptor makes.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use azimage_test_api_server::{Call, Delivery, Failure, Interceptor, Verb, Verdict};
use futures::StreamExt;
use http::StatusCode;
use kube::api::{PostParams, WatchParams};
use serde_json::Value;

use super::{code, server, target, targets};

struct Faults;

#[async_trait]
impl Interceptor for Faults {
    async fn before(&self, call: &Call) -> Verdict {
        match call.parameter("fieldManager") {
            "lost" => Verdict::Disconnect,
            "busy" => Verdict::Answer(Failure::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", "busy")),
            "slow" => {
                tokio::time::sleep(Duration::from_secs(10)).await;
                Verdict::Proceed
            }
            _ => Verdict::Proceed,
        }
    }

    async fn after(&self, call: &Call, code: StatusCode) -> Verdict {
        let answer_lost = call.parameter("fieldManager") == "unheard" && code == StatusCode::CREATED;
        if answer_lost { Verdict::Disconnect } else { Verdict::Proceed }
    }

    async fn deliver(&self, call: &Call, object: &Value) -> Delivery {
        assert_eq!(call.verb, Verb::Watch);
        if object["metadata"]["name"] == "slow" { Delivery::Cut } else { Delivery::Deliver }
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_or_its_answer_is_lost_refused_or_late_and_a_watch_is_cut() {
    let server = server(1);
    server.set_interceptor(Arc::new(Faults));
    let targets = targets(&server);
    let create = async |name: &str| {
        let parameters = PostParams { field_manager: Some(name.to_owned()), ..PostParams::default() };
        targets.create(&parameters, &target(name)).await
    };
    let there = async |name: &str| targets.get_opt(name).await.unwrap().is_some();

    assert!(matches!(create("lost").await, Err(kube::Error::Service(_))));
    assert!(!there("lost").await, "it never came");
    assert!(matches!(create("unheard").await, Err(kube::Error::Service(_))));
    assert!(there("unheard").await, "it took effect");
    assert_eq!(code(&create("busy").await.unwrap_err()), (503, "ServiceUnavailable".to_owned()));
    assert!(!there("busy").await, "it was refused");
    let start = tokio::time::Instant::now();
    create("slow").await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 10);

    let events = targets.watch(&WatchParams::default(), "0").await.unwrap().count().await;
    assert_eq!(events, 0, "the first object's event cuts the watch");
}
