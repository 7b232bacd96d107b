//! Logs, structured.

use std::io::IsTerminal;

use anyhow::Context;
use tracing_subscriber::{EnvFilter, fmt::format::JsonFields};

use super::json::Flat;
use crate::cli::LogFormat;

/// Begins to log to standard error.
///
/// # Errors
/// When the filter can't be read.
pub fn init(format: LogFormat, level: &str) -> anyhow::Result<()> {
    // A level alone is for our own lines; libraries are heard from warnings on.
    let directives = if level.contains(['=', ',']) { level.to_owned() } else { format!("warn,azimage={level}") };
    let filter = EnvFilter::builder()
        .parse(&directives)
        .with_context(|| format!("--log-level: '{level}' is neither a level nor a filter"))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let human = match format {
        LogFormat::Auto => std::io::stderr().is_terminal(),
        LogFormat::Human => true,
        LogFormat::Json => false,
    };
    let outcome = if human {
        builder.try_init()
    } else {
        builder.with_ansi(false).fmt_fields(JsonFields::new()).event_format(Flat).try_init()
    };
    outcome.map_err(|error| anyhow::anyhow!("logs can't be set up: {error}"))
}
