//! The rules of the alerts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{alerts, file, promql::names_what_is_served, promtool};

#[test]
fn every_alert_says_how_bad_it_is_and_what_and_rests_on_what_is_served() {
    let mut names = BTreeSet::new();
    for alert in alerts() {
        let name = alert["alert"].as_str().unwrap();
        assert!(names.insert(name.to_owned()), "{name} is there twice");
        let severity = alert["labels"]["severity"].as_str().unwrap();
        assert!(["critical", "warning", "info"].contains(&severity), "{name}: {severity}");
        for annotation in ["summary", "description", "runbook_url"] {
            let words = alert["annotations"][annotation].as_str().unwrap_or_default();
            assert!(!words.is_empty(), "{name} lacks {annotation}");
        }
        names_what_is_served(name, alert["expr"].as_str().unwrap());
    }
    assert!(names.len() > 12, "{names:?}");
}

#[test]
fn every_alert_fires_when_it_should_and_is_quiet_when_it_should() {
    let tests: Value = serde_saphyr::from_str(&file("monitoring/tests.yaml")).unwrap();
    // By alert: whether a case has it fire, and whether one has it quiet.
    let mut cases: BTreeMap<String, (bool, bool)> = BTreeMap::new();
    for case in tests["tests"].as_array().unwrap().iter().flat_map(|test| test["promql_expr_test"].as_array().unwrap())
    {
        let expression = case["expr"].as_str().unwrap();
        let asked = expression.strip_prefix("ALERTS{alertname=\"").and_then(|rest| rest.split_once('"'));
        let (name, rest) = asked.unwrap_or_else(|| panic!("{expression}"));
        assert!(rest.contains("alertstate=\"firing\""), "{expression}");
        let fires = !case["exp_samples"].as_array().unwrap().is_empty();
        let (ever_fires, ever_quiet) = cases.entry(name.to_owned()).or_default();
        *ever_fires |= fires;
        *ever_quiet |= !fires;
    }
    for alert in alerts() {
        let name = alert["alert"].as_str().unwrap();
        assert_eq!(cases.remove(name), Some((true, true)), "{name}: in which cases it fires, and is quiet");
    }
    assert!(cases.is_empty(), "there are no such alerts: {cases:?}");
    let path = |name: &str| format!("{}/../../monitoring/{name}", env!("CARGO_MANIFEST_DIR"));
    promtool(&["check", "rules", &path("rules.yaml")]);
    promtool(&["test", "rules", &path("tests.yaml")]);
}
