//! The command line.

use std::{path::PathBuf, time::Duration};

use clap::Parser;

/// Brings up a real etcd and kube-apiserver, a simulated Azure and azimage, applies examples/, and shows how a running
/// virtual machine becomes a replicated gallery image version.
///
/// Nothing outside this machine is touched, and everything ends with this program. The first run builds the programs of
/// Kubernetes, which takes about eight minutes; later runs take about a minute.
#[derive(Debug, Parser)]
#[command(name = "quickstart", bin_name = "cargo quickstart", version)]
pub(crate) struct Arguments {
    /// Leave everything running at the end until Ctrl-C, with things to try.
    #[arg(long)]
    pub(crate) keep: bool,

    /// Simulated seconds of Azure in one real second.
    #[arg(long, value_name = "NUMBER", default_value_t = 240.0, value_parser = speed)]
    pub(crate) speed: f64,

    /// How long it may take at most from `kubectl apply` to Ready.
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = time)]
    pub(crate) timeout: Duration,

    /// Plain lines instead of a live view, as when the output isn't a terminal.
    #[arg(long)]
    pub(crate) plain: bool,

    /// Another scenario for the simulated Azure.
    #[arg(long, value_name = "FILE")]
    pub(crate) scenario: Option<PathBuf>,
}

fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| format!("'{text}' is not a number"))?;
    // Faster than that Azure is done before azimage has looked once, and nothing is to be seen.
    if (0.1..=100_000.0).contains(&speed) { Ok(speed) } else { Err("must be between 0.1 and 100000".to_owned()) }
}

fn time(text: &str) -> Result<Duration, String> {
    let time: jiff::SignedDuration =
        text.parse().map_err(|_| format!("'{text}' is not a time span such as 90s, 5m or 1h30m"))?;
    Duration::try_from(time).ok().filter(|time| !time.is_zero()).ok_or_else(|| "must be more than nothing".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn speed_and_timeout_take_what_makes_sense_and_refuse_the_rest() {
        let cases = [
            (vec!["--speed", "600", "--timeout", "90s"], true),
            (vec!["--speed", "0"], false),
            (vec!["--speed", "fast"], false),
            (vec!["--timeout", "0s"], false),
            (vec!["--timeout", "-5m"], false),
            (vec!["--timeout", "a while"], false),
        ];
        for (arguments, accepted) in cases {
            let parsed = Arguments::try_parse_from(["quickstart"].iter().chain(&arguments));
            assert_eq!(parsed.is_ok(), accepted, "{arguments:?}");
        }
    }
}
