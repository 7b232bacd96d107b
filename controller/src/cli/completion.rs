//! Completion in shells, with the names of objects in the cluster.

use std::{ffi::OsStr, io::Write, path::PathBuf, time::Duration};

use anyhow::Context;
use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::{
    engine::{ArgValueCompleter, CompletionCandidate, complete},
    env::Shells,
};

use super::{
    Cli,
    access::ClusterArgs,
    objects::{self, Scope},
};

/// The variable by which a shell asks for completions.
pub const VARIABLE: &str = "AZIMAGE_COMPLETE";
/// Longer than that nobody waits after a key.
const PATIENCE: Duration = Duration::from_secs(2);
/// What kubectl's own completion calls ShellCompDirectiveNoFileComp: no names of files.
const NO_FILES: &str = ":4";

/// Options of `azimage completion`.
#[derive(Clone, Debug, Args)]
pub struct CompletionArgs {
    /// The shell.
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Shells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// Bash.
    Bash,
    /// Zsh.
    Zsh,
    /// Fish.
    Fish,
    /// PowerShell.
    Powershell,
}

impl CompletionArgs {
    /// The script for the shell.
    ///
    /// # Errors
    /// When the library doesn't know the shell.
    pub fn script(&self) -> anyhow::Result<String> {
        let value = self.shell.to_possible_value();
        let name = value.as_ref().map(clap::builder::PossibleValue::get_name).unwrap_or_default();
        let shell = Shells::builtins();
        let shell = shell.completer(name).with_context(|| format!("{name} can't be completed"))?;
        let mut script = Vec::new();
        shell.write_registration(VARIABLE, "azimage", "azimage", "azimage", &mut script)?;
        Ok(String::from_utf8(script)?)
    }
}

/// Completions for kubectl, which asks `kubectl_complete-azimage` and wants one a line, and a directive at the end.
///
/// # Errors
/// When they can't be written.
pub fn for_kubectl(words: &[String], out: &mut impl Write) -> anyhow::Result<()> {
    let mut all: Vec<std::ffi::OsString> = vec!["azimage".into()];
    all.extend(words.iter().map(Into::into));
    let last = all.len() - 1;
    for candidate in complete(&mut Cli::command(), all, last, None).context("can't complete")? {
        let help =
            candidate.get_help().map(|help| format!("\t{}", help.to_string().lines().next().unwrap_or_default()));
        writeln!(out, "{}{}", candidate.get_value().to_string_lossy(), help.unwrap_or_default())?;
    }
    Ok(writeln!(out, "{NO_FILES}")?)
}

/// Completes the names of objects.
pub(super) fn names() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let current = current.to_string_lossy();
        let words: Vec<String> = std::env::args().collect();
        let found = in_time(&cluster(&words)).unwrap_or_default();
        fitting(&found, &current).into_iter().map(CompletionCandidate::new).collect()
    })
}

/// A name where it is enough, and with its kind where that was begun.
fn fitting(found: &[(String, String)], current: &str) -> Vec<String> {
    let written = |(kind, name): &(String, String)| {
        if current.contains('/') { format!("{kind}/{name}") } else { name.clone() }
    };
    let mut fit: Vec<String> = found.iter().map(written).filter(|text| text.starts_with(current)).collect();
    fit.sort();
    fit.dedup();
    fit
}

/// Kinds and names in the cluster, if they come in time. A completion has nobody to tell of an error.
fn in_time(cluster: &ClusterArgs) -> Option<Vec<(String, String)>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let listed = async {
        let access = cluster.access().await.ok()?;
        let scope = Scope { namespace: Some(access.namespace.clone()), selector: None };
        let (_, objects) = objects::list_all(&access, &scope).await.ok()?;
        Some(objects.iter().map(|object| (object.kind().singular().to_owned(), object.name())).collect())
    };
    let found = runtime.block_on(async { tokio::time::timeout(PATIENCE, listed).await });
    runtime.shutdown_background();
    found.ok().flatten()
}

/// kubectl's flags among the words that are there already.
fn cluster(words: &[String]) -> ClusterArgs {
    let value = |names: &[&str]| {
        words.iter().enumerate().find_map(|(place, word)| match word.split_once('=') {
            Some((name, value)) if names.contains(&name) => Some(value.to_owned()),
            None if names.contains(&word.as_str()) => words.get(place + 1).cloned(),
            _ => None,
        })
    };
    ClusterArgs {
        namespace: value(&["-n", "--namespace"]),
        context: value(&["--context"]),
        kubeconfig: value(&["--kubeconfig"]).map(PathBuf::from),
        cluster: value(&["--cluster"]),
        user: value(&["--user"]),
        impersonate: value(&["--as"]),
        ..ClusterArgs::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shell_has_a_script_that_asks_azimage() {
        for shell in Shell::value_variants() {
            let script = CompletionArgs { shell: *shell }.script().unwrap();
            assert!(script.contains(VARIABLE) && script.contains("azimage"), "{shell:?}: {script}");
        }
    }

    #[test]
    fn kubectl_is_told_verbs_and_flags() {
        let told = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            let mut out = Vec::new();
            for_kubectl(&words, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        let verbs = told(&[""]);
        for verb in ["status\t", "reconcile\t", "suspend\t", "resume\t", "export\t"] {
            assert!(verbs.lines().any(|line| line.starts_with(verb)), "{verb}: {verbs}");
        }
        assert!(verbs.ends_with("\n:4\n"), "{verbs}");
        assert!(told(&["status", "--out"]).starts_with("--output"), "{}", told(&["status", "--out"]));
        assert!(told(&["completion", "z"]).starts_with("zsh"), "{}", told(&["completion", "z"]));
    }

    #[test]
    fn names_are_looked_for_where_the_flags_say() {
        let words = ["azimage", "status", "-n", "images", "--context=prod", "--as", "jane"].map(str::to_owned);
        let cluster = cluster(&words);
        assert_eq!(cluster.namespace.as_deref(), Some("images"));
        assert_eq!(cluster.context.as_deref(), Some("prod"));
        assert_eq!(cluster.impersonate.as_deref(), Some("jane"));
        let found = [("imageversion", "web"), ("replicationtarget", "west"), ("imagedefinition", "web")]
            .map(|(kind, name)| (kind.to_owned(), name.to_owned()));
        assert_eq!(fitting(&found, "we"), ["web", "west"]);
        assert_eq!(fitting(&found, "imagev"), [""; 0]);
        assert_eq!(fitting(&found, "imageversion/"), ["imageversion/web"]);
    }
}
