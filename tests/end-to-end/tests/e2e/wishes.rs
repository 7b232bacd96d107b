//! One bad wish holds up nobody: what Azure refuses of a list of regions, what it can't change, and what it doesn't keep.

use azimage_end_to_end::{Kind, Object, Test, manifests, manifests::with};
use serde_json::{Value, json};

/// The right to know which regions there are. Without it a misspelt one is found out by what Azure refuses.
const LOCATIONS: [&str; 1] = ["Microsoft.Resources/subscriptions/locations/read"];

/// A resync in which no test comes to a second one.
const SELDOM: [(&str, &str); 1] = [("resync-interval", "10m")];

async fn apply_copy(test: &Test) {
    let source = test.azure.golden().await;
    test.apply(&manifests::copy(&test.azure, "web", "1.4.0", &source)).await;
}

fn replicated(object: &Object) -> (String, String) {
    object.condition("Replicated").map(|condition| (condition.status, condition.reason)).unwrap_or_default()
}

async fn region_refused(test: &Test) -> Object {
    let refused = ("False".to_owned(), "RegionRefused".to_owned());
    test.wait(Kind::Version, "web", "complete but for what Azure refuses", |object| replicated(object) == refused).await
}

/// How many writes of the version Azure refused.
async fn refused(test: &Test) -> usize {
    let sent = test.azure.sent().await;
    let is = |entry: &&azimage_end_to_end::JournalEntry| entry.method == "PUT" && entry.status >= Some(400);
    sent.iter().filter(is).count()
}

async fn stalled_target(test: &Test, name: &str, reason: &str) -> String {
    let object = test.stalled(Kind::Target, name, reason).await;
    let available = object.condition("Available").unwrap();
    assert_eq!((available.status.as_str(), available.reason.as_str()), ("False", reason));
    object.stalled().unwrap().1
}

