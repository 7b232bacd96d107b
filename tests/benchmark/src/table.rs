//! The figures as people read them, and as docs/testing.md shows them.

use std::fmt::Write as _;

use crate::{
    arguments::Arguments,
    figures::{Spent, sum},
};

/// What a version has cost from apply to Ready.
pub(crate) fn of_lives(arguments: &Arguments, spent: &Spent) -> String {
    let Arguments { versions, targets, .. } = arguments;
    let each = f64::from(*versions);
    let pairs = each * f64::from(*targets).max(1.0);
    let kubernetes = |keys: &[&str]| sum(&spent.kubernetes, keys);
    let writes = ["APPLY replicationtargets/status", "PATCH replicationtargets/status"];
    let mut text = format!("{versions} versions × {targets} targets, from apply to Ready; for each version:\n\n");
    text.push_str("| what | |\n| -- | --: |\n");
    for (what, figure) in [
        ("GETs of versions", kubernetes(&["GET imageversions"]) / each),
        ("status writes of versions", kubernetes(&["APPLY imageversions/status", "PATCH imageversions/status"]) / each),
        ("other writes of versions", kubernetes(&["PATCH imageversions"]) / each),
        ("GETs of targets", kubernetes(&["GET replicationtargets"]) / each),
        ("lists of targets", kubernetes(&["LIST replicationtargets"]) / each),
        ("status writes of targets", kubernetes(&writes) / each),
        ("the same for each target", kubernetes(&writes) / pairs),
        ("events", kubernetes(&["POST events"]) / each),
        ("requests to Azure", spent.azure.values().sum::<f64>() / each),
        ("CPU of the controller, ms", spent.controller * 1000.0 / each),
        ("CPU of the API server, ms", spent.api_server * 1000.0 / each),
        ("seconds, of all together", spent.time.as_secs_f64()),
    ] {
        row(&mut text, what, figure);
    }
    text.push_str("\nRequests to Azure, for each version:\n\n| class | |\n| -- | --: |\n");
    for (class, count) in &spent.azure {
        row(&mut text, class, count / each);
    }
    text
}

/// What a period at rest costs.
pub(crate) fn at_rest(arguments: &Arguments, spent: &Spent) -> String {
    let reads = ["GET ", "LIST ", "WATCH "];
    let is_own = |key: &str| ["imageversions", "replicationtargets", "events"].iter().any(|own| key.contains(own));
    let own = || spent.kubernetes.iter().filter(|(key, _)| is_own(key));
    let writes: f64 =
        own().filter(|(key, _)| !reads.iter().any(|read| key.starts_with(read))).map(|(_, count)| count).sum();
    let gets: f64 = own().filter(|(key, _)| key.starts_with("GET ")).map(|(_, count)| count).sum();
    let mut text = format!("At rest, in a period of {} s of Azure's time:\n\n", arguments.resync);
    text.push_str("| what | |\n| -- | --: |\n");
    for (what, figure) in [
        ("writes to the API server", writes),
        ("GETs", gets),
        ("requests to Azure", spent.azure.values().sum()),
        ("CPU of the controller, ms", spent.controller * 1000.0),
        ("CPU of the API server, ms", spent.api_server * 1000.0),
    ] {
        row(&mut text, what, figure);
    }
    for (class, count) in &spent.azure {
        row(&mut text, &format!("of these {class}"), *count);
    }
    text
}

fn row(text: &mut String, what: &str, figure: f64) {
    // A sum of nothing is a negative zero.
    let _ = writeln!(text, "| {what} | {:.1} |", figure + 0.0);
}
