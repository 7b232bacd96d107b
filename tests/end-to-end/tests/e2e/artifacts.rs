//! What users get: the examples and the definitions.

use std::path::PathBuf;
use std::process::Command;

use azimage_end_to_end::Test;
use serde_json::Value;

fn workspace() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[tokio::test]
async fn every_example_is_accepted_by_the_api_server() {
    let test = Test::new("examples").await;
    let mut count = 0;
    for entry in std::fs::read_dir(workspace().join("examples")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        // They name the namespace that they tell the reader to make.
        let example = std::fs::read_to_string(&path).unwrap();
        let example = example.replace("namespace: images", &format!("namespace: {}", test.namespace));
        let arguments = ["apply", "--dry-run=server", "--server-side", "--validate=strict", "-f", "-"];
        let output = test.environment.cluster.kubectl_with_input(&arguments, &example).await.unwrap().ok().unwrap();
        assert!(output.contains("(server dry run)"), "{}: {output}", path.display());
        count += 1;
    }
    assert!(count >= 3, "there are {count} examples");
}

#[tokio::test]
async fn azimage_prints_the_definitions_of_the_repository() {
    let test = Test::new("definitions").await;
    let output = Command::new(&test.environment.programs.azimage).arg("crds").output().unwrap();
    assert!(output.status.success());
    let printed = String::from_utf8(output.stdout).unwrap();
    let read = |text: &str| -> Value { serde_saphyr::from_str(text).unwrap() };
    let printed: Vec<Value> = printed.split("---\n").filter(|text| !text.trim().is_empty()).map(read).collect();
    let mut names = Vec::new();
    for definition in &printed {
        let name = definition["metadata"]["name"].as_str().unwrap();
        let file = std::fs::read_to_string(workspace().join(format!("crds/{name}.yaml"))).unwrap();
        assert_eq!(*definition, read(&file), "{name}");
        names.push(name);
    }
    assert_eq!(names, ["imageversions.azimage.dev", "replicationtargets.azimage.dev", "imagedefinitions.azimage.dev"]);
    assert_eq!(
        std::fs::read_dir(workspace().join("crds"))
            .unwrap()
            .filter(|entry| { entry.as_ref().unwrap().path().extension().is_some_and(|extension| extension == "yaml") })
            .count(),
        names.len()
    );
}

#[tokio::test]
async fn the_chart_grants_no_more_than_the_work_takes() {
    let test = Test::new("least").await;
    let template = &test.environment.deployment["spec"]["template"]["spec"];
    let account = template["serviceAccountName"].as_str().unwrap();
    let account = format!("--as=system:serviceaccount:{}:{account}", azimage_end_to_end::RELEASE_NAMESPACE);
    for (allowed, question) in [
        (true, ["list", "imageversions.azimage.dev"]),
        (true, ["patch", "replicationtargets.azimage.dev"]),
        (true, ["watch", "imagedefinitions.azimage.dev"]),
        (false, ["delete", "imagedefinitions.azimage.dev"]),
        (true, ["create", "events.events.k8s.io"]),
        (false, ["create", "imageversions.azimage.dev"]),
        (false, ["delete", "imageversions.azimage.dev"]),
        (false, ["delete", "replicationtargets.azimage.dev"]),
        (true, ["create", "configmaps/web-latest"]),
        (true, ["delete", "configmaps/web-latest"]),
        (false, ["list", "configmaps"]),
        (false, ["get", "configmaps"]),
        (false, ["patch", "configmaps/kube-root-ca.crt"]),
        (false, ["get", "secrets"]),
        (false, ["list", "pods"]),
        (false, ["update", "customresourcedefinitions.apiextensions.k8s.io"]),
    ] {
        let arguments = [&["-n", &test.namespace, "auth", "can-i", &account], question.as_slice()].concat();
        let output = test.environment.cluster.kubectl(&arguments).await.unwrap();
        assert_eq!(output.stdout.trim(), if allowed { "yes" } else { "no" }, "{question:?}: {output}");
    }
    for (allowed, namespace, name) in [
        (true, test.namespace.as_str(), "azimage"),
        (false, test.namespace.as_str(), "default"),
        (false, "kube-system", "generic-garbage-collector"),
        (false, "kube-system", ""),
    ] {
        let of = if name.is_empty() { "serviceaccounts".to_owned() } else { format!("serviceaccounts/{name}") };
        let arguments = ["-n", namespace, "auth", "can-i", &account, "create", &of, "--subresource=token"];
        let output = test.environment.cluster.kubectl(&arguments).await.unwrap();
        assert_eq!(output.stdout.trim(), if allowed { "yes" } else { "no" }, "{namespace}/{name}: {output}");
    }
}
