//! Namespaces that are being deleted, in which an object's own turn comes late, as when something else holds the deletion up.

use azimage_end_to_end::{Kind, Object, Test, classes, manifests};
use k8s_openapi::api::admissionregistration::v1::{ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding};
use kube::{
    Api,
    api::{DeleteParams, DynamicObject, PostParams},
};
use serde_json::json;

/// Image versions are deleted by nobody in the namespace, until [`let_go`].
async fn hold(test: &Test) {
    let name = &test.namespace;
    let rule = json!({
        "apiGroups": ["azimage.dev"], "apiVersions": ["*"], "operations": ["DELETE"], "resources": ["imageversions"],
    });
    let policy = json!({
        "metadata": {"name": name},
        "spec": {
            "matchConstraints": {"resourceRules": [rule]},
            "validations": [{"expression": "false", "message": "its turn hasn't come"}],
        },
    });
    let here = json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}});
    let binding = json!({
        "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Deny"], "matchResources": here},
    });
    let policies: Api<ValidatingAdmissionPolicy> = Api::all(test.client.clone());
    policies.create(&PostParams::default(), &serde_json::from_value(policy).unwrap()).await.unwrap();
    let bindings: Api<ValidatingAdmissionPolicyBinding> = Api::all(test.client.clone());
    bindings.create(&PostParams::default(), &serde_json::from_value(binding).unwrap()).await.unwrap();
    test.until("nobody deletes image versions", || async { !try_delete(test, true).await }).await;
}

async fn try_delete(test: &Test, dry_run: bool) -> bool {
    let objects: Api<DynamicObject> =
        Api::namespaced_with(test.client.clone(), &test.namespace, &Kind::Version.resource());
    objects.delete("web", &DeleteParams { dry_run, ..DeleteParams::default() }).await.is_ok()
}

/// The object's turn comes, and it goes.
async fn let_go(test: &Test) {
    let bindings: Api<ValidatingAdmissionPolicyBinding> = Api::all(test.client.clone());
    bindings.delete(&test.namespace, &DeleteParams::default()).await.unwrap();
    test.until("it may be deleted", || async { try_delete(test, false).await }).await;
    test.gone(Kind::Version, "web").await;
}

async fn delete_namespace(test: &Test) {
    test.kubectl(&["delete", "namespace", &test.namespace, "--wait=false"]).await;
}

fn told(object: &Object) -> bool {
    object.condition("Ready").is_some_and(|ready| ready.reason == "Deleting" && ready.message.contains("namespace"))
}

#[tokio::test]
async fn no_machine_is_claimed_in_a_namespace_that_is_being_deleted() {
    let test = Test::new("namespace-goes").await;
    test.apply(&manifests::image_version(&test.azure, "web", "1.4.0", "builder")).await;
    hold(&test).await;
    delete_namespace(&test).await;
    let controller = test.start();
    let object = test.wait(Kind::Version, "web", "the namespace goes", told).await;
    assert_eq!(object.at("/metadata/deletionTimestamp"), &json!(null), "its own turn hasn't come");
    println!("{}", object.condition("Ready").unwrap().message);
    assert_eq!(classes(&test.azure.writes().await), Vec::<String>::new());
    let_go(&test).await;
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn no_machine_is_generalized_in_a_namespace_that_is_being_deleted() {
    let test = Test::new("namespace-goes-later").await;
    test.apply(&manifests::image_version(&test.azure, "web", "1.4.0", "builder")).await;
    hold(&test).await;
    let controller = test.start();
    let sealing = |object: &Object| object.at("/status/steps").to_string().contains("\"Seal\"");
    test.wait(Kind::Version, "web", "the seal is announced", sealing).await;
    delete_namespace(&test).await;
    let object = test.wait(Kind::Version, "web", "the namespace goes", told).await;
    let writes = classes(&test.azure.writes().await);
    println!("{}: {writes:?}", object.at("/status/steps"));
    assert!(!writes.iter().any(|write| write.contains("generalize")), "{writes:?}");
    let_go(&test).await;
    let machine = test.azure.state(&test.azure.machine("builder")).await.unwrap().to_string();
    assert!(!machine.contains("azimage-owner"), "{machine}");
    test.finish(Some(controller)).await;
}
