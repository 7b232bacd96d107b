//! Builds programs with Go into the cache.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use tokio::time::Instant;

use super::recipe::{Recipe, target};
use crate::daemon::{Daemon, last_lines};

/// The oldest Go that the modules of ours accept.
const OLDEST_GO: (u32, u32) = (1, 26);
/// How often the user hears that a build goes on.
const REPORT_EVERY: Duration = Duration::from_secs(15);
/// A build that takes longer hangs, for example on a proxy that never answers.
const LIMIT: Duration = Duration::from_secs(45 * 60);

/// Builds what of `recipes` is still missing in `folder`, while no other process does so.
pub(super) async fn build(folder: &Path, recipes: &[&Recipe]) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create the cache {}", folder.display()))?;
    let _lock = lock(folder.join(".lock")).await?;
    // Another process may have built them while we waited for the lock.
    let missing: Vec<_> = recipes.iter().filter(|recipe| !folder.join(recipe.program).exists()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    check_go()?;
    remove_unfinished(folder)?;
    let started = Instant::now();
    say(&format!(
        "Building the programs of a test cluster into {}. This happens once; {} to build.",
        folder.display(),
        missing.len()
    ));
    for (index, recipe) in missing.iter().enumerate() {
        build_one(folder, recipe, index + 1, missing.len()).await?;
    }
    say(&format!("Built all programs of the test cluster in {} s.", started.elapsed().as_secs()));
    Ok(())
}

async fn build_one(folder: &Path, recipe: &Recipe, number: usize, count: usize) -> anyhow::Result<()> {
    let Recipe { program, version, module, package, takes } = recipe;
    say(&format!("Building {program} {version} ({number} of {count}, {takes} the first time) …"));
    // Inside the cache, not the checkout: a build writes nothing into the work tree.
    let source = folder.join(".go").join(module.name);
    fs::create_dir_all(&source)?;
    fs::write(source.join("go.mod"), module.go_mod)?;
    fs::write(source.join("go.sum"), module.go_sum)?;

    // A name of our own: the Go of a killed process may still write for a moment after its lock is gone.
    let unfinished = folder.join(format!(".unfinished-{program}-{}", std::process::id()));
    let log = folder.join(format!("{program}.log"));
    let (system, processor) = target();
    let mut go = Command::new("go");
    go.args(["build", "-v", "-trimpath", "-ldflags", &recipe.linker_flags(), "-o"])
        .arg(&unfinished)
        .arg(package)
        .current_dir(&source)
        .env("CGO_ENABLED", "0")
        .env("GOTOOLCHAIN", "local")
        .env("GOFLAGS", "-mod=readonly")
        .env("GOWORK", "off")
        .env("GOOS", system)
        .env("GOARCH", processor);
    let started = Instant::now();
    let mut build = Daemon::start("go build", &go, &log, &log)?;
    let status = loop {
        if let Some(status) = build.wait(REPORT_EVERY).await? {
            break status;
        }
        anyhow::ensure!(
            started.elapsed() < LIMIT,
            "building {program} did not end in {} minutes",
            LIMIT.as_secs() / 60
        );
        say(&format!("  {program}: {} s, {}", started.elapsed().as_secs(), progress(build.stderr_file())));
    };
    anyhow::ensure!(
        status.success(),
        "`go build {package}` failed ({status}). \
         Does this machine reach the Go module proxy (GOPROXY)? The end of {}:\n{}",
        log.display(),
        last_lines(&log, 20)
    );
    // A name that exists is a whole program, whenever we are interrupted.
    fs::rename(&unfinished, folder.join(program)).with_context(|| format!("cannot put {program} into the cache"))
}

/// Removes what builds that were interrupted have left.
fn remove_unfinished(folder: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(".unfinished-") {
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}

/// What Go has told so far: one line per downloaded module and per compiled package.
fn progress(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let (downloads, packages): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with("go: "));
    format!("{} modules downloaded, {} packages compiled", downloads.len(), packages.len())
}

/// An exclusive lock that ends with its process, however that ends.
async fn lock(path: PathBuf) -> anyhow::Result<File> {
    let file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    if file.try_lock().is_ok() {
        return Ok(file);
    }
    say(&format!(
        "Waiting for another process that builds the programs of a test cluster (it holds {}) …",
        path.display()
    ));
    tokio::task::spawn_blocking(move || file.lock().map(|()| file).context("cannot lock the cache")).await?
}

fn check_go() -> anyhow::Result<()> {
    const ADVICE: &str = "Building etcd, kube-apiserver and Helm for tests needs Go 1.26 or later on PATH. \
        Install it from https://go.dev/dl/ or with the system's package manager.";
    let output = match Command::new("go").args(["env", "GOVERSION"]).env("GOTOOLCHAIN", "local").output() {
        Ok(output) => output,
        Err(error) => anyhow::bail!("cannot run `go`: {error}. {ADVICE}"),
    };
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    anyhow::ensure!(
        go_release(&version).is_none_or(|release| release >= OLDEST_GO),
        "the `go` on PATH is {version}. {ADVICE}"
    );
    Ok(())
}

/// The release of a version such as `go1.26.8`; `None` for a development version, which is taken as new enough.
fn go_release(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.strip_prefix("go")?.split(['.', 'r', 'b', ' ']);
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Tells the user. Not with `eprintln!`, which the test runner keeps back until the test has failed.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_of_go_are_compared_as_numbers() {
        let table = [
            ("go1.26.8", Some((1, 26))),
            ("go1.9.7", Some((1, 9))),
            ("go1.27rc1", Some((1, 27))),
            ("devel go1.28-abcdef", None),
            ("", None),
        ];
        for (version, release) in table {
            assert_eq!(go_release(version), release, "{version}");
        }
        assert!(go_release("go1.9.7") < Some(OLDEST_GO));
    }

    #[test]
    fn progress_counts_downloads_and_packages_apart() {
        let log = tempfile::NamedTempFile::new().unwrap();
        fs::write(log.path(), "go: downloading k8s.io/api v0.37.2\nio\nk8s.io/api/core/v1\n").unwrap();
        assert_eq!(progress(log.path()), "1 modules downloaded, 2 packages compiled");
    }
}
