//! `azimage leftovers`: what the controller would delete.

use std::io::Write;

use anyhow::Context;
use azimage_azure::Call;
use azimage_core::{
    Owner,
    leftovers::{Candidate, Standing},
    owner::find_tag,
};
use azimage_crds::EXPIRES_TAG;

use super::{azure, kubernetes};
use crate::{cli::LeftoversArgs, identity::AzureClients, reaper::Survey, seams::Seams, telemetry::metrics::Metrics};

/// Lists what is left in the workspaces.
///
/// # Errors
/// When Azure or the API server can't be asked, in words that name the flag or the right.
pub fn print_leftovers(arguments: &LeftoversArgs) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("can't start the runtime")?.block_on(list(arguments))
}

async fn list(arguments: &LeftoversArgs) -> anyhow::Result<()> {
    let (seams, metrics) = (Seams::default(), Metrics::new());
    let azure = azure::clients(&arguments.azure, &seams, &metrics)?.own();
    let kubernetes = kubernetes::client(kubernetes::config().await?, &metrics)?;
    let cluster = kubernetes::cluster_id(arguments.cluster_id.as_deref(), &kubernetes).await?;
    let mut rows = Vec::new();
    for group in &arguments.workspaces {
        let call = Call::new(seams.randomness.id());
        let (cluster, now) = (cluster.as_str(), seams.clock.now());
        let survey = Survey { azure: &azure, kubernetes: &kubernetes, call: &call, group, cluster, now };
        let found = survey.run(|_| false, |_| true).await.with_context(|| format!("can't look through {group}"))?;
        let is_shown = |standing: &Standing| arguments.all || matches!(standing, Standing::Leftover { .. });
        rows.extend(found.standings.iter().filter(|(_, standing)| is_shown(standing)).map(row));
    }
    if rows.is_empty() {
        eprintln!("Nothing is left of objects that are gone.");
        return Ok(());
    }
    eprintln!("{ESTIMATE}");
    rows.insert(0, ["OBJECT", "EXPIRES", "USD/MONTH", "STANDING", "RESOURCE"].map(str::to_owned));
    std::io::stdout().write_all(table(&rows).as_bytes()).context("can't print")
}

/// What the costs are.
const ESTIMATE: &str = "USD/MONTH is an estimate from sizes and public list prices (docs/metrics.md); what a machine costs that runs isn't in it.";

fn row((candidate, standing): &(Candidate, Standing)) -> [String; 5] {
    let object = Owner::of(&candidate.tags)
        .map_or_else(|| "-".to_owned(), |owner| format!("{}/{}", owner.namespace, owner.name));
    [
        object,
        find_tag(&candidate.tags, EXPIRES_TAG).unwrap_or("-").to_owned(),
        candidate.cost().map_or_else(|| "-".to_owned(), |cost| cost.to_string()),
        words(standing).to_owned(),
        candidate.id.to_string(),
    ]
}

fn words(standing: &Standing) -> &'static str {
    match standing {
        Standing::Leftover { .. } => {
            "left over: deleted by a controller that looks through this group and serves the namespace"
        }
        Standing::NotExpired => "its object is gone, and it hasn't expired yet",
        Standing::OwnerLives => "its object lives",
        Standing::NotServed => "of a namespace that isn't looked after",
        Standing::NotOurs => "not of this cluster, or not named and tagged as azimage does",
    }
}

/// Columns as wide as what is in them.
fn table(rows: &[[String; 5]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; 5] = std::array::from_fn(width);
    let line = |row: &[String; 5]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("   ").trim_end())
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        let row = |cells: [&str; 5]| cells.map(str::to_owned);
        let text = table(&[row(["A", "B", "C", "D", "E"]), row(["long", "-", "1", "x", "word"])]);
        assert_eq!(text, "A      B   C   D   E\nlong   -   1   x   word\n");
    }
}
