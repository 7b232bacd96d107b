//! What the API server says of itself.

use std::collections::BTreeMap;

/// How often something of a kind was asked for, by what was asked, such as `GET imageversions` and
/// `APPLY imageversions/status`.
pub(crate) type Counts = BTreeMap<String, f64>;

/// The requests that an API server counted, from its page of metrics.
pub(crate) fn requests(page: &str) -> Counts {
    let mut counts = Counts::new();
    for (labels, value) in lines(page, "apiserver_request_total") {
        let label = |name: &str| labels.get(name).map(String::as_str).unwrap_or_default();
        let below = if label("subresource").is_empty() { "" } else { "/" };
        let key = format!("{} {}{below}{}", label("verb"), label("resource"), label("subresource"));
        *counts.entry(key).or_default() += value;
    }
    counts
}

/// The seconds of processor time that the API server has taken.
pub(crate) fn processor_seconds(page: &str) -> f64 {
    lines(page, "process_cpu_seconds_total").map(|(_, value)| value).sum()
}

/// The samples of a metric, each with its labels.
fn lines<'a>(page: &'a str, metric: &'a str) -> impl Iterator<Item = (BTreeMap<String, String>, f64)> + 'a {
    page.lines().filter_map(move |line| {
        let rest = line.strip_prefix(metric)?;
        let (labels, value) = match rest.strip_prefix('{') {
            Some(rest) => rest.rsplit_once('}')?,
            None => ("", rest.strip_prefix(' ')?),
        };
        Some((parse(labels), value.trim().parse().ok()?))
    })
}

/// Labels whose values hold no quotes, as those of requests don't.
fn parse(labels: &str) -> BTreeMap<String, String> {
    labels
        .split("\",")
        .filter_map(|label| label.split_once("=\""))
        .map(|(name, value)| (name.to_owned(), value.trim_end_matches('"').to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"# HELP apiserver_request_total [STABLE] Counter of apiserver requests
# TYPE apiserver_request_total counter
apiserver_request_total{code="200",component="apiserver",dry_run="",group="azimage.dev",resource="imageversions",scope="resource",subresource="status",verb="APPLY",version="v1alpha1"} 7
apiserver_request_total{code="409",component="apiserver",dry_run="",group="azimage.dev",resource="imageversions",scope="resource",subresource="status",verb="APPLY",version="v1alpha1"} 1
apiserver_request_total{code="200",component="apiserver",dry_run="",group="azimage.dev",resource="imageversions",scope="resource",subresource="",verb="GET",version="v1alpha1"} 3
apiserver_request_total_of_another_kind{verb="GET"} 9
process_cpu_seconds_total 12.5
"#;

    #[test]
    fn requests_are_counted_by_verb_resource_and_subresource_whatever_came_of_them() {
        let counts: Vec<_> = requests(PAGE).into_iter().collect();
        let expected = [("APPLY imageversions/status", 8.0), ("GET imageversions", 3.0)];
        assert_eq!(counts, expected.map(|(key, count)| (key.to_owned(), count)));
        assert!((processor_seconds(PAGE) - 12.5).abs() < f64::EPSILON);
    }
}
