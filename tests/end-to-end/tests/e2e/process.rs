//! The process: a clean end, probes, metrics.

use std::{
    io::Write as _,
    process::{Command, Stdio},
    time::Duration,
};

use azimage_end_to_end::{Kind, Test, classes, manifests};
use serde_json::json;
use tokio::time::Instant;

use crate::happy_path::{WRITES, all_is_true, apply_all};

#[tokio::test]
async fn sigterm_ends_it_cleanly_in_mid_work_and_a_new_process_goes_on() {
    let test = Test::new("sigterm").await;
    apply_all(&test).await;
    for writes in [1, 2, 4, 6] {
        let controller = test.start();
        // A process that has hardly begun to be one is ended by the system, not by itself.
        test.until("it listens to signals", || async { controller.output().contains("Starting controllers") }).await;
        // Perhaps it was the last process that made it, while it ended.
        test.until("that many writes are made", || async { test.azure.writes().await.len() >= writes }).await;
        let asked = Instant::now();
        test.terminate(controller).await;
        println!("SIGTERM after write {writes} to Azure: ended after {:.1} s", asked.elapsed().as_secs_f64());
    }
    let controller = test.start();
    all_is_true(&test).await;
    assert_eq!(classes(&test.azure.writes().await), WRITES);
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn sigterm_does_not_wait_for_an_azure_that_does_not_answer() {
    let test = Test::new("sigterm-hang").await;
    let hang = json!({"match": {"subscription": test.azure.subscription, "method": "PATCH"}, "then": "Hang"});
    let fault = test.azure.fault(&hang).await;
    let controller = test.start_with(&[("shutdown-timeout", "2s")]);
    test.apply(&manifests::image_version(&test.azure, "web", "1.4.0", "builder")).await;
    test.until("a write hangs", || async { test.azure.fired(fault).await == 1 }).await;
    let asked = Instant::now();
    test.terminate(controller).await;
    assert!(asked.elapsed() < Duration::from_secs(15), "it took {:?}", asked.elapsed());
    test.azure.end_fault(fault).await;
    let controller = test.start();
    test.ready(Kind::Version, "web").await;
    assert_eq!(classes(&test.azure.writes().await), WRITES[..7]);
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn probes_answer_and_metrics_have_the_names_that_dashboards_query() {
    let test = Test::new("probes").await;
    let controller = test.start();
    let source = test.azure.golden().await;
    test.apply(&manifests::copy(&test.azure, "web", "1.4.0", &source)).await;
    test.ready(Kind::Version, "web").await;
    let (health, metrics) = (controller.address(0).await, controller.address(1).await);
    let get = |url: String| async move {
        let answer = reqwest::get(&url).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    for probe in ["healthz", "readyz"] {
        assert_eq!(get(format!("http://{health}/{probe}")).await.0, 200, "{probe}");
    }
    let (status, page) = get(format!("http://{metrics}/metrics")).await;
    assert_eq!(status, 200);
    for name in [
        "controller_runtime_reconcile_total{controller=\"imageversion\",result=\"success\"}",
        "controller_runtime_reconcile_total{controller=\"replicationtarget\",result=\"error\"} 0",
        "controller_runtime_reconcile_errors_total{controller=\"imageversion\"} 0",
        "controller_runtime_reconcile_panics_total{controller=\"imageversion\"} 0",
        "controller_runtime_reconcile_time_seconds_bucket{",
        "controller_runtime_active_workers{controller=\"imageversion\"}",
        "controller_runtime_max_concurrent_reconciles{controller=\"imageversion\"} 8",
        "rest_client_requests_total{method=\"PATCH\",code=\"200\",",
        "azimage_azure_requests_total{operation=\"version_writes\",method=\"PUT\",code=\"201\"} 1",
        "azimage_build_info{version=",
    ] {
        assert!(page.contains(name), "{name} is missing in\n{page}");
    }
    assert!(!page.contains("# EOF"), "the older form has no end of its own");
    lint(&page);
    let accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";
    let request = reqwest::Client::new().get(format!("http://{metrics}/metrics")).header("accept", accept);
    let answer = request.send().await.unwrap();
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("application/openmetrics-text"));
    assert!(answer.text().await.unwrap().ends_with("# EOF\n"));
    test.finish(Some(controller)).await;
}

/// `promtool` is in Debian's package prometheus; CI installs it.
fn lint(page: &str) {
    let checking = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut checking) = checking else {
        eprintln!("promtool is not installed");
        return;
    };
    checking.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    let said = checking.wait_with_output().unwrap();
    let words = format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(said.status.success(), "{words}");
}
