//! What people ask of azimage on the command line, each with no rights but their own.

use std::{
    path::{Path, PathBuf},
    process::Output,
    time::Duration,
};

use azimage_end_to_end::{Kind, Test, manifests};
use serde_json::{Value, json};
use tokio::process::Command;

/// Somebody with one of the chart's roles for image versions.
async fn somebody(test: &Test, role: &str) -> PathBuf {
    let account = format!("{}:{role}", test.namespace);
    let cluster_role = format!("--clusterrole=azimage-imageversion-{role}");
    test.kubectl(&["create", "serviceaccount", role]).await;
    test.kubectl(&["create", "rolebinding", role, &cluster_role, &format!("--serviceaccount={account}")]).await;
    test.environment.cluster.kubeconfig_for(&test.namespace, role).await.unwrap()
}

async fn run(program: &Path, kubeconfig: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(program);
    command.args(arguments).env("KUBECONFIG", kubeconfig).env("TERM", "xterm").env_remove("NO_COLOR");
    let limited = tokio::time::timeout(Duration::from_secs(60), command.output()).await;
    let Output { status, stdout, stderr } = limited.expect("it ends").unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    (status.code().unwrap_or(-1), said)
}

#[tokio::test]
async fn an_image_version_is_looked_at_suspended_resumed_and_waited_for() {
    let test = Test::new("cli").await;
    let azimage = &test.environment.programs.azimage;
    let (viewer, editor) = tokio::join!(somebody(&test, "viewer"), somebody(&test, "editor"));
    test.azure.add_machine("shy", &json!({"tags": {"team": "web"}})).await;
    test.apply(&manifests::image_version(&test.azure, "web", "1.4.0", "shy")).await;

    // Nobody looks after it yet.
    let (code, said) = run(azimage, &viewer, &["status", "web"]).await;
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("azimage hasn't looked at the object as it is now"), "{said}");
    let (code, said) = run(azimage, &viewer, &["status", "web", "--wait", "--timeout", "1s"]).await;
    assert_eq!(code, 124, "{said}");
    let (code, said) = run(azimage, &viewer, &["status", "other"]).await;
    assert_eq!((code, said.contains("nothing of the name other")), (1, true), "{said}");
    let (code, said) = run(azimage, &viewer, &["evidence", "other"]).await;
    assert_eq!(
        (code, said.trim()),
        (1, format!("azimage: there is no ImageVersion other in the namespace {}", test.namespace).as_str())
    );
    let (code, said) = run(azimage, &viewer, &["status", "--no-such-flag"]).await;
    assert_eq!(code, 1, "a mistake isn't a stalled object: {said}");

    let controller = test.start_with(&[("resync-interval", "1h")]);
    test.stalled(Kind::Version, "web", "ConsentMissing").await;
    let (code, said) = run(azimage, &viewer, &["status", "azv/web", "-o", "json"]).await;
    assert_eq!(code, 2, "{said}");
    let document: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(document[0]["standing"], "Stalled");
    assert!(document[0]["whatToDo"][0].as_str().unwrap().contains("azimage-generalize=allowed"), "{said}");
    let (code, said) = run(azimage, &viewer, &["evidence", "web"]).await;
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("| digest | none yet |")
            && said.contains("no such gallery image version yet")
            && said.contains("The ImageDefinitions of the namespace can't be listed"),
        "{said}"
    );
    for verb in ["reconcile", "suspend"] {
        let (code, said) = run(azimage, &viewer, &[verb, "web"]).await;
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("you lack the verb patch on imageversions"), "{said}");
    }

    let (code, said) = run(azimage, &editor, &["suspend", "web"]).await;
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("imageversion/web") && said.contains("Suspended"), "{said}");
    let (code, said) = run(azimage, &editor, &["reconcile", "web"]).await;
    assert_eq!((code, said.contains("azimage resume imageversion/web")), (1, true), "{said}");
    let (code, said) = run(azimage, &editor, &["resume", "web", "--wait"]).await;
    assert_eq!(code, 2, "it isn't allowed yet: {said}");
    let owners =
        test.kubectl(&["get", "azv/web", "--show-managed-fields", "-o", "jsonpath={.metadata.managedFields}"]).await;
    assert!(!owners.contains("azimage-suspend"), "the field is nobody's again: {owners}");

    test.azure.change_machine("shy", &json!({"tags": {"team": "web", "azimage-generalize": "allowed"}})).await;
    let (code, said) = run(azimage, &editor, &["reconcile", "imageversion/web"]).await;
    assert_eq!(code, 0, "{said}");
    // On a terminal, if there is a program that makes one, and as kubectl's plugin.
    let folder = tempfile::tempdir().unwrap();
    for name in ["kubectl-azimage", "kubectl_complete-azimage"] {
        std::os::unix::fs::symlink(azimage, folder.path().join(name)).unwrap();
    }
    let plugin = folder.path().join("kubectl-azimage");
    let wait = format!("{} status web --wait --timeout 60s", plugin.display());
    let (code, said) = if Path::new("/usr/bin/script").exists() {
        let (code, said) = run(Path::new("/usr/bin/script"), &viewer, &["-qec", &wait, "/dev/null"]).await;
        assert!(said.contains("\u{1b}[32m✓\u{1b}[0m"), "it is drawn in colour: {said:?}");
        (code, said)
    } else {
        run(&plugin, &viewer, &["status", "web", "--wait", "--timeout", "60s"]).await
    };
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("Succeeded"), "{said}");
    let (_, help) = run(&plugin, &viewer, &["status", "--help"]).await;
    assert!(help.contains("kubectl azimage status"), "{help}");
    let (_, names) = run(&folder.path().join("kubectl_complete-azimage"), &viewer, &["status", "w"]).await;
    assert_eq!(names, "web\n:4\n");

    // What is exported is what was applied.
    let (code, yaml) = run(azimage, &viewer, &["export", "web"]).await;
    assert_eq!(code, 0, "{yaml}");
    let arguments = ["-n", &test.namespace, "diff", "-f", "-"];
    test.environment.cluster.kubectl_with_input(&arguments, &yaml).await.unwrap().ok().unwrap();
    test.finish(Some(controller)).await;
}