#[tokio::test]
async fn a_region_that_azure_does_not_have_stops_its_own_target_and_nobody_else() {
    let test = Test::new("typo").await;
    test.azure.allow_without(&LOCATIONS).await;
    let controller = test.start_with(&SELDOM);
    test.apply(&manifests::target("north", "northeurope")).await;
    test.apply(&manifests::target("typo", "northeurop")).await;
    apply_copy(&test).await;
    let object = region_refused(&test).await;
    let message = object.condition("Replicated").unwrap().message;
    assert!(message.contains("northeurop (target typo)") && message.contains("InvalidParameter"), "{message}");
    assert!(object.stalled().is_none(), "the version isn't to blame");
    let told = stalled_target(&test, "typo", "RegionRefused").await;
    assert!(told.contains("northeurop") && told.contains("is not available for this subscription"), "{told}");
    test.ready(Kind::Target, "north").await;
    let state = |name: &str| object.regions().into_iter().find(|(is, _)| is == name).map(|(_, state)| state);
    assert_eq!(state("northeurop").as_deref(), Some("Refused"));

    // Others come and go as ever.
    test.apply(&manifests::target("south", "uksouth")).await;
    test.ready(Kind::Target, "south").await;
    test.delete(Kind::Target, "north").await;
    test.gone(Kind::Target, "north").await;
    assert_eq!(refused(&test).await, 1, "it is asked for once in each period");
    // Another process knows it too.
    test.kill(controller);
    let controller = test.start_with(&SELDOM);
    test.apply(&manifests::target("east", "eastus2")).await;
    test.ready(Kind::Target, "east").await;
    assert_eq!(refused(&test).await, 1, "and not for a restart");

    test.delete(Kind::Target, "typo").await;
    test.gone(Kind::Target, "typo").await;
    test.ready(Kind::Version, "web").await;
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_region_that_the_subscription_does_not_have_is_told_before_anything_is_asked() {
    let test = Test::new("unlisted").await;
    let controller = test.start_with(&SELDOM);
    test.apply(&manifests::target("north", "northeurope")).await;
    test.apply(&manifests::target("typo", "North Europ")).await;
    apply_copy(&test).await;
    let told = stalled_target(&test, "typo", "RegionUnknown").await;
    assert!(told.starts_with("spec.region: ") && told.contains("is northeurope meant?"), "{told}");
    println!("{told}");
    test.ready(Kind::Target, "north").await;
    let unknown = ("False".to_owned(), "RegionUnknown".to_owned());
    let complete = |object: &Object| replicated(object) == unknown;
    let object = test.wait(Kind::Version, "web", "complete but for what isn't there", complete).await;
    let message = object.condition("Replicated").unwrap().message;
    assert!(message.contains("northeurop (target typo)"), "{message}");
    assert_eq!(object.at("/status/refusals/0/unknown"), &json!(true));
    assert!(object.stalled().is_none(), "the version isn't to blame");

    // A whole crowd of them takes nobody's place.
    for number in 0..140 {
        let name = format!("t-{number}");
        test.apply(&manifests::target(&name, &format!("atlantis{number}"))).await;
    }
    test.apply(&manifests::target("south", "uksouth")).await;
    test.ready(Kind::Target, "south").await;
    assert_eq!(refused(&test).await, 0, "Azure was never asked for what isn't there");
    for target in ["typo", "t-7"] {
        test.delete(Kind::Target, target).await;
        test.gone(Kind::Target, target).await;
    }
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn of_two_that_azure_refuses_together_the_younger_one_stops_and_goes_on_when_it_asks_for_less() {
    let test = Test::new("sum").await;
    let controller = test.start_with(&SELDOM);
    let many = |name: &str, region: &str| with(manifests::target(name, region), "/spec/replicas", 60.into());
    test.apply(&many("a-north", "northeurope")).await;
    test.apply(&many("b-east", "eastus2")).await;
    apply_copy(&test).await;
    test.ready(Kind::Target, "a-north").await;
    let told = stalled_target(&test, "b-east", "RegionRefused").await;
    assert!(told.contains("out of range") && told.contains("eastus2"), "{told}");
    assert_eq!(refused(&test).await, 1);
    test.change(Kind::Target, "b-east", &json!({"spec": {"replicas": 39}})).await;
    test.ready(Kind::Target, "b-east").await;
    test.ready(Kind::Version, "web").await;
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn the_storage_of_a_region_is_never_asked_to_change() {
    let test = Test::new("storage").await;
    let controller = test.start_with(&SELDOM);
    test.apply(&manifests::target("north", "northeurope")).await;
    apply_copy(&test).await;
    test.ready(Kind::Version, "web").await;
    test.ready(Kind::Target, "north").await;
    let other = |value: &str| json!({"spec": {"storageAccountType": value}});
    test.change(Kind::Target, "north", &other("Premium_LRS")).await;
    let told = stalled_target(&test, "north", "StorageTypeFixed").await;
    assert!(told.contains("spec.storageAccountType") && told.contains("Standard_LRS"), "{told}");
    test.apply(&with(manifests::target("home", "westeurope"), "/spec/storageAccountType", json!("Standard_ZRS"))).await;
    stalled_target(&test, "home", "StorageTypeFixed").await;
    test.apply(&manifests::target("east", "eastus2")).await;
    test.ready(Kind::Target, "east").await;
    test.ready(Kind::Version, "web").await;
    assert_eq!(refused(&test).await, 0, "nothing is asked for in vain");
    test.change(Kind::Target, "north", &other("Standard_LRS")).await;
    test.ready(Kind::Target, "north").await;
    test.finish(Some(controller)).await;
}

/// How often azimage wrote the version.
async fn puts(test: &Test) -> usize {
    test.azure.writes().await.iter().filter(|entry| entry.method == "PUT").count()
}

#[tokio::test]
async fn a_change_that_azure_does_not_keep_is_written_three_times_and_then_told() {
    let test = Test::new("reverted").await;
    let controller = test.start();
    let source = test.azure.golden().await;
    let copy = manifests::copy(&test.azure, "web", "1.4.0", &source);
    test.apply(&with(copy, "/spec/publish/tags", json!({"costCenter": "42"}))).await;
    test.ready(Kind::Version, "web").await;
    let before = puts(&test).await;
    let edit = |path: &str, pointer: &str| {
        json!({
            "match": {"method": "GET", "path": format!("{}{path}", test.azure.subscription)},
            "then": {"edit": {pointer: "platform"}},
        })
    };
    let one = test.azure.fault(&edit(".*/versions/1\\.4\\.0$", "/tags/costCenter")).await;
    let list = test.azure.fault(&edit(".*/images/ubuntu-web/versions$", "/value/*/tags/costCenter")).await;
    let object = test.stalled(Kind::Version, "web", "ChangeReverted").await;
    let (_, message) = object.stalled().unwrap();
    for part in ["tag costCenter", "\"platform\"", "\"42\"", "spec.publish"] {
        assert!(message.contains(part), "'{part}' is not in: {message}");
    }
    assert_eq!(replicated(&object).0, "True", "all regions are complete");
    assert_eq!(puts(&test).await - before, 3);
    // A target gets its region all the same, and a resync writes nothing.
    test.apply(&manifests::target("north", "northeurope")).await;
    test.ready(Kind::Target, "north").await;
    assert_eq!(puts(&test).await - before, 4);
    test.request(Kind::Version, "web").await;
    test.until("somebody's request is answered by one more", || async { puts(&test).await - before == 5 }).await;
    for fault in [one, list] {
        test.azure.end_fault(fault).await;
    }
    test.ready(Kind::Version, "web").await;
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn the_guard_against_lost_regions_is_opened_only_to_remove_one() {
    let test = Test::new("guard").await;
    let controller = test.start();
    test.apply(&manifests::target("north", "northeurope")).await;
    test.apply(&manifests::target("east", "eastus2")).await;
    apply_copy(&test).await;
    test.ready(Kind::Target, "north").await;
    test.ready(Kind::Target, "east").await;
    test.delete(Kind::Target, "north").await;
    test.gone(Kind::Target, "north").await;
    test.ready(Kind::Version, "web").await;
    let allowed = |entry: &azimage_end_to_end::JournalEntry| {
        let regions = entry.body.pointer("/properties/publishingProfile/targetRegions").and_then(Value::as_array);
        let allows = entry.body.pointer("/properties/safetyProfile/allowDeletionOfReplicatedLocations").cloned();
        (regions.map_or(0, Vec::len), allows)
    };
    let sent = test.azure.sent().await;
    let found: Vec<_> = sent.iter().filter(|entry| entry.method == "PUT").map(allowed).collect();
    let (last, others) = found.split_last().unwrap();
    assert_eq!(*last, (2, Some(json!(true))), "{found:?}");
    assert!(others.iter().all(|(_, allows)| *allows == Some(json!(false))), "{found:?}");
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn very_many_targets_for_one_region_and_for_made_up_ones_leave_a_status_that_can_be_written() {
    let test = Test::new("crowd").await;
    let controller = test.start_with(&SELDOM);
    apply_copy(&test).await;
    test.ready(Kind::Version, "web").await;
    for number in 0..70 {
        test.apply(&manifests::target(&format!("t-{number}"), "uksouth")).await;
    }
    for number in [0, 69] {
        test.ready(Kind::Target, &format!("t-{number}")).await;
    }
    let object = test.ready(Kind::Version, "web").await;
    let region =
        object.at("/status/regions").as_array().unwrap().iter().find(|region| region["name"] == "uksouth").unwrap();
    assert_eq!((region["requestedBy"].as_array().unwrap().len(), &region["requesters"]), (64, &json!(70)));
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn very_many_targets_for_a_region_that_azure_does_not_have_cost_a_few_writes_and_hold_up_nobody() {
    let test = Test::new("mob").await;
    test.azure.allow_without(&LOCATIONS).await;
    let controller = test.start_with(&SELDOM);
    apply_copy(&test).await;
    test.ready(Kind::Version, "web").await;
    for number in 0..140 {
        let target = manifests::target(&format!("t-{number}"), "northeurop");
        test.apply(&with(target, "/spec/replicas", (1 + number % 4).into())).await;
    }
    test.apply(&manifests::target("good", "uksouth")).await;
    test.ready(Kind::Target, "good").await;
    let object = region_refused(&test).await;
    let message = object.condition("Replicated").unwrap().message;
    assert!(message.contains("northeurop (target t-0 and 139 more)"), "{message}");
    assert_eq!(object.at("/status/refusals").as_array().map(Vec::len), Some(4), "one for each setting");
    for number in [0, 71, 139] {
        stalled_target(&test, &format!("t-{number}"), "RegionRefused").await;
    }
    let refused = refused(&test).await;
    assert!(refused <= 60, "{refused} refused writes");
    test.finish(Some(controller)).await;
}
