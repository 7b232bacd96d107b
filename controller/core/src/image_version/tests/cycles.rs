//! Versions that are each made from the next.

use azimage_crds::ImageVersion;
use serde_json::{Value, json};

use super::{
    super::{Environment, validate as understand},
    fixtures::*,
};

const GALLERY: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/images/providers/Microsoft.Compute/galleries/corp";

fn copy(number: usize, of: usize, change: &Value) -> ImageVersion {
    let source = format!("{GALLERY}/images/web/versions/{of}.0.0");
    let this = json!({
        "metadata": {"name": format!("web-{number}"), "uid": format!("u-{number}")},
        "spec": {
            "version": format!("{number}.0.0"),
            "source": {"virtualMachine": null, "imageVersion": {"resourceId": source}},
        },
    });
    object(&both(&this, change))
}

fn found(all: &[ImageVersion]) -> Vec<String> {
    let versions: Vec<&ImageVersion> = all.iter().collect();
    let environment = Environment {
        cluster: "c1",
        own_identity_serves: true,
        account_serves: true,
        targets: &[],
        versions: &versions,
        unreadable: &[],
        definitions: &[],
    };
    understand(&all[0], environment).unwrap().source_cycle
}

#[test]
fn a_circle_is_found_by_each_of_its_members_while_no_version_of_it_exists() {
    let plain = json!({});
    let ring = |change: &Value| vec![copy(1, 2, &plain), copy(2, 3, change), copy(3, 1, &plain)];
    let names = |numbers: &[usize]| numbers.iter().map(|number| format!("web-{number}")).collect::<Vec<_>>();
    let machine = json!({"metadata": {"name": "web-2", "uid": "u-2"}, "spec": {"version": "2.0.0"}});
    let has_it = json!({"status": {"conditions": [], "resourceId": "x"}});
    let stalled = json!({"type": "Stalled", "status": "True", "reason": "InvalidSpec", "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z"});
    for (case, all, expected) in [
        ("two", vec![copy(1, 2, &plain), copy(2, 1, &plain)], names(&[1, 2])),
        ("three", ring(&plain), names(&[1, 2, 3])),
        ("one of them says so already", ring(&json!({"status": {"conditions": [stalled]}})), names(&[1, 2, 3])),
        ("one of them is suspended", ring(&json!({"spec": {"suspend": true}})), names(&[1, 2, 3])),
        ("one of them exists", ring(&has_it), vec![]),
        ("one of them goes", ring(&json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}})), vec![]),
        ("one of them is elsewhere", ring(&json!({"metadata": {"namespace": "elsewhere"}})), vec![]),
        ("a chain", vec![copy(1, 2, &plain), copy(2, 3, &plain), copy(3, 4, &plain)], vec![]),
        ("a chain from a machine", vec![copy(1, 2, &plain), object(&machine)], vec![]),
        ("a chain that leads into a circle", vec![copy(1, 2, &plain), copy(2, 3, &plain), copy(3, 2, &plain)], vec![]),
    ] {
        assert_eq!(found(&all), expected, "{case}");
    }
}

#[test]
fn a_long_circle_is_found_too() {
    let all: Vec<ImageVersion> = (0..300).map(|number| copy(number, (number + 1) % 300, &json!({}))).collect();
    assert_eq!(found(&all).len(), 300);
}
