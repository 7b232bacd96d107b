//! Ends what this process started when this process ends in whatever way.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use anyhow::Context;

/// Reads orders from stdin until its end, which comes when the process that holds the other end of the pipe is gone, by
/// a clean exit, a panic or SIGKILL. Then nothing is left that could stop the groups in good order: their data is
/// thrown away, so they get two seconds to end and are killed. Signals of a terminal must not end the watchdog before
/// that.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
groups=' '
folders=
while read -r order subject; do
  case $order in
    watch) groups="$groups$subject " ;;
    forget) case $groups in *" $subject "*) groups="${groups%%" $subject "*} ${groups#*" $subject "}" ;; esac ;;
    folder) folders="$folders$subject
" ;;
  esac
done
for group in $groups; do kill -s TERM -- "-$group"; done
tries=0
while [ $tries -lt 20 ]; do
  left=
  for group in $groups; do kill -s 0 -- "-$group" && left=yes; done
  [ "$left" ] || break
  sleep 0.1
  tries=$((tries + 1))
done
for group in $groups; do kill -s KILL -- "-$group"; done
printf %s "$folders" | while read -r folder; do rm -rf -- "$folder"; done
"#;

/// One shell for the whole process, started with the first thing to watch.
static WATCHDOG: Mutex<Option<ChildStdin>> = Mutex::new(None);

/// Has the process group `group` killed when this process ends.
pub(crate) fn watch_group(group: u32) -> anyhow::Result<()> {
    order(&format!("watch {group}"))
}

/// Takes back [`watch_group`], once the group has ended: its number may belong to somebody else later.
pub(crate) fn forget_group(group: u32) {
    // Failing leaves a number in a list that is looked at when this process has ended; nobody could act on the error.
    let _ = order(&format!("forget {group}"));
}

/// Has `folder` removed when this process ends. It may be gone by then.
pub(crate) fn remove_folder_at_end(folder: &Path) -> anyhow::Result<()> {
    let folder = folder.to_str().context("the folder for temporary files has a name that is not UTF-8")?;
    anyhow::ensure!(!folder.contains('\n'), "the folder for temporary files has a line break in its name");
    order(&format!("folder {folder}"))
}

fn order(line: &str) -> anyhow::Result<()> {
    let mut watchdog = WATCHDOG.lock().unwrap_or_else(PoisonError::into_inner);
    let stdin = match &mut *watchdog {
        Some(stdin) => stdin,
        None => watchdog.insert(start()?),
    };
    // One write of less than a pipe's atomic size, so that lines of several threads never mix.
    stdin.write_all(format!("{line}\n").as_bytes()).context("the watchdog shell of the test cluster is gone")
}

fn start() -> anyhow::Result<ChildStdin> {
    // No output of ours is inherited: a reader of our output must see its end when we end, not seconds later.
    let mut child = Command::new("/bin/sh")
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .current_dir("/")
        .process_group(0)
        .spawn()
        .context("cannot start /bin/sh, which watches over the processes of the test cluster")?;
    child.stdin.take().context("the watchdog shell has no stdin")
}
