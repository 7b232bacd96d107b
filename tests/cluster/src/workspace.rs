//! The programs of this workspace, built for the tests that run them.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::Context;
use tokio::process::Command;
use tokio::sync::OnceCell;

/// The workspace's own programs, as paths of executables.
#[derive(Debug, Clone)]
pub struct WorkspacePrograms {
    /// The controller.
    pub azimage: PathBuf,
    /// The simulated Azure.
    pub azimage_simulator: PathBuf,
}

static BUILT: OnceCell<WorkspacePrograms> = OnceCell::const_new();

/// Builds all programs of the workspace, once per process, with the profile and into the target folder of the program
/// that asks. Cargo's own environment variable for these paths exists only in tests of the package that owns the
/// program.
pub async fn workspace_programs() -> anyhow::Result<&'static WorkspacePrograms> {
    BUILT.get_or_try_init(build).await
}

async fn build() -> anyhow::Result<WorkspacePrograms> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--workspace", "--bins", "--message-format=json-render-diagnostics", "--manifest-path"]);
    command.arg(&manifest);
    let own_path = std::env::current_exe().context("cannot tell where this program lies")?;
    if let Some(layout) = Layout::of(&own_path) {
        command.arg("--target-dir").arg(layout.target).args(["--profile", &layout.profile]);
        if let Some(triple) = layout.triple {
            command.args(["--target", &triple]);
        }
    }
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .output()
        .await
        .context("cannot run cargo to build the workspace's programs")?;
    anyhow::ensure!(
        output.status.success(),
        "`cargo build --workspace --bins` failed:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let messages = String::from_utf8_lossy(&output.stdout);
    Ok(WorkspacePrograms {
        azimage: executable(&messages, "azimage")?,
        azimage_simulator: executable(&messages, "azimage-simulator")?,
    })
}

/// The path of the program `name` from cargo's messages, one JSON object per line.
fn executable(messages: &str, name: &str) -> anyhow::Result<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["reason"] == "compiler-artifact" && message["target"]["name"] == name)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .with_context(|| format!("the workspace has no program named {name}"))
}

/// What the place of a program built by cargo tells: `<target>[/<triple>]/<profile folder>[/deps]/<program>`.
#[derive(Debug, PartialEq, Eq)]
struct Layout {
    target: PathBuf,
    triple: Option<String>,
    profile: String,
}

impl Layout {
    fn of(program: &Path) -> Option<Self> {
        let mut folder = program.parent()?;
        if folder.file_name()? == "deps" || folder.file_name()? == "examples" {
            folder = folder.parent()?;
        }
        let profile = match folder.file_name()?.to_str()? {
            // The one profile whose folder has another name.
            "debug" => "dev".to_owned(),
            other => other.to_owned(),
        };
        let above = folder.parent()?;
        // Cargo marks the target folder with this file; a folder between it and the profile's is named for the target
        // triple.
        if above.join("CACHEDIR.TAG").exists() {
            return Some(Self { target: above.to_owned(), triple: None, profile });
        }
        let target = above.parent().filter(|target| target.join("CACHEDIR.TAG").exists())?;
        Some(Self { target: target.to_owned(), triple: Some(above.file_name()?.to_str()?.to_owned()), profile })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_program_tells_target_folder_triple_and_profile() {
        let target = tempfile::tempdir().unwrap();
        std::fs::write(target.path().join("CACHEDIR.TAG"), "").unwrap();
        let table = [
            ("debug/deps/test-123", None, "dev"),
            ("debug/azimage", None, "dev"),
            ("release/deps/test-123", None, "release"),
            ("x86_64-unknown-linux-musl/debug/deps/test-123", Some("x86_64-unknown-linux-musl"), "dev"),
        ];
        for (path, triple, profile) in table {
            let expected = Layout {
                target: target.path().to_owned(),
                triple: triple.map(str::to_owned),
                profile: profile.to_owned(),
            };
            assert_eq!(Layout::of(&target.path().join(path)), Some(expected), "{path}");
        }
        assert_eq!(Layout::of(Path::new("/usr/bin/azimage")), None);
    }

    #[test]
    fn the_path_of_a_program_comes_from_the_message_about_it() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"azimage"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"azimage"},"executable":"/t/debug/azimage"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(executable(messages, "azimage").unwrap(), Path::new("/t/debug/azimage"));
        assert!(executable(messages, "azimage-simulator").unwrap_err().to_string().contains("azimage-simulator"));
    }
}
