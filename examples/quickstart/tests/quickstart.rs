//! The quickstart, as a user runs it, with its output in a pipe.

use std::{
    path::Path,
    process::{Command, Output},
};

fn quickstart(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_azimage-quickstart"));
    // Fast, and with time for a machine that compiles something else meanwhile.
    command.args(["--plain", "--speed", "1200", "--timeout", "4m"]).args(arguments);
    command.output().expect("the quickstart can be started")
}

fn said(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_running_machine_becomes_a_replicated_image_version_and_two_targets_follow() {
    let output = quickstart(&[]);
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    for wanted in [
        "imageversion.azimage.dev/ubuntu-web-1.4.0 created",
        "✓ GuestPrepared (Succeeded)",
        "✓ Generalized (Succeeded)",
        "✓ Published (Succeeded)",
        "✓ northeurope Completed 100%",
        "✓ eastus2 Completed 100%",
        "✓ target northeurope-prod: 1 version is complete in northeurope",
        "✓ target eastus2-web: 1 version is complete in eastus2",
        "✓ Ready (Succeeded)",
        "✓ ubuntu-web-1.4.0 is Ready",
        "Now azimage is killed",
        "✓ azimage was killed in the middle, and Azure's journal has none of these writes twice",
        "imageversion.azimage.dev/partner-ubuntu-web-1.4.0 created",
        // What kubectl says, and what Azure says.
        "3/3 regions, 100%",
        "excludeFromLatest    true",
        "East US 2            Completed, 100%",
        "✓ CleanedUp (Succeeded)",
        "the source web-7 is now: Provisioning succeeded, VM running",
    ] {
        assert!(said.contains(wanted), "'{wanted}' is missing in:\n{said}");
    }
    assert!(!said.contains('\u{1b}'), "there are escape codes in:\n{said}");
}

#[test]
fn without_a_workspace_it_fails_with_the_reason_and_nothing_is_written() {
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/without-workspace.yaml");
    let output = quickstart(&["--scenario", scenario.to_str().expect("the path is UTF-8")]);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for wanted in [
        "quickstart: ubuntu-web-1.4.0 is stalled. WorkspaceNotReady: ",
        "create it, or name another one",
        "The end of azimage's log:",
        "0 writes to Azure",
    ] {
        assert!(said.contains(wanted), "'{wanted}' is missing in:\n{said}");
    }
}
