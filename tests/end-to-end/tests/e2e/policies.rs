//! The admission policies that are shipped: each refuses what it is for, in words that name the field, and nothing else.

use std::collections::BTreeSet;

use azimage_end_to_end::{Kind, Test, manifests, manifests::with, pages};
use serde_json::{Value, json};

/// Something that a policy is asked about.
struct Case {
    /// The file of the policy.
    file: &'static str,
    accepted: Value,
    refused: Value,
    /// What the refusal has to name.
    says: &'static [&'static str],
}

/// A version that every policy accepts.
fn good(test: &Test) -> Value {
    let version = manifests::clone(&test.azure, "web", "1.4.0", "builder");
    let version = with(version, "/spec/serviceAccountName", "azimage".into());
    let version = with(version, "/spec/publish/endOfLifeDate", "2027-11-01T00:00:00Z".into());
    with(version, "/metadata/namespace", test.namespace.as_str().into())
}

fn cases(test: &Test) -> Vec<Case> {
    let version = |pointer: &str, value: Value| with(good(test), pointer, value);
    let target = |pointer: &str, value: Value| {
        let object = with(manifests::target("north", "North Europe"), pointer, value);
        with(object, "/metadata/namespace", test.namespace.as_str().into())
    };
    let definition = |account: Value| {
        let object = with(manifests::definition(&test.azure, "web", "web"), "/spec/serviceAccountName", account);
        with(object, "/metadata/namespace", test.namespace.as_str().into())
    };
    let limits = "limits.yaml";
    let case = |file, accepted, refused, says| Case { file, accepted, refused, says };
    vec![
        case(
            "service-account.yaml",
            good(test),
            version("/spec/serviceAccountName", Value::Null),
            &["spec.serviceAccountName is missing"],
        ),
        case(
            "service-account.yaml",
            definition("azimage".into()),
            definition(Value::Null),
            &["spec.serviceAccountName is missing"],
        ),
        case(
            "in-place-capture.yaml",
            good(test),
            version("/spec/source/virtualMachine/capture", "InPlace".into()),
            &["spec.source.virtualMachine.capture", "azimage.dev/in-place: allowed"],
        ),
        case(
            "in-place-capture.yaml",
            version(
                "/spec/source",
                manifests::copy(&test.azure, "a", "1.0.0", &test.azure.version("1.0.0"))["spec"]["source"].clone(),
            ),
            version("/spec/source/virtualMachine/capture", "InPlace".into()),
            &["use Clone"],
        ),
        case("retain.yaml", good(test), version("/spec/deletionPolicy", "Delete".into()), &["spec.deletionPolicy"]),
        case(
            "end-of-life.yaml",
            good(test),
            version("/spec/publish/endOfLifeDate", Value::Null),
            &["spec.publish.endOfLifeDate is missing"],
        ),
        case(
            limits,
            good(test),
            version("/spec/gallery/name", "other".into()),
            &["spec.gallery", "images/other", "images/corpGallery"],
        ),
        case(
            limits,
            version("/spec/publish/storageAccountType", "Standard_ZRS".into()),
            version("/spec/publish/storageAccountType", "Premium_LRS".into()),
            &["spec.publish.storageAccountType", "Premium_LRS"],
        ),
        case(
            limits,
            version("/spec/publish/defaultReplicas", 3.into()),
            version("/spec/publish/defaultReplicas", 4.into()),
            &["spec.publish.defaultReplicas", "at most 3"],
        ),
        case(
            limits,
            target("/spec/replicas", 3.into()),
            target("/spec/replicas", 4.into()),
            &["spec.replicas", "at most 3"],
        ),
        case(
            limits,
            target("/spec/region", "West Europe".into()),
            target("/spec/region", "East US 2".into()),
            &["spec.region", "eastus2", "westeurope, northeurope"],
        ),
        case(
            limits,
            target("/spec/storageAccountType", "Standard_LRS".into()),
            target("/spec/storageAccountType", "Premium_LRS".into()),
            &["spec.storageAccountType", "Premium_LRS"],
        ),
    ]
}

