//! Which versions count as the last good ones.

use azimage_crds::ImageVersion;
use serde_json::{Value, json};

use super::{
    super::{good::good_versions, validate::version_id},
    fixtures::{both, object},
};

fn version(name: &str, seconds: i32, change: &Value) -> ImageVersion {
    let machine = |name: &str| json!({"name": name, "vmSize": "S", "timings": {"bootSeconds": seconds}, "checks": []});
    let validation = json!({
        "outcome": "Passed", "region": "westeurope", "startedAt": "2026-01-01T00:00:00Z",
        "finishedAt": format!("2026-01-01T00:00:{seconds:02}Z"), "machines": [machine("1"), machine("2")],
    });
    let base = json!({
        "metadata": {"name": name, "uid": name}, "spec": {"version": format!("2.0.{seconds}")},
        "status": {"conditions": [], "validation": validation},
    });
    object(&both(&base, change))
}

fn found(change: &Value, others: &[ImageVersion]) -> Vec<i32> {
    let validation = json!({"vmSizes": ["S"], "maxSlowdown": {"percent": 50}});
    let object = object(&both(&json!({"spec": {"validation": validation}}), change));
    let id = version_id(&object).unwrap();
    let good = good_versions(&object, &id, &others.iter().collect::<Vec<_>>());
    assert!(good.iter().all(|good| good.machines.len() == 2));
    good.into_iter().filter_map(|good| good.machines[0].1.boot_seconds).collect()
}

#[test]
fn the_last_that_passed_count_and_no_others() {
    let none = json!({});
    let failed = json!({"status": {"validation": {"outcome": "Failed"}}});
    let others = vec![
        version("a", 10, &none),
        version("b", 30, &none),
        version("c", 20, &none),
        version("failed", 40, &failed),
        version("elsewhere", 41, &json!({"metadata": {"namespace": "other"}})),
        version("of-another", 42, &json!({"spec": {"definition": "other"}})),
        version("u-1", 43, &none),
        version("silent", 44, &json!({"status": {"validation": null}})),
    ];
    assert_eq!(found(&none, &others), [30, 20, 10]);
    assert_eq!(found(&json!({"spec": {"validation": {"maxSlowdown": null}}}), &others), [0; 0]);
    let passed = json!({"status": version("x", 1, &none).status});
    assert_eq!(found(&passed, &others), [0; 0], "it is decided");
    let many: Vec<_> = (10..30).map(|at| version(&format!("v{at}"), at, &none)).collect();
    assert_eq!(found(&none, &many), (20..30).rev().collect::<Vec<_>>());
}
