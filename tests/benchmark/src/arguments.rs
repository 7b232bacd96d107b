//! The command line.

use std::time::Duration;

use clap::Parser;

/// Measures what a life of many image versions costs the API server, Azure and the controller, from apply to Ready and then
/// at rest.
///
/// Everything runs on this machine and ends with this program. The first run builds the programs of Kubernetes, which takes
/// about eight minutes.
#[derive(Debug, Parser)]
#[command(name = "benchmark", bin_name = "cargo benchmark", version)]
pub(crate) struct Arguments {
    /// How many image versions, each a copy of the same gallery image version.
    #[arg(long, value_name = "NUMBER", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) versions: u32,

    /// How many replication targets, each for all versions; up to 40 of them in a region of their own besides the home region.
    #[arg(long, value_name = "NUMBER", default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub(crate) targets: u32,

    /// Seconds of Azure between two looks at what is at rest. 100 of them pass in a real one.
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    pub(crate) resync: u32,

    /// Seconds within which all have to be Ready.
    #[arg(long, value_name = "SECONDS", default_value = "1800", value_parser = seconds)]
    pub(crate) timeout: Duration,
}

fn seconds(text: &str) -> Result<Duration, std::num::ParseIntError> {
    text.parse().map(Duration::from_secs)
}

impl Arguments {
    /// The real time between two looks at what is at rest.
    pub(crate) fn period(&self) -> Duration {
        Duration::from_secs(self.resync.into()) / 100
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
        assert_eq!(Arguments::parse_from(["benchmark"]).period(), Duration::from_secs(6));
    }
}
