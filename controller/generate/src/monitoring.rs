//! Alerts and dashboards: the chart's copies of them, and the page of the alerts.

use std::{error::Error, fmt::Write, fs, path::Path, path::PathBuf};

use serde::Deserialize;

/// The folder of the sources, and that of the copies.
const SOURCES: &str = "monitoring";
const COPIES: &str = "charts/azimage/files/monitoring";

/// A file of rules, as far as the page tells of it.
#[derive(Deserialize)]
struct Rules {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    alert: String,
    expr: String,
    #[serde(default, rename = "for")]
    lasts: Option<String>,
    labels: Labels,
    annotations: Annotations,
}

#[derive(Deserialize)]
struct Labels {
    severity: String,
}

#[derive(Deserialize)]
struct Annotations {
    description: String,
}

/// The chart's copies, each with its place.
pub(crate) fn copies(root: &Path) -> Result<Vec<(PathBuf, String)>, Box<dyn Error>> {
    let mut files = vec![(root.join(COPIES).join("rules.yaml"), rules(root)?)];
    for entry in fs::read_dir(root.join(SOURCES).join("dashboards"))? {
        let entry = entry?;
        let text = fs::read_to_string(entry.path())?;
        files.push((root.join(COPIES).join("dashboards").join(entry.file_name()), text));
    }
    Ok(files)
}

fn rules(root: &Path) -> Result<String, Box<dyn Error>> {
    Ok(fs::read_to_string(root.join(SOURCES).join("rules.yaml"))?)
}

/// The page of all alerts.
pub(crate) fn page(root: &Path) -> Result<String, Box<dyn Error>> {
    let rules: Rules = serde_saphyr::from_str(&rules(root)?)?;
    let mut page = "# Alerts\n\n\
        For Prometheus: [monitoring/rules.yaml](../monitoring/rules.yaml), which the chart installs as a PrometheusRule with `metrics.prometheusRule.enabled`. What to do\n\
        for each stands in the [runbooks](runbooks.md).\n\n\
        | alert | severity | for | what it says |\n| -- | -- | -- | -- |\n"
        .to_owned();
    let alerts: Vec<Rule> = rules.groups.into_iter().flat_map(|group| group.rules).collect();
    for Rule { alert, lasts, labels, annotations, .. } in &alerts {
        let (anchor, lasts) = (alert.to_lowercase(), lasts.as_deref().unwrap_or("at once"));
        let (severity, words) = (&labels.severity, words(&annotations.description));
        // Writing to a string can't fail.
        let _ = writeln!(page, "| [{alert}](runbooks.md#{anchor}) | {severity} | {lasts} | {words} |");
    }
    page.push_str("\n## Expressions\n");
    for Rule { alert, expr, .. } in &alerts {
        let _ = write!(page, "\n`{alert}`:\n\n```promql\n{}\n```\n", expr.trim_end());
    }
    Ok(page)
}

/// A description, with the names of labels and values in the place of what is filled in.
fn words(description: &str) -> String {
    let mut words = String::new();
    let mut rest = description;
    while let Some((before, after)) = rest.split_once("{{") {
        let (filled, after) = after.split_once("}}").unwrap_or((after, ""));
        let name = filled.split('|').next().unwrap_or_default().trim();
        let name = name.trim_start_matches("$labels.").trim_start_matches('$');
        let _ = write!(words, "{before}*{name}*");
        rest = after;
    }
    words.push_str(rest);
    words
}
