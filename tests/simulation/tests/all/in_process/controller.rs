//! A real controller of kube over the server, under paused time.

use std::{sync::Arc, time::Duration};

use azimage_crds::ReplicationTarget;
use azimage_test_api_server::ApiServer;
use futures::StreamExt;
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, Patch, PatchParams},
    runtime::{Controller, controller::Action, watcher},
};
use serde_json::json;

use super::{create, server, targets};

const FINALIZER: &str = "azimage.dev/test";

type Context = (Api<ReplicationTarget>, tokio::time::Instant);

/// Guards an object by a finalizer, then shows in its status which hour it is.
async fn reconcile(target: Arc<ReplicationTarget>, context: Arc<Context>) -> Result<Action, kube::Error> {
    let (api, start) = &*context;
    let name = target.name_any();
    let finalizers = |list: &[&str]| {
        Patch::Merge(json!({"metadata": {"resourceVersion": target.resource_version(), "finalizers": list}}))
    };
    if target.metadata.deletion_timestamp.is_some() {
        api.patch(&name, &PatchParams::default(), &finalizers(&[])).await?;
        return Ok(Action::await_change());
    }
    if target.finalizers().is_empty() {
        api.patch(&name, &PatchParams::default(), &finalizers(&[FINALIZER])).await?;
        return Ok(Action::await_change());
    }
    let hours = start.elapsed().as_secs() / 3600;
    let status = json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": "ReplicationTarget", "metadata": {"name": name},
        "status": {"progress": hours.to_string()},
    });
    api.patch_status(&name, &PatchParams::apply("hours").force(), &Patch::Apply(status)).await?;
    Ok(Action::requeue(Duration::from_secs(3600)))
}

/// A day with two targets, one of which is deleted at noon.
async fn day(seed: u64) -> ApiServer {
    let server = server(seed);
    create(&server, "a").await;
    create(&server, "b").await;
    let context = Arc::new((targets(&server), tokio::time::Instant::now()));
    let controller = Controller::new(targets(&server), watcher::Config::default())
        .run(reconcile, |_, _, _| Action::requeue(Duration::from_secs(5)), context)
        .for_each(|_| async {});
    let running = tokio::spawn(controller);
    tokio::time::sleep(Duration::from_secs(12 * 3600)).await;
    targets(&server).delete("b", &DeleteParams::default()).await.unwrap();
    server.cut_watches();
    server.compact(server.revision());
    tokio::time::sleep(Duration::from_secs(12 * 3600)).await;
    running.abort();
    server
}

#[tokio::test(start_paused = true)]
async fn a_controller_runs_for_a_day_and_writes_only_changes() {
    let server = day(1).await;
    let targets = targets(&server);
    let status = targets.get("a").await.unwrap().status.unwrap();
    assert_eq!(status.progress.as_deref(), Some("23"));
    assert!(targets.get_opt("b").await.unwrap().is_none(), "its finalizer is removed, so it is gone");
    let writes = server.history().iter().filter(|write| write.name == "a").count();
    assert_eq!(writes, 1 + 1 + 24, "made, guarded, and one status for each hour");
}

#[tokio::test(start_paused = true)]
async fn a_seed_decides_the_whole_history() {
    let (first, second, other) = (day(7).await, day(7).await, day(8).await);
    let text = |server: &ApiServer| {
        // The clocks of two days in one test differ by the first day.
        let writes = server.history();
        let writes = writes.iter().map(|write| {
            format!(
                "{} {:?} {} {:?}",
                write.revision,
                write.verb,
                write.name,
                write.after.as_ref().map(|object| &object["metadata"]["uid"])
            )
        });
        writes.collect::<Vec<_>>()
    };
    assert_eq!(text(&first), text(&second));
    assert_ne!(text(&first), text(&other));
}
