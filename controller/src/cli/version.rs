//! `azimage version`: what this program was built from.

use clap::{Args, ValueEnum};

use crate::build::{BUILD, VERSION_AND_COMMIT};

/// Options of `azimage version`.
#[derive(Clone, Copy, Debug, Args)]
pub struct VersionArgs {
    /// Form of the output.
    #[arg(short, long, value_enum, value_name = "FORM", default_value_t = VersionForm::Text)]
    pub output: VersionForm,
}

/// Forms of the version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum VersionForm {
    /// Version and commit, in one line.
    Text,
    /// JSON with version, commit, rustc and target.
    Json,
}

impl VersionArgs {
    /// What is printed.
    ///
    /// # Errors
    /// Never for what is in it today: only where it couldn't be written as JSON.
    pub fn text(self) -> anyhow::Result<String> {
        Ok(match self.output {
            VersionForm::Text => format!("azimage {VERSION_AND_COMMIT}\n"),
            VersionForm::Json => serde_json::to_string_pretty(&BUILD)? + "\n",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_say_the_same_and_nothing_is_empty() {
        let said = |output| VersionArgs { output }.text().unwrap();
        let json: serde_json::Value = serde_json::from_str(&said(VersionForm::Json)).unwrap();
        let field = |name: &str| json[name].as_str().unwrap().to_owned();
        assert_eq!(said(VersionForm::Text), format!("azimage {} ({})\n", field("version"), field("commit")));
        assert_eq!(field("version"), env!("CARGO_PKG_VERSION"));
        assert!(field("target").contains(std::env::consts::ARCH), "{json}");
        assert!(field("rustc").starts_with("1."), "{json}");
        for (label, value) in BUILD.labels() {
            assert_eq!(value, field(&label));
        }
    }
}
