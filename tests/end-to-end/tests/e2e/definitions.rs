//! Image definitions: made, kept, looked at, taken over, and left alone.

use azimage_end_to_end::{Kind, Object, Test, classes, manifests, manifests::with};
use serde_json::{Value, json};

const PUT: &str = "PUT galleries/images";
const DEFINITION_WRITE: &str = "Microsoft.Compute/galleries/images/write";

fn id(test: &Test, name: &str) -> String {
    test.azure.compute(&format!("galleries/corpGallery/images/{name}"))
}

async fn in_azure(test: &Test, name: &str) -> Value {
    test.azure.request("GET", &id(test, name), None).await
}

/// The writes that azimage has sent, refused ones too.
async fn written(test: &Test) -> Vec<String> {
    let sent = test.azure.sent().await;
    classes(&sent.into_iter().filter(|entry| entry.write).collect::<Vec<_>>())
}

async fn applied(test: &Test) -> Vec<String> {
    let sent = test.azure.sent().await;
    classes(&sent.into_iter().filter(|entry| entry.applied).collect::<Vec<_>>())
}

/// Somebody else changes an image definition.
async fn change_in_azure(test: &Test, name: &str, change: impl Fn(&mut Value)) {
    let mut body = in_azure(test, name).await;
    change(&mut body);
    test.azure.request("PUT", &id(test, name), Some(&body)).await;
}

fn says(object: &Object, parts: &[&str]) {
    let (_, message) = object.stalled().unwrap();
    for part in parts {
        assert!(message.contains(part), "'{part}' is not in: {message}");
    }
}

/// Waits until the object `web` was told of a change, and is Ready after it.
async fn ready_again(test: &Test, before: &Object) {
    let version = before.at("/metadata/resourceVersion");
    let ready = |object: &Object| object.is_ready() && object.at("/metadata/resourceVersion") != version;
    test.wait(Kind::Definition, "web", "ready again", ready).await;
}

/// The image definition `ubuntu-web`, which is there from the beginning and nobody's, as an object describes it.
fn of_ubuntu_web(test: &Test, object: &str) -> Value {
    let described = json!({
        "osType": "Linux", "securityType": "Standard", "diskControllerTypes": ["SCSI"],
        "identifier": {"publisher": "p", "offer": "o", "sku": "s"},
    });
    with(manifests::definition(&test.azure, object, "ubuntu-web"), "/spec/properties", described)
}

/// The same with the identifier that it has.
pub(crate) async fn identical(test: &Test, object: &str) -> Value {
    let identifier = in_azure(test, "ubuntu-web").await["properties"]["identifier"].clone();
    with(of_ubuntu_web(test, object), "/spec/properties/identifier", identifier)
}

