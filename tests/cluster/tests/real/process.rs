use std::path::Path;
use std::process::Command;
use std::time::Duration;

use azimage_test_cluster::Process;

use crate::left_behind::processes_with;

const SOON: Duration = Duration::from_secs(20);

fn shell(script: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script]);
    command
}

#[tokio::test]
async fn output_environment_and_exit_status_of_a_process_are_kept() {
    let mut command = shell("echo ready $WORD; echo trouble >&2; exit 3");
    command.env("WORD", "now");
    let mut process = Process::start("a shell", &command).unwrap();
    assert_eq!(process.wait_for_line(SOON, |line| line.starts_with("ready")).await.unwrap(), "ready now");
    assert_eq!(process.wait(SOON).await.unwrap().code(), Some(3));
    assert_eq!(process.stderr(), "trouble\n");
}

#[tokio::test]
async fn a_process_that_ends_before_its_line_is_an_error_with_what_it_said() {
    let mut process = Process::start("a shell", &shell("echo the reason >&2; exit 1")).unwrap();
    let error = process.wait_for_line(SOON, |_| true).await.unwrap_err().to_string();
    assert!(error.contains("the reason"), "{error}");
}

#[tokio::test]
async fn sigterm_is_followed_or_turned_into_a_kill_and_an_error() {
    let mut gentle =
        Process::start("a shell", &shell("trap 'exit 7' TERM; echo on; while :; do sleep 0.05; done")).unwrap();
    gentle.wait_for_line(SOON, |line| line == "on").await.unwrap();
    assert_eq!(gentle.terminate(SOON).await.unwrap().code(), Some(7));

    let mut deaf =
        Process::start("a deaf shell", &shell("trap '' TERM; echo on; while :; do sleep 0.05; done")).unwrap();
    deaf.wait_for_line(SOON, |line| line == "on").await.unwrap();
    let error = deaf.terminate(Duration::from_millis(200)).await.unwrap_err();
    assert!(error.to_string().contains("a deaf shell"), "{error}");
    assert!(deaf.exited().unwrap().is_some());
}

#[tokio::test]
async fn a_killed_or_dropped_process_takes_its_own_children_with_it() {
    for kill in [true, false] {
        let mark = format!("{}", 700_000 + std::process::id() + u32::from(kill) * 100_000);
        let script = format!("sleep {mark} & echo on; sleep {mark}");
        let mut process = Process::start("a shell", &shell(&script)).unwrap();
        process.wait_for_line(SOON, |line| line == "on").await.unwrap();
        assert!(!processes_with(Path::new(&mark)).is_empty());
        if kill {
            process.kill9();
        } else {
            drop(process);
        }
        // The orphans are dead at once and gone as soon as init has looked.
        for _ in 0..100 {
            if processes_with(Path::new(&mark)).is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(processes_with(Path::new(&mark)), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_program_that_does_not_exist_is_an_error_that_names_it() {
    let mut process = Process::start("nothing", &Command::new("/no/such/program")).unwrap();
    let error = process.wait_for_line(SOON, |_| true).await.unwrap_err().to_string();
    assert!(error.contains("/no/such/program"), "{error}");
}
