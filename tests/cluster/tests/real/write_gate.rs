use std::time::Duration;

use azimage_test_cluster::{Cluster, WriteGate, shared};
use futures::{StreamExt, pin_mut};
use http::{Method, StatusCode};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{DeleteParams, ObjectMeta, Patch, PatchParams, PostParams, WatchEvent, WatchParams};
use serde_json::json;
use tokio::time::timeout;

const SOON: Duration = Duration::from_secs(20);
const A_WHILE: Duration = Duration::from_millis(300);

fn object(name: &str) -> ConfigMap {
    ConfigMap { metadata: ObjectMeta { name: Some(name.to_owned()), ..Default::default() }, ..Default::default() }
}

/// A namespace, a gate, and clients through it and past it. The client through the gate is a service account, so that
/// its token has to pass.
async fn setup(ignored: &[&str]) -> (&'static Cluster, WriteGate, Api<ConfigMap>, Api<ConfigMap>) {
    let cluster = shared().await;
    let namespace = cluster.create_namespace("gate").await.unwrap();
    for arguments in [
        ["create", "serviceaccount", "editor"].as_slice(),
        &["create", "rolebinding", "editor", "--clusterrole=edit", &format!("--serviceaccount={namespace}:editor")],
    ] {
        cluster.kubectl(&[&["-n", &namespace], arguments].concat()).await.unwrap().ok().unwrap();
    }
    let gate = WriteGate::start_ignoring(cluster, ignored).await.unwrap();
    let token = cluster.token_for(&namespace, "editor", &[]).await.unwrap();
    let kubeconfig = gate.kubeconfig(&namespace, &token).unwrap();
    let through = Api::namespaced(gate.client(&kubeconfig).await.unwrap(), &namespace);
    let past = Api::namespaced(cluster.admin_client().await.unwrap(), &namespace);
    (cluster, gate, through, past)
}

#[tokio::test]
async fn writes_are_counted_with_method_path_and_status_and_reads_are_not() {
    let (_, gate, through, _) = setup(&["dryRun=All"]).await;
    through.create(&PostParams::default(), &object("one")).await.unwrap();
    through.get("one").await.unwrap();
    assert!(through.create(&PostParams::default(), &object("one")).await.is_err(), "it exists");
    let patch = Patch::Merge(json!({"data": {"a": "b"}}));
    through.patch("one", &PatchParams::default(), &patch).await.unwrap();
    through.patch("one", &PatchParams::default().dry_run(), &patch).await.unwrap();
    through.delete("one", &DeleteParams::default()).await.unwrap();

    let writes: Vec<_> = gate.writes().into_iter().map(|write| (write.number, write.method, write.status)).collect();
    assert_eq!(
        writes,
        [
            (1, Method::POST, Some(StatusCode::CREATED)),
            (2, Method::POST, Some(StatusCode::CONFLICT)),
            (3, Method::PATCH, Some(StatusCode::OK)),
            (4, Method::DELETE, Some(StatusCode::OK)),
        ]
    );
    assert!(gate.writes()[2].path.contains("/configmaps/one"), "{:?}", gate.writes());
}

#[tokio::test]
async fn the_held_write_is_done_its_answer_is_not_sent_and_later_writes_are_not_done() {
    let (_, gate, through, past) = setup(&[]).await;
    gate.hold_after(2).unwrap();
    through.create(&PostParams::default(), &object("one")).await.unwrap();
    let create = |name: &'static str| {
        let through = through.clone();
        tokio::spawn(async move { through.create(&PostParams::default(), &object(name)).await })
    };
    let two = create("two");
    let held = timeout(SOON, gate.wait_held()).await.expect("held");
    assert_eq!((held.number, held.status), (2, Some(StatusCode::CREATED)));
    assert!(past.get_opt("two").await.unwrap().is_some(), "the held write is done");

    let three = create("three");
    let killed = create("killed");
    tokio::time::sleep(A_WHILE).await;
    assert!(!two.is_finished(), "the answer to the held write is kept");
    assert!(through.get_opt("one").await.unwrap().is_some(), "reads go on");
    assert!(past.get_opt("three").await.unwrap().is_none(), "a later write is not done");
    killed.abort();
    tokio::time::sleep(A_WHILE).await;

    gate.release();
    timeout(SOON, two).await.expect("released").unwrap().unwrap();
    timeout(SOON, three).await.expect("released").unwrap().unwrap();
    tokio::time::sleep(A_WHILE).await;
    assert!(past.get_opt("killed").await.unwrap().is_none(), "a client that died while it waited has written nothing");
    assert_eq!(gate.count(), 3);
    assert!(gate.hold_after(2).is_err(), "that write has passed");
}

#[tokio::test]
async fn watches_stream_through_the_gate_even_while_a_write_is_held() {
    let (_, gate, through, past) = setup(&[]).await;
    let watched = through.watch(&WatchParams::default(), "0").await.unwrap();
    pin_mut!(watched);
    gate.hold_after(1).unwrap();
    let writer = through.clone();
    let held = tokio::spawn(async move { writer.create(&PostParams::default(), &object("held")).await });
    timeout(SOON, gate.wait_held()).await.expect("held");
    past.create(&PostParams::default(), &object("past")).await.unwrap();
    let mut seen = Vec::new();
    while !["held", "past"].iter().all(|name| seen.iter().any(|known| known == name)) {
        let event = timeout(SOON, watched.next()).await.expect("an event arrives at once").unwrap().unwrap();
        if let WatchEvent::Added(object) = event {
            seen.push(object.metadata.name.unwrap_or_default());
        }
    }
    assert!(!held.is_finished());
    held.abort();
}

#[tokio::test]
async fn kubectl_works_through_the_gate() {
    let (cluster, gate, _, past) = setup(&[]).await;
    let namespace = past.resource_url().split('/').nth(4).unwrap().to_owned();
    let token = cluster.token_for(&namespace, "editor", &[]).await.unwrap();
    let kubeconfig = gate.kubeconfig(&namespace, &token).unwrap();
    let output = cluster.kubectl_as(&kubeconfig, &["create", "configmap", "typed"]).await.unwrap();
    assert_eq!(output.ok().unwrap(), "configmap/typed created\n");
    assert_eq!(gate.count(), 1);
}
