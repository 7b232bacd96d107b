use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use azimage_azure::{
    BearerToken, Call, Client, Cloud, TokenError, TokenSource, Transport, TransportError, TransportErrorKind,
};
use azimage_core::image_version::{Durations, Figures, Phase, StepName};
use bytes::Bytes;
use http::{Request, Response};

use super::*;

#[test]
fn the_names_are_those_that_dashboards_query() {
    let metrics = Metrics::new();
    let controller = metrics.controller("imageversion", 8);
    controller.start().end(Outcome::RequeueAfter);
    controller.start().end(Outcome::Panic);
    metrics.kubernetes_request("GET", "200", "127.0.0.1", std::time::Duration::from_millis(3));
    metrics.azure_request(Class::VersionWrites, "PUT", "201", std::time::Duration::from_millis(3));
    metrics.leads("azimage.dev-controller", true);
    let text = metrics.text().unwrap();
    for line in [
        r#"controller_runtime_reconcile_total{controller="imageversion",result="success"} 0"#,
        r#"controller_runtime_reconcile_total{controller="imageversion",result="requeue_after"} 1"#,
        r#"controller_runtime_reconcile_errors_total{controller="imageversion"} 1"#,
        r#"controller_runtime_reconcile_panics_total{controller="imageversion"} 1"#,
        r#"controller_runtime_reconcile_time_seconds_count{controller="imageversion"} 2"#,
        r#"controller_runtime_active_workers{controller="imageversion"} 0"#,
        r#"controller_runtime_max_concurrent_reconciles{controller="imageversion"} 8"#,
        r#"rest_client_requests_total{method="GET",code="200",host="127.0.0.1"} 1"#,
        r#"leader_election_master_status{name="azimage.dev-controller"} 1"#,
        r#"rest_client_request_duration_seconds_count{verb="GET",host="127.0.0.1"} 1"#,
        r#"azimage_azure_requests_total{operation="version_writes",method="PUT",code="201"} 1"#,
        r#"azimage_azure_request_duration_seconds_count{operation="version_writes"} 1"#,
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}

#[test]
fn what_a_validation_took_counts_by_phase() {
    let metrics = Metrics::new();
    let figures = Figures { phases: vec![(Phase::FirstBoot, 25), (Phase::FirstBoot, 3601)], checks: vec![7] };
    metrics.validated(&figures);
    let text = metrics.text().unwrap();
    for line in [
        r#"azimage_validation_phase_seconds_count{phase="provisioning"} 0"#,
        r#"azimage_validation_phase_seconds_sum{phase="first_boot"} 3626.0"#,
        r#"azimage_validation_phase_seconds_bucket{le="20.0",phase="first_boot"} 0"#,
        r#"azimage_validation_phase_seconds_bucket{le="3600.0",phase="first_boot"} 1"#,
        "azimage_validation_check_seconds_count 1",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}

/// One of each.
fn some_durations() -> Durations {
    let steps = vec![(StepName::Publish, 90)];
    Durations { steps, replications: vec![("northeurope".to_owned(), 5400)], ready: Some(("disks", 200_000)) }
}

#[test]
fn what_was_waited_for_counts_by_step_region_and_source() {
    let metrics = Metrics::new();
    metrics.took(&some_durations());
    let text = metrics.text().unwrap();
    for line in [
        r#"azimage_step_duration_seconds_bucket{le="60.0",step="Publish"} 0"#,
        r#"azimage_step_duration_seconds_bucket{le="120.0",step="Publish"} 1"#,
        r#"azimage_replication_duration_seconds_sum{region="northeurope"} 5400.0"#,
        r#"azimage_time_to_ready_seconds_bucket{le="129600.0",source="disks"} 0"#,
        r#"azimage_time_to_ready_seconds_bucket{le="+Inf",source="disks"} 1"#,
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}

#[test]
fn requests_for_tokens_count_by_what_came_of_them() {
    let metrics = Metrics::new();
    let observer = metrics.token_requests("client_secret");
    for outcome in [None, None, Some(azimage_azure::TokenErrorKind::Refused)] {
        observer(outcome);
    }
    let text = metrics.text().unwrap();
    for line in [
        r#"azimage_token_requests_total{identity_kind="client_secret",result="success"} 2"#,
        r#"azimage_token_requests_total{identity_kind="client_secret",result="refused"} 1"#,
        r#"azimage_token_requests_total{identity_kind="client_secret",result="unreachable"} 0"#,
        r#"azimage_token_requests_total{identity_kind="client_secret",result="configuration"} 0"#,
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}

struct Nobody;

#[async_trait]
impl Transport for Nobody {
    async fn send(&self, _: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let kind = TransportErrorKind::Connect;
        Err(TransportError { kind, possibly_sent: false, message: "nobody listens".to_owned() })
    }
}

#[async_trait]
impl TokenSource for Nobody {
    async fn token(&self) -> Result<BearerToken, TokenError> {
        Ok(BearerToken::new("simulated".to_owned(), jiff::Timestamp::MAX))
    }
}

/// A metric's type and labels.
type Described = (String, BTreeSet<String>);

/// What the table of the page says, by name as it is queried.
fn documented() -> BTreeMap<String, Described> {
    let page = include_str!("../../../../docs/metrics.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let labels = cells[2].split('`').skip(1).step_by(2).map(str::to_owned).collect();
        (cells[0].trim_matches('`').to_owned(), (cells[1].to_owned(), labels))
    })
    .collect()
}

/// What is served, by name as it is queried.
fn served(text: &str) -> BTreeMap<String, Described> {
    let mut all = BTreeMap::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap();
        let samples = match kind {
            "counter" => vec![format!("{name}_total")],
            "histogram" => vec![format!("{name}_count")],
            _ => vec![name.to_owned()],
        };
        let sample = text.lines().find_map(|line| {
            let rest = line.strip_prefix(samples[0].as_str())?;
            rest.starts_with(['{', ' ']).then_some(rest)
        });
        let sample = sample.unwrap_or_else(|| panic!("no sample of {name} in\n{text}"));
        let labels = sample.split_once('}').map_or("", |(labels, _)| labels.trim_start_matches('{'));
        let labels = labels.split("\",").filter_map(|label| label.split_once('=')).map(|(name, _)| name.to_owned());
        let queried = if kind == "counter" { samples[0].clone() } else { name.to_owned() };
        all.insert(queried, (kind.to_owned(), labels.collect()));
    }
    all
}

#[tokio::test]
async fn the_page_of_metrics_names_what_is_served_with_its_labels_and_nothing_else() {
    let metrics = Metrics::new();
    metrics.controller("imageversion", 8).start().end(Outcome::Success);
    metrics.kubernetes_request("GET", "200", "127.0.0.1", std::time::Duration::from_millis(3));
    metrics.azure_request(Class::VersionWrites, "PUT", "201", std::time::Duration::from_millis(3));
    metrics.leads("azimage.dev-controller", true);
    metrics.took(&some_durations());
    metrics.token_requests("client_secret")(None);
    let budgets = Budgets::default();
    metrics.show_budgets(&budgets);
    metrics.show_objects(objects::tests::some);
    let client = Client::new(Arc::new(Nobody), Arc::new(Nobody), Cloud::public()).with_budgets(budgets, "one");
    let definition = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/images/providers/Microsoft.Compute/galleries/corp/images/d0";
    let mut pages = azimage_azure::Pages::default();
    client
        .image_versions_on(&Call::new(uuid::Uuid::nil()), &definition.parse().unwrap(), &mut pages)
        .await
        .unwrap_err();
    let text = metrics.text().unwrap();
    for line in [
        r#"azimage_azure_throttled_total{class="version_lists",by="azimage"} 0"#,
        r#"azimage_azure_throttled_total{class="reads",by="azure"} 0"#,
        r#"azimage_azure_budget_waiting{class="version_lists"} 0"#,
        r#"azimage_azure_budget_left_ratio{class="reads"} 0.99"#,
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
    assert_eq!(served(&text), documented());
}

#[test]
fn the_page_of_metrics_names_every_class_of_requests() {
    let page = include_str!("../../../../docs/metrics.md");
    for class in azimage_azure::Class::ALL {
        assert!(page.contains(&format!("`{}`", class.name())), "{class:?}");
    }
}
