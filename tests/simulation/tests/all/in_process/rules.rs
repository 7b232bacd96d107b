//! Rules that the comparison with a real server doesn't reach.

use azimage_crds::ReplicationTarget;
use azimage_test_api_server::ApiServer;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
};
use serde_json::json;

use super::{code, create, server, target, targets};

#[tokio::test(start_paused = true)]
async fn what_is_not_implemented_is_an_error() {
    let server = server(1);
    let pods: Api<Pod> = Api::namespaced(server.client(), "default");
    assert_eq!(code(&pods.get("a").await.unwrap_err()), (501, "NotImplemented".to_owned()), "another kind");
    create(&server, "a").await;
    let targets = targets(&server);
    let dry = PostParams { dry_run: true, ..PostParams::default() };
    assert_eq!(code(&targets.create(&dry, &target("b")).await.unwrap_err()).0, 501, "a dry run");
    let patch = Patch::Strategic(json!({}));
    assert_eq!(code(&targets.patch("a", &PatchParams::default(), &patch).await.unwrap_err()).0, 501, "another patch");
    let foreground = DeleteParams::foreground();
    assert_eq!(code(&targets.delete("a", &foreground).await.unwrap_err()).0, 501, "a deletion with dependents");
    assert_eq!(code(&targets.get_scale("a").await.unwrap_err()).0, 501, "another subresource");
    assert_eq!(targets.list(&ListParams::default()).await.unwrap().items.len(), 1, "and nothing has happened");
}

#[tokio::test(start_paused = true)]
async fn a_namespace_that_goes_away_takes_its_objects_along_and_waits_for_their_finalizers() {
    let server = server(1);
    server.create_namespace("images").unwrap();
    let client = server.client();
    let targets: Api<ReplicationTarget> = Api::namespaced(client.clone(), "images");
    let namespaces: Api<Namespace> = Api::all(client);
    let mut held = target("held");
    held.metadata.finalizers = Some(vec!["azimage.dev/test".to_owned()]);
    targets.create(&PostParams::default(), &held).await.unwrap();
    targets.create(&PostParams::default(), &target("free")).await.unwrap();

    namespaces.delete("images", &DeleteParams::default()).await.unwrap();
    let left = targets.list(&ListParams::default()).await.unwrap().items;
    assert_eq!(left.iter().map(ResourceExt::name_any).collect::<Vec<_>>(), ["held"]);
    assert!(left[0].metadata.deletion_timestamp.is_some());
    assert_eq!(left[0].metadata.generation, Some(2));
    let refused = targets.create(&PostParams::default(), &target("late")).await.unwrap_err();
    assert_eq!(code(&refused), (403, "Forbidden".to_owned()));
    assert!(namespaces.get_opt("images").await.unwrap().is_some());

    let release = Patch::Merge(json!({"metadata": {"finalizers": null}}));
    targets.patch("held", &PatchParams::default(), &release).await.unwrap();
    assert!(namespaces.get_opt("images").await.unwrap().is_none());
    let refused = targets.create(&PostParams::default(), &target("late")).await.unwrap_err();
    assert_eq!(code(&refused), (404, "NotFound".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn pages_of_a_list_show_one_moment_and_expire_when_it_is_compacted() {
    let server = server(1);
    for name in ["a", "b", "c"] {
        create(&server, name).await;
    }
    let targets = targets(&server);
    let first = targets.list(&ListParams::default().limit(2)).await.unwrap();
    assert_eq!((first.items.len(), first.metadata.remaining_item_count), (2, Some(1)));
    targets.delete("c", &DeleteParams::default()).await.unwrap();
    let token = first.metadata.continue_.unwrap();
    let next = ListParams::default().limit(2).continue_token(&token);
    let second = targets.list(&next).await.unwrap();
    assert_eq!(second.items.iter().map(ResourceExt::name_any).collect::<Vec<_>>(), ["c"], "it was there then");
    server.compact(server.revision());
    assert_eq!(code(&targets.list(&next).await.unwrap_err()), (410, "Expired".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn every_write_is_in_the_history_with_what_was_before() {
    let server = server(1);
    create(&server, "a").await;
    let patch = Patch::Merge(json!({"spec": {"replicas": 5}}));
    let parameters = PatchParams { field_manager: Some("someone".to_owned()), ..PatchParams::default() };
    targets(&server).patch("a", &parameters, &patch).await.unwrap();
    let history = server.history();
    let last = history.last().unwrap();
    assert_eq!((last.resource.as_str(), last.name.as_str()), ("replicationtargets.azimage.dev", "a"));
    assert_eq!(last.manager, "someone");
    assert_eq!(last.before.as_ref().unwrap()["spec"]["replicas"], 1);
    assert_eq!(last.after.as_ref().unwrap()["spec"]["replicas"], 5);
    assert!(history.windows(2).all(|pair| pair[0].revision < pair[1].revision));
}

#[tokio::test(start_paused = true)]
async fn rules_in_cel_are_kept_as_a_real_server_keeps_them() {
    let server = server(1);
    create(&server, "a").await;
    let targets = targets(&server);
    let mut both = target("both");
    both.spec.image_selector = Some(serde_json::from_value(json!({"matchLabels": {"a": "1"}})).unwrap());
    let refused = targets.create(&PostParams::default(), &both).await.unwrap_err();
    assert_eq!(code(&refused), (422, "Invalid".to_owned()));
    let change = |region: &str| Patch::Merge(json!({"spec": {"region": region}}));
    let refused = targets.patch("a", &PatchParams::default(), &change("northeurope")).await.unwrap_err();
    let kube::Error::Api(status) = refused else { panic!("no answer") };
    assert_eq!(
        status.message,
        "ReplicationTarget.azimage.dev \"a\" is invalid: spec.region: Forbidden: the region of a target can't be changed: make a target of its own for the other region"
    );
    targets.patch("a", &PatchParams::default(), &change("West Europe")).await.unwrap();
}

#[test]
fn a_definition_with_a_rule_that_cannot_be_carried_out_is_not_served() {
    let definition = |rule: &str| {
        json!({"metadata": {"name": "things.example.com"}, "spec": {
            "group": "example.com", "scope": "Namespaced", "names": {"plural": "things", "kind": "Thing"},
            "versions": [{"name": "v1", "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                "spec": {"type": "object", "properties": {"list": {"type": "array", "items": {
                    "type": "string", "x-kubernetes-validations": [{"rule": rule}]}}}},
            }}}}],
        }})
    };
    let served = |rule: &str| ApiServer::new(&[definition(rule)], 1, jiff::Timestamp::default).is_ok();
    assert!(served("self != ''"));
    assert!(!served("self == oldSelf"), "it compares items");
    assert!(!served("self =="), "it can't be read");
}
