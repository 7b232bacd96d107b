//! The dashboards for Grafana, as far as it needs no Grafana to judge them.

use std::{collections::BTreeSet, fmt::Write as _};

use serde_json::{Value, json};

use super::{dashboards, promql::names_what_is_served, promtool};

/// What a dashboard asks for: the panel's title and the expression.
pub(super) fn queries(dashboard: &Value) -> Vec<(String, String)> {
    let panels = dashboard["panels"].as_array().unwrap();
    let of = |panel: &Value| {
        let title = panel["title"].as_str().unwrap().to_owned();
        let targets = panel["targets"].as_array().cloned().unwrap_or_default();
        targets.into_iter().map(move |target| (title.clone(), target["expr"].as_str().unwrap().to_owned()))
    };
    panels.iter().flat_map(of).collect()
}

/// The expression with values for what Grafana fills in. Intervals are such that two scrapes are in each.
pub(super) fn filled(expression: &str) -> String {
    let mut text = expression.to_owned();
    for (variable, value) in [("$__rate_interval", "20s"), ("$__range", "1h"), ("$namespace", ".*"), ("$job", ".*")] {
        text = text.replace(variable, value);
    }
    assert!(!text.contains('$'), "{text}: what is its value?");
    text
}

#[test]
fn every_query_is_an_expression_and_asks_for_what_is_served() {
    let mut rules = "groups:\n  - name: queries\n    rules:\n".to_owned();
    for (name, dashboard) in dashboards() {
        for (title, expression) in queries(&dashboard) {
            let whose = format!("{name}: {title}");
            names_what_is_served(&whose, &expression);
            let expression = json!(filled(&expression));
            writeln!(rules, "      - {{record: 'query', expr: {expression}}}").unwrap();
        }
        for variable in dashboard["templating"]["list"].as_array().unwrap() {
            if let Some(query) = variable["query"]["query"].as_str() {
                let metric = query.strip_prefix("label_values(").and_then(|rest| rest.split_once(','));
                names_what_is_served(&format!("{name}: a variable"), metric.unwrap().0);
            }
        }
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), rules).unwrap();
    promtool(&["check", "rules", "--lint=none", file.path().to_str().unwrap()]);
}

#[test]
fn dashboards_take_the_data_source_that_is_chosen_and_their_panels_have_places_of_their_own() {
    let mut titles = BTreeSet::new();
    for (name, dashboard) in dashboards() {
        assert!(titles.insert(dashboard["title"].to_string()), "{name}");
        assert_eq!(dashboard["uid"], Value::Null, "{name}: Grafana gives it one");
        let variables = dashboard["templating"]["list"].as_array().unwrap();
        assert_eq!((&variables[0]["name"], &variables[0]["type"]), (&json!("datasource"), &json!("datasource")));
        let (mut ids, mut places) = (BTreeSet::new(), BTreeSet::new());
        for panel in dashboard["panels"].as_array().unwrap() {
            let title = panel["title"].as_str().unwrap();
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{name}: {title} has the id of another panel");
            let at = |side: &str| panel["gridPos"][side].as_u64().unwrap();
            assert!(at("x") + at("w") <= 24, "{name}: {title} is wider than the page");
            for (x, y) in (at("x")..at("x") + at("w")).flat_map(|x| (at("y")..at("y") + at("h")).map(move |y| (x, y))) {
                assert!(places.insert((x, y)), "{name}: {title} covers another panel");
            }
            if panel["type"] == "row" {
                continue;
            }
            assert!(!panel["description"].as_str().unwrap().is_empty(), "{name}: {title}");
            assert!(panel["fieldConfig"]["defaults"]["unit"].is_string(), "{name}: {title}");
            let sources = panel["targets"].as_array().unwrap().iter().map(|target| &target["datasource"]);
            for source in sources.chain([&panel["datasource"]]) {
                assert_eq!(*source, json!({"type": "prometheus", "uid": "${datasource}"}), "{name}: {title}");
            }
        }
    }
}
