//! An object acts on Azure as its `ServiceAccount`: tokens of the real API server, trusted by the simulated Entra.

use azimage_end_to_end::{Kind, Object, Test, manifests};
use serde_json::{Value, json};

/// What the API server publishes about itself as an issuer of tokens.
async fn published(test: &Test, path: &str) -> Value {
    test.environment.cluster.kubectl(&["get", "--raw", path]).await.unwrap().json().unwrap()
}

/// The application of `azure` trusts the `ServiceAccount` `azimage` of the test's namespace, but for what is otherwise.
pub(crate) async fn trust(test: &Test, otherwise: &Value) {
    let issuer = published(test, "/.well-known/openid-configuration").await["issuer"].clone();
    let jwks = published(test, "/openid/v1/jwks").await;
    let subject = format!("system:serviceaccount:{}:azimage", test.namespace);
    let mut credential = json!({"issuer": issuer, "subject": subject});
    for (field, value) in otherwise.as_object().unwrap() {
        credential[field] = value.clone();
    }
    test.azure.trust(&json!({"issuer": issuer, "jwks": jwks}), &credential).await;
}

/// Makes the `ServiceAccount` `azimage`, or annotates it otherwise.
pub(crate) async fn account(test: &Test, client: Option<&str>) {
    let account = json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {
            "name": "azimage", "namespace": test.namespace,
            "annotations": client.map(|client| json!({"azure.workload.identity/client-id": client})),
        },
    });
    let applied = test.environment.cluster.kubectl_with_input(&["apply", "-f", "-"], &account.to_string()).await;
    applied.unwrap().ok().unwrap();
}

pub(crate) fn object(gallery: &Test, version: &str) -> Value {
    let mut object = manifests::image_version(&gallery.azure, "web", version, "builder");
    object["spec"]["serviceAccountName"] = json!("azimage");
    object
}

#[tokio::test]
async fn a_namespace_acts_with_its_own_identity_and_never_with_anothers() {
    let (a, b) = tokio::join!(Test::new("team-a"), Test::new("team-b"));
    for test in [&a, &b] {
        trust(test, &json!({})).await;
    }
    account(&a, Some(&a.azure.client)).await;
    let watched = format!("{},{}", a.namespace, b.namespace);
    // The controller's own identity serves neither.
    let controller = a.start_with(&[("watch-namespaces", &watched), ("identity-namespaces", "nobody")]);
    b.apply(&object(&a, "2.0.0")).await;
    let found = b.stalled(Kind::Version, "web", "ServiceAccountNotFound").await;
    assert!(found.stalled().unwrap().1.contains(&b.namespace), "the account of the other namespace is not looked at");
    // Team b claims to be team a's application: the subject of its tokens says otherwise.
    account(&b, Some(&a.azure.client)).await;
    b.request(Kind::Version, "web").await;
    let found = b.stalled(Kind::Version, "web", "IdentityRefused").await;
    assert!(found.stalled().unwrap().1.contains("AADSTS700213"), "{:?}", found.stalled());
    // As itself it has no rights on team a's gallery.
    account(&b, Some(&b.azure.client)).await;
    b.request(Kind::Version, "web").await;
    b.stalled(Kind::Version, "web", "AccessDenied").await;
    assert!(a.azure.writes().await.is_empty(), "team b has written to team a's subscription");
    // What team b wishes for holds up nobody: this is the machine and the version that its object names as well.
    b.apply(&manifests::target("north", "North Europe")).await;
    a.apply(&object(&a, "2.0.0")).await;
    let made = a.ready(Kind::Version, "web").await;
    // Its target asks for no region of team a's version, though the labels are those that it selects.
    b.wait(Kind::Target, "north", "told that it waits", Object::is_current).await;
    assert_eq!(made.regions(), [("westeurope".to_owned(), "Completed".to_owned())]);
    // And it is told nothing of team a's namespace.
    let notes: Vec<_> = b.events().await.into_iter().filter_map(|event| event.note).collect();
    let told = format!("{:?}{notes:?}", b.history.all());
    assert!(!notes.is_empty());
    assert!(told.contains(&b.namespace) && !told.contains(&a.namespace), "{told}");
    a.finish(Some(controller)).await;
    b.finish(None).await;
}

#[tokio::test]
async fn what_an_identity_lacks_is_said_and_once_it_is_there_the_work_goes_on() {
    let test = Test::new("identity").await;
    let controller = test.start_with(&[("identity-namespaces", "nobody")]);
    let expect = async |reason: &str, part: &str| {
        test.request(Kind::Version, "web").await;
        let wanted = |object: &Object| {
            object.is_stalled(reason) && object.stalled().is_some_and(|(_, message)| message.contains(part))
        };
        test.wait(Kind::Version, "web", part, wanted).await;
        println!("{part}: {reason}");
    };
    test.apply(&manifests::image_version(&test.azure, "web", "1.4.0", "builder")).await;
    expect("IdentityNotAllowed", "spec.serviceAccountName").await;
    let mut other = object(&test, "1.4.0");
    other["spec"]["serviceAccountName"] = json!("default");
    test.apply(&other).await;
    expect("IdentityNotAllowed", "azure.serviceAccountNames").await;
    test.apply(&object(&test, "1.4.0")).await;
    expect("ServiceAccountNotFound", "azimage").await;
    account(&test, None).await;
    expect("IdentityIncomplete", "azure.workload.identity/client-id").await;
    account(&test, Some("00000000-0000-0000-0000-0000000000ff")).await;
    expect("IdentityRefused", "AADSTS700016").await;
    account(&test, Some(&test.azure.client)).await;
    for (otherwise, code) in [
        (json!({"issuer": "https://elsewhere.example"}), "AADSTS700211"),
        (json!({"audience": "https://elsewhere.example"}), "AADSTS700212"),
        (json!({"subject": "system:serviceaccount:elsewhere:azimage"}), "AADSTS700213"),
    ] {
        trust(&test, &otherwise).await;
        expect("IdentityRefused", code).await;
    }
    assert!(test.azure.journal().await.is_empty(), "nothing reaches Azure without a token");
    trust(&test, &json!({})).await;
    test.request(Kind::Version, "web").await;
    test.ready(Kind::Version, "web").await;
    let arguments = ["-n", &test.namespace, "delete", "serviceaccount", "azimage"];
    test.environment.cluster.kubectl(&arguments).await.unwrap().ok().unwrap();
    expect("ServiceAccountNotFound", "azimage").await;
    account(&test, Some(&test.azure.client)).await;
    test.request(Kind::Version, "web").await;
    test.ready(Kind::Version, "web").await;
    test.finish(Some(controller)).await;
}
