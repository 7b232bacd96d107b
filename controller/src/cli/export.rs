//! `azimage export`: objects as a person would write them.

use azimage_view::report;
use clap::Args;
use serde_json::Value;

use super::{access::ClusterArgs, address::Address, exit::Ended, terminal::write};

/// Options of `azimage export`.
#[derive(Clone, Debug, Args)]
pub struct ExportArgs {
    /// The objects.
    #[arg(value_name = "[KIND/]NAME", required = true, add = super::completion::names())]
    pub objects: Vec<Address>,

    /// The cluster, and who asks.
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

/// Prints them as YAML.
///
/// # Errors
/// When an object isn't there, a right is missing or the API server can't be reached.
pub async fn run(arguments: &ExportArgs) -> anyhow::Result<Ended> {
    let access = arguments.cluster.access().await?;
    let mut text = String::new();
    for address in &arguments.objects {
        let document = report::export(&address.read(&access).await?)?;
        text.push_str("---\n");
        text.push_str(&yaml(&document)?);
    }
    write(&text)?;
    Ok(Ended::Well)
}

/// A document as YAML in which no character is one that a terminal obeys: where there are such it is JSON, which is YAML too and
/// can escape them.
pub(super) fn yaml(document: &Value) -> anyhow::Result<String> {
    let text = serde_saphyr::to_string(document)?;
    let is_inert = text.lines().all(|line| azimage_view::text::inert(line) == line);
    if is_inert { Ok(text) } else { Ok(report::inert_json(&serde_json::to_string_pretty(document)?) + "\n") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn yaml_holds_the_same_and_nothing_that_a_terminal_obeys() {
        for document in [json!({"a": "b", "n": [1, "true", "two\nlines"]}), json!({"a": "\u{1b}[2J \u{9b}x \u{202e}"})]
        {
            let text = yaml(&document).unwrap();
            assert!(text.lines().all(|line| azimage_view::text::inert(line) == line), "{text:?}");
            assert_eq!(serde_saphyr::from_str::<Value>(&text).unwrap(), document, "{text}");
        }
    }
}