#[tokio::test]
async fn a_definition_is_made_with_all_that_azure_would_choose_and_what_others_change_is_put_back() {
    let test = Test::gated("definitions").await;
    let controller = test.start();
    let made = manifests::definition(&test.azure, "web", "web");
    let made = with(made, "/spec/properties/tags", json!({"costCenter": "42"}));
    test.apply(&with(made, "/spec/properties/recommended", json!({"vCPUs": {"min": 2, "max": 16}}))).await;
    let object = test.ready(Kind::Definition, "web").await;
    assert_eq!(applied(&test).await, [PUT]);
    let there = in_azure(&test, "web").await;
    let properties = &there["properties"];
    assert_eq!((&properties["hyperVGeneration"], &properties["architecture"]), (&json!("V2"), &json!("x64")));
    assert_eq!(properties["features"][0], json!({"name": "SecurityType", "value": "TrustedLaunch"}));
    assert_eq!(properties["features"][1], json!({"name": "DiskControllerTypes", "value": "SCSI, NVMe"}));
    assert_eq!(properties["recommended"], json!({"vCPUs": {"min": 2, "max": 16}}));
    let owner = there["tags"]["azimage-owner"].as_str().unwrap();
    assert!(owner.contains(&format!("/{}/web/", test.namespace)), "{owner}");
    assert_eq!(object.at("/status/resourceId"), &json!(id(&test, "web")));
    assert_eq!((object.at("/status/location"), object.at("/status/owned")), (&json!("westeurope"), &json!(true)));
    assert_eq!(object.at("/status/properties/securityType"), "TrustedLaunch");
    assert_eq!(object.condition("DefinitionReady").unwrap().status, "True");

    // What others change is put back, and what they add is left.
    change_in_azure(&test, "web", |it| {
        it["properties"]["description"] = json!("mine");
        it["properties"]["disallowed"] = json!({"diskTypes": ["Standard_LRS"]});
        it["tags"]["theirs"] = json!("x");
        it["tags"]["costCenter"] = json!("7");
    })
    .await;
    test.until("it is put back", || async { applied(&test).await.len() == 2 }).await;
    ready_again(&test, &object).await;
    let there = in_azure(&test, "web").await;
    assert_eq!(there["properties"]["description"], "Web servers");
    assert_eq!(there["properties"]["disallowed"], json!({"diskTypes": ["Standard_LRS"]}));
    assert_eq!((&there["tags"]["theirs"], &there["tags"]["costCenter"]), (&json!("x"), &json!("42")));

    // At rest one read in each period, and no write.
    let begun = test.azure.sent().await.len();
    let (kubernetes, several) = (test.gate().count(), 4);
    test.until("some periods have passed", || async { test.azure.sent().await.len() >= begun + several }).await;
    let rest = test.azure.sent().await.split_off(begun);
    assert!(rest.iter().all(|entry| entry.method == "GET" && entry.path.ends_with("/images/web")), "{rest:?}");
    assert_eq!(test.gate().writes()[kubernetes..], [], "at rest nothing is written to Kubernetes");

    // What the object changes is changed, and the object goes at once, without its definition.
    test.change(Kind::Definition, "web", &json!({"spec": {"properties": {"releaseNoteUri": "https://e.com/n"}}})).await;
    test.until("it is changed", || async {
        in_azure(&test, "web").await["properties"]["releaseNoteUri"] == "https://e.com/n"
    })
    .await;
    test.ready(Kind::Definition, "web").await;
    test.delete(Kind::Definition, "web").await;
    test.gone(Kind::Definition, "web").await;
    assert_eq!(in_azure(&test, "web").await["properties"]["description"], "Web servers");
    assert_eq!(applied(&test).await, [PUT; 3]);
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_definition_that_differs_in_what_azure_cannot_change_is_told_with_both_values_and_not_written() {
    let test = Test::new("definition-differs").await;
    let controller = test.start();
    test.apply(&manifests::definition(&test.azure, "web", "web")).await;
    test.ready(Kind::Definition, "web").await;
    let change = |properties: Value| json!({"spec": {"properties": properties}});
    test.change(Kind::Definition, "web", &change(json!({"osType": "Windows", "securityType": "Standard"}))).await;
    let object = test.stalled(Kind::Definition, "web", "DefinitionDiffers").await;
    says(
        &object,
        &[
            "spec.properties.osType is Windows in this object and Linux in Azure",
            "spec.properties.securityType is Standard in this object and TrustedLaunch in Azure",
        ],
    );
    test.change(Kind::Definition, "web", &json!({"spec": {"location": "East US 2"}})).await;
    let told = |object: &Object| object.stalled().is_some_and(|(_, message)| message.contains("eastus2"));
    let object = test.wait(Kind::Definition, "web", "told of its region", told).await;
    says(&object, &["spec.location is eastus2 in this object and westeurope in Azure"]);
    assert_eq!(written(&test).await, [PUT]);
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_definition_of_nobody_is_left_alone_and_taken_over_only_if_the_object_says_so_and_it_is_identical() {
    let test = Test::new("definition-adopted").await;
    let controller = test.start();
    test.apply(&of_ubuntu_web(&test, "web")).await;
    let object = test.stalled(Kind::Definition, "web", "DefinitionExists").await;
    says(&object, &["wasn't made by azimage", "spec.adoption"]);
    test.change(Kind::Definition, "web", &json!({"spec": {"adoption": "IfIdentical"}})).await;
    let object = test.stalled(Kind::Definition, "web", "DefinitionDiffers").await;
    says(&object, &["spec.properties.identifier.publisher is p in this object"]);
    assert_eq!(written(&test).await, [""; 0]);
    test.apply(&with(identical(&test, "web").await, "/spec/adoption", "IfIdentical".into())).await;
    let object = test.ready(Kind::Definition, "web").await;
    assert_eq!(applied(&test).await, [PUT]);
    assert!(in_azure(&test, "ubuntu-web").await["tags"]["azimage-owner"].is_string());
    // What newer sizes can't use is told, and no failure.
    let message = object.condition("Ready").unwrap().message;
    assert!(message.contains("no Trusted Launch") && message.contains("SCSI alone"), "{message}");
    let adopted = |events: &[k8s_openapi::api::events::v1::Event]| {
        events.iter().any(|event| event.reason.as_deref() == Some("Adopted"))
    };
    test.until("it is told", || async { adopted(&test.events().await) }).await;

    // Who takes it away finds it taken away: nobody fights for it.
    change_in_azure(&test, "ubuntu-web", |it| it["tags"]["azimage-owner"] = json!("c2/other/web/u-1")).await;
    let object = test.stalled(Kind::Definition, "web", "DefinitionExists").await;
    says(&object, &["was this object's", "c2/other/web/u-1"]);
    assert_eq!(applied(&test).await, [PUT]);
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn of_two_objects_for_one_definition_the_younger_one_waits_and_goes_on_when_the_other_is_gone() {
    let test = Test::new("definition-conflict").await;
    let controller = test.start();
    test.apply(&manifests::definition(&test.azure, "old", "web")).await;
    test.ready(Kind::Definition, "old").await;
    let young = manifests::definition(&test.azure, "young", "WEB");
    let young = with(young, "/spec/properties/identifier/sku", "web".into());
    let young = with(young, "/spec/properties/description", "Mine".into());
    test.apply(&with(young, "/spec/adoption", "IfIdentical".into())).await;
    let object = test.stalled(Kind::Definition, "young", "Conflict").await;
    says(&object, &[&format!("{}/old", test.namespace)]);
    assert!(test.history.last("ImageDefinition", "old").unwrap().is_ready());
    test.delete(Kind::Definition, "old").await;
    test.ready(Kind::Definition, "young").await;
    assert_eq!(in_azure(&test, "web").await["properties"]["description"], "Mine");
    assert_eq!(applied(&test).await, [PUT; 3], "made, taken over, changed");
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_missing_right_is_named_with_its_scope_and_once_granted_the_definition_is_made() {
    let test = Test::new("definition-right").await;
    test.azure.allow_without(&[DEFINITION_WRITE]).await;
    let controller = test.start();
    test.apply(&manifests::definition(&test.azure, "web", "web")).await;
    let object = test.stalled(Kind::Definition, "web", "AccessDenied").await;
    says(&object, &[DEFINITION_WRITE, "/galleries/corpGallery/images/web", "create the image definition"]);
    assert_eq!(applied(&test).await, [""; 0]);
    test.azure.allow_without(&[]).await;
    test.ready(Kind::Definition, "web").await;
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn killed_after_the_write_it_goes_on_without_a_second_one() {
    let test = Test::new("definition-killed").await;
    let fault = test.azure.hang_after_write(1).await;
    let first = test.start();
    test.apply(&manifests::definition(&test.azure, "web", "web")).await;
    test.until("it is written", || async { test.azure.fired(fault).await == 1 }).await;
    test.kill(first);
    assert_eq!(applied(&test).await, [PUT]);
    test.azure.end_fault(fault).await;
    let second = test.start();
    test.ready(Kind::Definition, "web").await;
    assert_eq!(applied(&test).await, [PUT]);
    test.finish(Some(second)).await;
}

#[tokio::test]
async fn a_suspended_object_asks_azure_nothing_and_goes_on_when_it_may() {
    let test = Test::new("definition-suspended").await;
    let controller = test.start();
    test.apply(&with(manifests::definition(&test.azure, "web", "web"), "/spec/suspend", true.into())).await;
    test.stalled(Kind::Definition, "web", "Suspended").await;
    assert_eq!(test.azure.sent().await.len(), 0);
    test.change(Kind::Definition, "web", &json!({"spec": {"suspend": false}})).await;
    test.ready(Kind::Definition, "web").await;
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_definition_that_is_only_looked_at_is_compared_and_never_written() {
    let test = Test::new("definition-observed").await;
    let controller = test.start();
    let observe = |object: Value| with(object, "/spec/management", "Observe".into());
    test.apply(&observe(of_ubuntu_web(&test, "otherwise"))).await;
    let object = test.stalled(Kind::Definition, "otherwise", "DefinitionDiffers").await;
    says(&object, &["spec.properties.identifier.sku is s in this object", "management: Observe"]);
    test.apply(&observe(identical(&test, "otherwise").await)).await;
    test.ready(Kind::Definition, "otherwise").await;
    test.delete(Kind::Definition, "otherwise").await;
    // Without properties it only has to be there; its name may be the object's.
    let mut bare = observe(manifests::definition(&test.azure, "later", "later"));
    for field in ["properties", "name"] {
        bare["spec"].as_object_mut().unwrap().remove(field);
    }
    test.apply(&bare).await;
    let object = test.stalled(Kind::Definition, "later", "DefinitionNotFound").await;
    says(&object, &["/images/later", "spec.management"]);
    test.azure.add_definition(json!({"name": "later"})).await;
    let object = test.ready(Kind::Definition, "later").await;
    assert_eq!(object.at("/status/owned"), &json!(false));
    let elsewhere = observe(manifests::definition(&test.azure, "elsewhere", "web"));
    test.apply(&with(elsewhere, "/spec/gallery/name", "noGallery".into())).await;
    let object = test.stalled(Kind::Definition, "elsewhere", "GalleryNotFound").await;
    says(&object, &["spec.gallery", "/galleries/noGallery"]);
    assert_eq!(written(&test).await, [""; 0]);
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn what_azure_does_not_keep_of_a_definition_is_written_three_times_and_then_told() {
    let test = Test::new("definition-reverted").await;
    let controller = test.start();
    test.apply(&manifests::definition(&test.azure, "web", "web")).await;
    test.ready(Kind::Definition, "web").await;
    let path = format!("{}.*/images/web$", test.azure.subscription);
    let edit =
        json!({"match": {"method": "GET", "path": path}, "then": {"edit": {"/properties/description": "theirs"}}});
    let fault = test.azure.fault(&edit).await;
    let object = test.stalled(Kind::Definition, "web", "ChangeReverted").await;
    says(&object, &["description from theirs to Web servers", "spec.properties"]);
    assert_eq!(applied(&test).await, [PUT; 4]);
    test.request(Kind::Definition, "web").await;
    test.until("somebody's request is answered by one more", || async { applied(&test).await.len() == 5 }).await;
    test.azure.end_fault(fault).await;
    test.ready(Kind::Definition, "web").await;
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_policy_that_forbids_a_definition_is_named() {
    let test = Test::alone("definition-policy").await;
    let scope = format!("/subscriptions/{}", test.azure.subscription);
    let policy = json!({"name": "needs-a-cost-center", "scope": scope, "requiredTag": "cost-center"});
    test.azure.post("/scenario", &json!({"policies": [policy]})).await;
    let controller = test.start();
    test.apply(&manifests::definition(&test.azure, "web", "web")).await;
    let object = test.stalled(Kind::Definition, "web", "DisallowedByPolicy").await;
    says(&object, &["needs-a-cost-center", "spec.properties.tags"]);
    test.change(Kind::Definition, "web", &json!({"spec": {"properties": {"tags": {"cost-center": "42"}}}})).await;
    test.ready(Kind::Definition, "web").await;
    test.finish(Some(controller)).await;
}
