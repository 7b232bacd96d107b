use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Child,
};

/// The command lines of all running processes in which `text` occurs.
pub(crate) fn processes_with(text: &Path) -> Vec<String> {
    let text = text.to_str().unwrap();
    let processes =
        fs::read_dir("/proc").unwrap().filter_map(|entry| fs::read(entry.ok()?.path().join("cmdline")).ok());
    processes.map(|line| String::from_utf8_lossy(&line).replace('\0', " ")).filter(|line| line.contains(text)).collect()
}

/// The command with a running cluster, and the path of its kubeconfig.
async fn started() -> (Child, String) {
    let mut cli = tokio::process::Command::new(env!("CARGO_BIN_EXE_azimage-test-cluster"))
        .arg("start")
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(cli.stdout.take().unwrap()).lines();
    let kubeconfig = lines.next_line().await.unwrap().expect("the path of the kubeconfig");
    (cli, kubeconfig)
}

#[tokio::test]
async fn a_process_that_is_killed_leaves_no_cluster_behind() {
    let (mut cli, kubeconfig) = started().await;
    let folder = Path::new(&kubeconfig).parent().unwrap();
    assert_eq!(processes_with(folder).len(), 3, "etcd, kube-apiserver, kube-controller-manager");

    cli.kill().await.unwrap();
    nothing_is_left(folder).await;
}

/// The watchdog may still be removing the folder when the command has ended.
async fn nothing_is_left(folder: &Path) {
    for _ in 0..200 {
        if processes_with(folder).is_empty() && !folder.exists() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("left behind: {:?}; folder exists: {}", processes_with(folder), folder.exists());
}

#[tokio::test]
async fn the_command_ends_well_on_sigterm_and_leaves_nothing() {
    let (mut cli, kubeconfig) = started().await;
    Command::new("/bin/sh").args(["-c", &format!("kill {}", cli.id().unwrap())]).status().unwrap();
    let status = tokio::time::timeout(Duration::from_secs(60), cli.wait()).await.expect("ends").unwrap();
    assert!(status.success(), "{status}");
    nothing_is_left(Path::new(&kubeconfig).parent().unwrap()).await;
}
