//! What watches show.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use kube::{
    ResourceExt,
    api::{DeleteParams, Patch, PatchParams, WatchEvent, WatchParams},
};
use serde_json::json;

use super::{create, server, targets};

#[tokio::test(start_paused = true)]
async fn a_streaming_list_says_where_the_list_ends() {
    let server = server(1);
    create(&server, "a").await;
    let targets = targets(&server);
    let parameters = WatchParams::default().initial_events();
    let mut watch = targets.watch(&parameters, "0").await.unwrap().boxed();
    assert!(matches!(watch.try_next().await.unwrap(), Some(WatchEvent::Added(object)) if object.name_any() == "a"));
    let Some(WatchEvent::Bookmark(bookmark)) = watch.try_next().await.unwrap() else { panic!("no bookmark") };
    assert_eq!(bookmark.metadata.annotations["k8s.io/initial-events-end"], "true");
    create(&server, "b").await;
    assert!(matches!(watch.try_next().await.unwrap(), Some(WatchEvent::Added(object)) if object.name_any() == "b"));
    let patch = Patch::Merge(json!({"spec": {"replicas": 2}}));
    targets.patch("b", &PatchParams::default(), &patch).await.unwrap();
    assert!(matches!(watch.try_next().await.unwrap(), Some(WatchEvent::Modified(_))));
    targets.delete("b", &DeleteParams::default()).await.unwrap();
    assert!(matches!(watch.try_next().await.unwrap(), Some(WatchEvent::Deleted(_))));
}

#[tokio::test(start_paused = true)]
async fn a_watch_from_before_the_compaction_is_told_410() {
    let server = server(1);
    create(&server, "a").await;
    server.compact(server.revision());
    create(&server, "b").await;
    let mut watch = targets(&server).watch(&WatchParams::default(), "2").await.unwrap().boxed();
    let Some(WatchEvent::Error(status)) = watch.try_next().await.unwrap() else { panic!("no error") };
    assert_eq!((status.code, status.reason.as_str()), (410, "Expired"));
    assert!(watch.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_quiet_watch_gets_bookmarks_and_ends_at_its_time() {
    let server = server(1);
    let start = tokio::time::Instant::now();
    let revision = server.revision().to_string();
    let parameters = WatchParams::default().timeout(150);
    let events: Vec<_> = targets(&server).watch(&parameters, &revision).await.unwrap().try_collect().await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 150);
    assert!(events.len() == 2 && events.iter().all(|event| matches!(event, WatchEvent::Bookmark(_))));
}

#[tokio::test(start_paused = true)]
async fn a_cut_ends_all_watches() {
    let server = server(1);
    let revision = server.revision().to_string();
    let watch = targets(&server).watch(&WatchParams::default(), &revision).await.unwrap();
    let cutter = server.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(5)).await;
        cutter.cut_watches();
    });
    let start = tokio::time::Instant::now();
    assert_eq!(watch.count().await, 0);
    assert_eq!(start.elapsed().as_secs(), 5);
}