/// What the API server would say to an object, or nothing if it would take it.
async fn refusal(test: &Test, object: &Value) -> Option<String> {
    let arguments = ["create", "--dry-run=server", "-f", "-"];
    let output = test.environment.cluster.kubectl_with_input(&arguments, &object.to_string()).await.unwrap();
    (!output.success()).then_some(output.stderr)
}

/// The policies as the API server has them.
async fn policies(test: &Test) -> Vec<Value> {
    let arguments = ["get", "validatingadmissionpolicies", "-o", "json"];
    let list = test.environment.cluster.kubectl(&arguments).await.unwrap().json().unwrap();
    let ours = |policy: &&Value| policy["metadata"]["name"].as_str().unwrap().starts_with("azimage-");
    list["items"].as_array().unwrap().iter().filter(ours).cloned().collect()
}

#[tokio::test]
async fn each_policy_refuses_what_it_is_for_and_says_what_to_do_instead() {
    let test = Test::new("policies").await;
    let cluster = test.environment.cluster;
    // An object that is older than all policies, and breaks most of them.
    let old =
        with(manifests::image_version(&test.azure, "old", "0.1.0", "builder"), "/spec/deletionPolicy", "Delete".into());
    test.apply(&old).await;
    cluster.kubectl(&["create", "namespace", "azimage-policies"]).await.unwrap().ok().unwrap();
    let files = pages::files("policies", "yaml");
    for file in &files {
        let manifest = pages::read(&format!("policies/{file}"))
            .replace("00000000-0000-0000-0000-000000000000", &test.azure.subscription)
            .replace("metadata.name: images", &format!("metadata.name: {}", test.namespace));
        cluster.kubectl_with_input(&["apply", "-f", "-"], &manifest).await.unwrap().ok().unwrap();
    }
    cluster
        .kubectl(&["label", "namespace", &test.namespace, "azimage.dev/policies=enforced"])
        .await
        .unwrap()
        .ok()
        .unwrap();

    let cases = cases(&test);
    let asked: BTreeSet<&str> = cases.iter().map(|case| case.file).chain(["limits-of-images.yaml"]).collect();
    assert_eq!(asked, files.iter().map(String::as_str).collect(), "each file has its cases");
    for case in &cases {
        // The API server learns of a policy a little later.
        test.until(case.file, || async { refusal(&test, &case.refused).await.is_some() }).await;
        let said = refusal(&test, &case.refused).await.unwrap();
        for part in case.says {
            assert!(said.contains(part), "{}: '{part}' is not in: {said}", case.file);
        }
        assert_eq!(refusal(&test, &case.accepted).await, None, "{}: {}", case.file, case.accepted);
        println!("{}: {}", case.file, said.trim());
    }

    // No expression names a field that isn't there.
    test.until("all expressions are checked", || async {
        let seen = |it: &Value| it["status"]["observedGeneration"] == it["metadata"]["generation"];
        policies(&test).await.iter().all(seen)
    })
    .await;
    let policies = policies(&test).await;
    assert_eq!(policies.len(), 6);
    for policy in &policies {
        let warnings = &policy["status"]["typeChecking"]["expressionWarnings"];
        assert!(warnings.is_null(), "{}: {warnings:#}", policy["metadata"]["name"]);
    }

    // An older object can be annotated, finalized and let go; a change of its spec is asked like a new one.
    let finalize = json!({"metadata": {"finalizers": ["example.com/held"]}});
    test.change(Kind::Version, "old", &finalize).await;
    let suspend = json!({"spec": {"publish": {"defaultReplicas": 2}}});
    assert!(!test.try_change(Kind::Version, "old", &suspend).await);
    test.delete(Kind::Version, "old").await;
    test.change(Kind::Version, "old", &json!({"metadata": {"finalizers": null}})).await;
    test.gone(Kind::Version, "old").await;

    // A namespace whose operator says so captures machines in place.
    cluster
        .kubectl(&["label", "namespace", &test.namespace, "azimage.dev/in-place=allowed"])
        .await
        .unwrap()
        .ok()
        .unwrap();
    let in_place = with(good(&test), "/spec/source/virtualMachine/capture", "InPlace".into());
    test.until("the label counts", || async { refusal(&test, &in_place).await.is_none() }).await;
    test.finish(None).await;
}
