//! The script that seals a Linux guest.
//!
//! `waagent -deprovision` stops the agent and deletes its state, so a run command that waits for it never reports
//! (Azure/WALinuxAgent issues 489, 1792, 3547). Hence the run command only checks the guest and starts a detached
//! unit; the unit begins a minute later, when the run command has been reported, and says that everything was removed
//! on the serial console, from where the platform takes it away. Only then it powers the machine off.

use std::collections::BTreeMap;

use azimage_crds::{OWNER_TAG, SEAL_TAG, STEP_TAG};
use azimage_names::{ResourceIdError, RunCommandId, VirtualMachineId};

use crate::{console::MARK, image_version::StepName};

/// How long after the run command the detached unit begins, in seconds: the agent reports within about twenty.
pub const DELAY_SECONDS: u32 = 60;

/// How long the run command itself may take, in seconds.
pub const SCRIPT_TIMEOUT_SECONDS: i32 = 300;

/// The run command of an object: its name is the same in every pass, so it is never started twice.
///
/// # Errors
/// When the uid can't be part of a resource's name, which no uid of Kubernetes is.
pub fn run_command(virtual_machine: &VirtualMachineId, uid: &str) -> Result<RunCommandId, ResourceIdError> {
    virtual_machine.run_command(&format!("azimage-seal-{uid}"))
}

/// The tags of the run command. The nonce tells whoever reads it which words on the console are this attempt's.
pub fn tags(owner: &str, nonce: &str) -> BTreeMap<String, String> {
    BTreeMap::from([
        (OWNER_TAG.to_owned(), owner.to_owned()),
        (STEP_TAG.to_owned(), StepName::Seal.to_string()),
        (SEAL_TAG.to_owned(), nonce.to_owned()),
    ])
}

