//! What a real Prometheus has of the real program.

use std::{collections::BTreeSet, path::Path, process::Command, time::Duration};

use azimage_end_to_end::{Kind, RELEASE_NAMESPACE, Test, manifests};
use azimage_test_cluster::Process;
use serde_json::{Value, json};

use super::{
    dashboards as all_dashboards,
    dashboards::{filled, queries},
    file, logs, runbooks,
};

/// Queries that find nothing here, by dashboard and panel, and why.
const NOTHING_TO_SEE: [(&str, &str, &str); 5] = [
    ("fleet", "Copies that are under way, the slowest", "everything is copied by then"),
    ("fleet", "Machines that prove versions, by phase", "no version here asks for a validation"),
    ("fleet", "Checks of users", "no version here asks for a validation"),
    ("controller", "Leads", "leader election is switched off in these tests"),
    ("controller", "Who leads", "leader election is switched off in these tests"),
];

/// A running Prometheus, which is in Debian's package of that name; CI installs it.
struct Prometheus {
    _process: Process,
    address: String,
}

impl Prometheus {
    /// One that reads the metrics at this address several times in a second, and has our alerts without their patience. None if it
    /// isn't installed.
    async fn start(folder: &Path, metrics: &str) -> Option<Self> {
        Command::new("prometheus").arg("--version").output().ok()?;
        let without_patience =
            |line: &str| if line.trim_start().starts_with("for: ") { String::new() } else { format!("{line}\n") };
        let rules: String = file("monitoring/rules.yaml").lines().map(without_patience).collect();
        std::fs::write(folder.join("rules.yaml"), rules).unwrap();
        // As the chart's ServiceMonitor and the operator have it: the target has a namespace, and its metrics have another.
        let target = json!({"targets": [metrics], "labels": {"namespace": RELEASE_NAMESPACE, "pod": "azimage-0"}});
        let configuration = json!({
            "global": {"scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "500ms"},
            "rule_files": ["rules.yaml"],
            "scrape_configs": [{"job_name": "azimage", "honor_labels": true, "static_configs": [target]}],
        });
        std::fs::write(folder.join("prometheus.yaml"), configuration.to_string()).unwrap();
        let mut command = Command::new("prometheus");
        command.current_dir(folder).args([
            "--config.file=prometheus.yaml",
            "--storage.tsdb.path=data",
            "--web.listen-address=127.0.0.1:0",
        ]);
        let process = Process::start("prometheus", &command).unwrap();
        for _ in 0..200 {
            let said = process.stderr();
            let address = said.lines().find_map(|line| line.split_once("msg=\"Listening on\" address="));
            if let Some((_, address)) = address {
                return Some(Self { address: address.to_owned(), _process: process });
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("Prometheus doesn't listen: {}", process.stderr());
    }

    /// What an expression gives now.
    async fn query(&self, expression: &str) -> Vec<Value> {
        let url = format!("http://{}/api/v1/query", self.address);
        let url = reqwest::Url::parse_with_params(&url, [("query", expression)]).unwrap();
        let answer: Value = serde_json::from_str(&reqwest::get(url).await.unwrap().text().await.unwrap()).unwrap();
        assert_eq!(answer["status"], "success", "{expression}: {answer}");
        answer["data"]["result"].as_array().unwrap().clone()
    }

    /// Whether an expression gives a number, now or after some scrapes.
    async fn comes_to_have(&self, expression: &str) -> bool {
        for _ in 0..40 {
            if self.query(expression).await.iter().any(|series| series["value"][1] != "NaN") {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        false
    }
}

#[tokio::test]
async fn every_query_of_the_dashboards_finds_something_after_a_happy_path_and_an_alert_fires() {
    let test = Test::new("monitoring").await;
    let controller = test.start();
    let folder = tempfile::tempdir().unwrap();
    let Some(prometheus) = Prometheus::start(folder.path(), &controller.address(1).await).await else {
        eprintln!("prometheus is not installed");
        return test.finish(Some(controller)).await;
    };
    let source = test.azure.golden().await;
    test.apply(&manifests::target_by_name("east", "eastus2", "web")).await;
    test.apply(&manifests::copy(&test.azure, "web", "1.4.0", &source)).await;
    test.apply(&manifests::image_version(&test.azure, "lost", "1.5.0", "no-such-machine")).await;
    test.ready(Kind::Version, "web").await;
    test.ready(Kind::Target, "east").await;
    test.wait(Kind::Version, "lost", "it is stalled", |object| {
        object.condition("Stalled").is_some_and(|stalled| stalled.status == "True")
    })
    .await;

    let mut silent: BTreeSet<(&str, String)> = BTreeSet::new();
    let mut excused = BTreeSet::new();
    for (name, dashboard) in all_dashboards() {
        for (title, expression) in queries(&dashboard) {
            if let Some(excuse) = NOTHING_TO_SEE.iter().find(|(whose, panel, _)| (*whose, *panel) == (name, &title)) {
                excused.insert(excuse);
            } else if !prometheus.comes_to_have(&filled(&expression)).await {
                silent.insert((name, title));
            }
        }
    }
    assert!(silent.is_empty(), "they find nothing: {silent:?}");
    assert_eq!(excused.len(), NOTHING_TO_SEE.len(), "each exception is of a panel: {excused:?}");

    let firing =
        format!("ALERTS{{alertname=\"AzimageObjectStalled\",alertstate=\"firing\",namespace=\"{}\"}}", test.namespace);
    test.until("the alert of a stalled object fires", || async { !prometheus.query(&firing).await.is_empty() }).await;
    assert_eq!(prometheus.query(&firing).await[0]["metric"]["reason"], "SourceNotFound");
    let others = prometheus.query("ALERTS{alertname!=\"AzimageObjectStalled\"}").await;
    assert!(others.is_empty(), "{others:#?}");
    look_as_the_runbooks_say(&test).await;
    logs::each_command_finds_something(&test, &controller, "web").await;
    test.finish(Some(controller)).await;
}

/// The commands of the runbooks that look at all namespaces are understood by kubectl and the API server.
async fn look_as_the_runbooks_say(test: &Test) {
    let page = file("docs/runbooks.md");
    let commands = runbooks::commands(&page);
    let looks =
        commands.iter().filter_map(|command| command.strip_prefix("kubectl get ")).filter(|rest| rest.contains(" -A"));
    let mut count = 0;
    for look in looks {
        // What is in quotes is one word.
        let words = look.split('\'').enumerate().flat_map(|(index, part)| {
            if index % 2 == 1 { vec![part] } else { part.split(' ').filter(|word| !word.is_empty()).collect() }
        });
        let mut arguments = vec!["get".to_owned()];
        for word in words {
            match arguments.last_mut() {
                // The quotes begin within a word.
                Some(last) if last.ends_with('=') => last.push_str(word),
                _ => arguments.push(word.to_owned()),
            }
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        test.environment.cluster.kubectl(&arguments).await.unwrap().ok().unwrap();
        count += 1;
    }
    assert!(count > 2, "{count}");
}
