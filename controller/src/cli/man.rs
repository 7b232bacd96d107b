//! `azimage man` and docs/cli.md: all commands, from the command line's own definition.

use std::{fmt::Write as _, fs, path::PathBuf};

use anyhow::Context;
use clap::{Args, CommandFactory, ValueHint};

use super::{Cli, exit::Ended};

/// How wide help is on the page.
const WIDTH: usize = 100;

const BEGIN: &str = "# The command line

One program: the controller, and what people ask of it. It takes kubectl's own flags for the cluster and who asks, and needs no
rights but the user's own: `get`, `list` and `watch` to look, `patch` to ask for something.

As a plugin of kubectl: put it on the `PATH` once more, as `kubectl-azimage`, and it is `kubectl azimage`; and as
`kubectl_complete-azimage`, and kubectl completes it.

```console
$ ln -s \"$(command -v azimage)\" ~/.local/bin/kubectl-azimage
$ ln -s \"$(command -v azimage)\" ~/.local/bin/kubectl_complete-azimage
$ source <(azimage completion bash)
$ azimage man --dir ~/.local/share/man/man1
```

What is written for a person who asks has field managers of its own: `azimage-reconcile` the annotation, `azimage-suspend` the field
`spec.suspend`.

Colours are left out with `NO_COLOR`, and where the output isn't a terminal; there `--watch` prints a line for each change.

## Exit codes

| code | means |
| -- | -- |
";

/// Options of `azimage man`.
#[derive(Clone, Debug, Args)]
pub struct ManArgs {
    /// The folder that gets one page for each command.
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,
}

impl ManArgs {
    /// Writes the pages.
    ///
    /// # Errors
    /// When the folder or a page can't be written.
    pub fn write(&self) -> anyhow::Result<()> {
        let place = || format!("can't write {}", self.dir.display());
        fs::create_dir_all(&self.dir).with_context(place)?;
        clap_mangen::generate_to(shown(Cli::command()), &self.dir).with_context(place)
    }
}

/// The page docs/cli.md.
pub fn page() -> String {
    let mut page = BEGIN.to_owned();
    for ended in Ended::ALL {
        // Writing to a string can't fail.
        let _ = writeln!(page, "| {} | {} |", ended.code(), ended.about());
    }
    let mut command = shown(Cli::command());
    command.build();
    for verb in command.get_subcommands_mut() {
        let name = verb.get_name().to_owned();
        let mut verb = verb.clone().term_width(WIDTH).bin_name(format!("azimage {name}"));
        let _ =
            writeln!(page, "\n## azimage {name}\n\n```text\n{}\n```", verb.render_long_help().to_string().trim_end());
    }
    // Help ends lines with spaces where a column is empty.
    page.lines().fold(String::new(), |text, line| text + line.trim_end() + "\n")
}

/// Without the values that variables happen to have here.
fn shown(command: clap::Command) -> clap::Command {
    command.mut_args(|argument| argument.hide_env_values(true)).mut_subcommands(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_has_a_man_page_and_a_section() {
        let folder = std::env::temp_dir().join(format!("azimage-man-{}", std::process::id()));
        ManArgs { dir: folder.clone() }.write().unwrap();
        let page = page();
        for verb in Cli::command().get_subcommands() {
            let man = folder.join(format!("azimage-{}.1", verb.get_name()));
            let text = fs::read_to_string(&man).unwrap_or_else(|error| panic!("{}: {error}", man.display()));
            assert!(text.contains(".SH SYNOPSIS"), "{}", man.display());
            assert!(page.contains(&format!("\n## azimage {}\n", verb.get_name())), "{}", verb.get_name());
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
