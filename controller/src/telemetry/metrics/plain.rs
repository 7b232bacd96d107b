//! The older text form of metrics, 0.0.4, for readers that don't ask for `OpenMetrics`.

use std::{collections::BTreeMap, fmt::Write as _};

/// What a family is called in the older form, and its type: there a counter's family has the name of its samples.
fn renamed<'a>(name: &str, kind: &'a str) -> (String, &'a str) {
    match kind {
        "counter" => (format!("{name}_total"), kind),
        "info" => (format!("{name}_info"), "gauge"),
        "unknown" => (name.to_owned(), "untyped"),
        other => (name.to_owned(), other),
    }
}

/// A page of `OpenMetrics` in the form 0.0.4. Samples are the same in both.
pub(super) fn of_open_metrics(page: &str) -> String {
    let types: BTreeMap<&str, &str> =
        page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect();
    let mut text = String::with_capacity(page.len());
    for line in page.lines() {
        let told = line.strip_prefix("# ").and_then(|rest| rest.split_once(' '));
        let _ = match told.map(|(what, rest)| (what, rest.split_once(' ').unwrap_or((rest, "")))) {
            Some(("TYPE", (name, kind))) => {
                let (name, kind) = renamed(name, kind);
                writeln!(text, "# TYPE {name} {kind}")
            }
            Some(("HELP", (name, help))) => {
                let (name, _) = renamed(name, types.get(name).copied().unwrap_or_default());
                // Quotes stand there as they are.
                writeln!(text, "# HELP {name} {}", help.replace("\\\"", "\""))
            }
            _ if line.starts_with('#') => Ok(()),
            _ => writeln!(text, "{line}"),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_have_the_names_and_types_of_the_older_form_and_samples_stay() {
        let page = "# HELP azimage_passes Passes, as in \\\"pass\\\".\n# TYPE azimage_passes counter\nazimage_passes_total{a=\"b\"} 3\n\
            # HELP azimage_build What was built.\n# TYPE azimage_build info\nazimage_build_info{version=\"1\"} 1\n\
            # HELP azimage_seconds Time.\n# TYPE azimage_seconds histogram\n# UNIT azimage_seconds seconds\n\
            azimage_seconds_sum 1.5\nazimage_seconds_count 2\nazimage_seconds_bucket{le=\"+Inf\"} 2\n\
            # TYPE azimage_any unknown\nazimage_any 7\n# TYPE azimage_now gauge\nazimage_now 1\n# EOF\n";
        let expected = "# HELP azimage_passes_total Passes, as in \"pass\".\n# TYPE azimage_passes_total counter\nazimage_passes_total{a=\"b\"} 3\n\
            # HELP azimage_build_info What was built.\n# TYPE azimage_build_info gauge\nazimage_build_info{version=\"1\"} 1\n\
            # HELP azimage_seconds Time.\n# TYPE azimage_seconds histogram\n\
            azimage_seconds_sum 1.5\nazimage_seconds_count 2\nazimage_seconds_bucket{le=\"+Inf\"} 2\n\
            # TYPE azimage_any untyped\nazimage_any 7\n# TYPE azimage_now gauge\nazimage_now 1\n";
        assert_eq!(of_open_metrics(page), expected);
    }
}