/// The script. The nonce is another for each attempt, and made of letters, digits and dashes.
///
/// The words that prove the seal never stand in the script as they stand on the console: systemd shows a unit's
/// command line there when the unit is stopped, and with them a machine that is stopped before its seal would look sealed.
pub fn linux_script(nonce: &str) -> String {
    format!(
        r#"#!/bin/sh
set -eu
fail() {{ echo "azimage: $2"; exit "$1"; }}
command -v waagent >/dev/null || fail 10 "the Azure Linux agent (waagent) is not installed"
command -v systemd-run >/dev/null || fail 11 "systemd-run is not there: the guest needs systemd"
account=$(sed -n 's:.*UserName>\([^<]*\)<.*:\1:p' /var/lib/waagent/ovf-env.xml | head -n 1)
[ -n "$account" ] || fail 12 "the account that the machine was made with is unknown, so it can't be removed"
port=
for name in ttyAMA0 ttyS0; do
  if [ -c "/dev/$name" ] && printf '\nazimage: seal is scheduled\n' 2>/dev/null >"/dev/$name"; then port="/dev/$name"; break; fi
done
[ -n "$port" ] || fail 13 "nothing can be written to a serial port (ttyS0, or ttyAMA0 on Arm64), by which the seal is proven"
if systemctl is-active --quiet azimage-seal.timer azimage-seal.service; then echo "azimage: seal is under way"; exit 0; fi
systemd-run --unit=azimage-seal --description="azimage seals the guest" --collect --on-active={DELAY_SECONDS}s --setenv=ACCOUNT="$account" --setenv=PORT="$port" --setenv=NONCE={nonce} /bin/sh -c '
set -eu
if command -v cloud-init >/dev/null; then cloud-init clean --logs; fi
waagent -force -deprovision+user
rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub
: > /etc/machine-id
if [ -e /var/lib/waagent ] || id "$ACCOUNT" >/dev/null 2>&1; then exit 1; fi
sync
printf "\n{MARK} %s\n" "$NONCE" > "$PORT"
systemctl poweroff'
echo "azimage: seal is scheduled"
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: &str = "0a1b2c3d-0000-4000-8000-00000000abcd";

    #[test]
    fn the_machine_is_powered_off_only_by_the_detached_unit_and_last() {
        let script = linux_script(NONCE);
        let (checks, unit) = script.split_once("systemd-run --unit").unwrap();
        assert!(!checks.contains("deprovision") && !checks.contains("poweroff"));
        let position = |needle: &str| unit.find(needle).unwrap();
        assert!(position("-deprovision+user") < position("id \"$ACCOUNT\""));
        assert!(position("id \"$ACCOUNT\"") < position("\nsync"));
        assert!(position("\nsync") < position(MARK));
        assert!(position(MARK) < position("systemctl poweroff"));
    }

    #[test]
    fn the_script_doesnt_hold_the_words_that_prove_the_seal() {
        let script = linux_script(NONCE);
        assert!(script.contains(NONCE) && !script.contains(&format!("{MARK} {NONCE}")));
        assert_eq!(tags("owner", NONCE).get("azimage-seal").map(String::as_str), Some(NONCE));
    }

    /// Runs the script in a real shell, with a guest of files: the tools are stubs, and the folders are below `root`.
    fn run(root: &std::path::Path, script: &str) -> (i32, String) {
        let root = root.to_str().unwrap();
        let script = ["/var/lib/waagent", "/etc/"]
            .iter()
            .fold(script.to_owned(), |script, path| script.replace(path, &format!("{root}{path}")))
            // A file stands for the port.
            .replace("[ -c ", "[ -e ")
            .replace("\"/dev/$name\"", &format!("\"{root}/dev/$name\""));
        let output = std::process::Command::new("/bin/sh")
            .args(["-c", &script])
            .env("PATH", format!("{root}/bin:/usr/bin:/bin"))
            .output()
            .unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    }

    /// A guest with the tools that the script calls. `systemd-run` runs the unit at once; a power-off leaves a file.
    fn guest(ports: &[&str]) -> tempfile::TempDir {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_str().unwrap();
        for path in ["bin", "dev", "etc/ssh", "var/lib/waagent"] {
            std::fs::create_dir_all(folder.path().join(path)).unwrap();
        }
        let unit = "while [ $# -gt 0 ]; do case \"$1\" in --setenv=*) export \"${1#--setenv=}\";; --*) ;; *) break;; esac; shift; done\nexec \"$@\"";
        let systemctl = format!("case \"$1\" in poweroff) touch {root}/off;; *) exit 3;; esac");
        for (name, text) in [
            ("waagent", format!("rm -rf {root}/var/lib/waagent")),
            ("systemd-run", unit.to_owned()),
            ("systemctl", systemctl),
            ("id", "exit 1".to_owned()),
            ("cloud-init", String::new()),
            ("sync", String::new()),
        ] {
            let path = folder.path().join("bin").join(name);
            std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let account = "<ns1:UserName>azureuser</ns1:UserName>\n";
        std::fs::write(folder.path().join("var/lib/waagent/ovf-env.xml"), account).unwrap();
        for port in ports {
            let (name, full) = port.split_once('=').unwrap_or((port, ""));
            let path = folder.path().join("dev").join(name);
            if full.is_empty() {
                std::fs::write(path, "").unwrap();
            } else {
                // Whatever is written there fails, as on a port without a device behind it.
                std::os::unix::fs::symlink(full, path).unwrap();
            }
        }
        folder
    }

    #[test]
    fn a_real_shell_writes_the_mark_and_powers_off_and_neither_without_the_other() {
        for (ports, on) in [
            (&["ttyS0"][..], Some("ttyS0")),
            (&["ttyAMA0"], Some("ttyAMA0")),
            (&["ttyAMA0=/dev/full", "ttyS0"], Some("ttyS0")),
            (&["ttyS0=/dev/full"], None),
            (&[], None),
        ] {
            let guest = guest(ports);
            let (code, said) = run(guest.path(), &linux_script(NONCE));
            let off = guest.path().join("off").exists();
            let Some(port) = on else {
                assert_eq!((code, off), (13, false), "{ports:?}: {said}");
                assert!(said.contains("serial port") && guest.path().join("var/lib/waagent").exists(), "{said}");
                continue;
            };
            assert_eq!((code, off), (0, true), "{ports:?}: {said}");
            // Each opening of the file begins it anew, so that it holds what was written last.
            let log = std::fs::read(guest.path().join("dev").join(port)).unwrap();
            assert_eq!(crate::console::read(&log, NONCE), crate::image_version::ConsoleObserved::Sealed, "{log:?}");
        }
    }

    #[test]
    fn a_real_shell_neither_writes_nor_powers_off_when_the_guest_isnt_clean_or_the_mark_isnt_written() {
        let guest = guest(&["ttyS0"]);
        std::fs::write(guest.path().join("bin/waagent"), "#!/bin/sh\n").unwrap();
        run(guest.path(), &linux_script(NONCE));
        let log = std::fs::read_to_string(guest.path().join("dev/ttyS0")).unwrap();
        assert!(!log.contains(MARK) && !guest.path().join("off").exists(), "{log}");
        // The port goes away between the check and the mark.
        let guest = self::guest(&["ttyS0"]);
        let root = guest.path().to_str().unwrap();
        let agent =
            format!("#!/bin/sh\nrm -rf {root}/var/lib/waagent {root}/dev/ttyS0\nln -s /dev/full {root}/dev/ttyS0\n");
        std::fs::write(guest.path().join("bin/waagent"), agent).unwrap();
        run(guest.path(), &linux_script(NONCE));
        assert!(!guest.path().join("var/lib/waagent").exists() && !guest.path().join("off").exists());
    }
}
