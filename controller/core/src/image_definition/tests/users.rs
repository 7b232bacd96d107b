//! Who uses an image definition.

use azimage_crds::ImageUsers;

use super::*;

fn some(scale_sets: bool, region: &str, follow_latest: bool, version: &str, count: u64) -> Users {
    Users { scale_sets, region: region.parse().ok(), follow_latest, version: version.parse().ok(), count }
}

fn read(users: Reading<Vec<Users>>) -> Observed {
    Observed { users: Some(users), ..found(definition()) }
}

#[test]
fn it_is_asked_from_time_to_time_or_on_request_and_where_nothing_is_written() {
    let ensured = validated(json!({}));
    let status = ImageDefinitionStatus::default();
    let asked = |ensured: &Validated, at: Option<u64>, now: u64, observed: &Observed| {
        let mut memory = Memory::default();
        if let Some(at) = at {
            memory.asked_for_users(Duration::from_secs(at));
        }
        let given = Given { status: &status, memory: &memory, pace: &PACE, now: Duration::from_secs(now) };
        next(ensured, observed, given) == Next::Read(Read::Users)
    };
    let requested = Validated { requested: true, ..ensured.clone() };
    let differs = found(with(|it| drop(it.properties.insert("description".to_owned(), json!("old")))));
    let changed = validated(json!({"properties": {"description": "new"}}));
    let refused = read(Reading::Failed(Failure::Throttled));
    let rows = [
        ("it was never asked", &ensured, None, 1, found(definition()), true),
        ("it was asked a while ago", &ensured, Some(100), 1899, found(definition()), false),
        ("it was asked three resync periods ago", &ensured, Some(100), 1900, found(definition()), true),
        ("a person wants it", &requested, Some(100), 101, found(definition()), true),
        ("it was answered in this pass", &requested, None, 1, read(Reading::Found(vec![])), false),
        ("it was refused in this pass", &requested, None, 1, refused, false),
        ("something is to be written", &changed, None, 1, differs, false),
    ];
    for (case, validated, at, now, observed, expected) in rows {
        assert_eq!(asked(validated, at, now, &observed), expected, "{case}");
    }
}

#[test]
fn those_that_name_a_version_and_those_that_follow_latest_are_told_apart() {
    let ensured = validated(json!({}));
    let users = vec![
        some(false, "westeurope", false, "1.9.0", 3),
        some(false, "northeurope", false, "1.9.0", 4),
        some(true, "westeurope", false, "1.9.0", 1),
        some(false, "westeurope", true, "1.10.0", 5),
        some(true, "westeurope", true, "1.9.0", 2),
        some(true, "northeurope", true, "", 6),
        some(true, "?", true, "1.10.0", 1),
        some(true, "westus", true, "1.11.0", 0),
    ];
    let status = status_of(&plan(&ensured, &read(Reading::Found(users))).report);
    let expected = json!({
        "versions": [
            {"version": "1.10.0", "virtualMachines": 0, "scaleSets": 0, "latestVirtualMachines": 5, "latestScaleSets": 1},
            {"version": "1.9.0", "virtualMachines": 7, "scaleSets": 1, "latestVirtualMachines": 0, "latestScaleSets": 2},
        ],
        "followers": [
            {"region": "northeurope", "virtualMachines": 0, "scaleSets": 6},
            {"region": "westeurope", "virtualMachines": 5, "scaleSets": 2},
        ],
    });
    assert_eq!(serde_json::to_value(&status.users).unwrap(), expected);
    let unread = plan(&ensured, &read(Reading::Failed(Failure::Throttled)));
    let next = next_status(&status, &unread.report, Some(&ensured.id), 1, None, Timestamp::UNIX_EPOCH);
    assert_eq!(
        (next.users, &unread.requeue),
        (status.users, &Requeue::Resync),
        "what was told stays, and nothing waits"
    );
    let nobody = status_of(&plan(&ensured, &read(Reading::Found(vec![]))).report);
    assert_eq!(nobody.users, Some(ImageUsers::default()));
}

#[test]
fn a_status_tells_of_the_newest_versions_alone() {
    let users = (0..100).map(|minor| some(false, "westeurope", false, &format!("1.{minor}.0"), u64::MAX)).collect();
    let told = status_of(&plan(&validated(json!({})), &read(Reading::Found(users))).report).users.unwrap();
    let versions: Vec<&str> = told.versions.iter().map(|it| it.version.as_str()).collect();
    assert_eq!((versions.len(), versions[0], versions[63]), (64, "1.99.0", "1.36.0"));
    assert_eq!(told.versions[0].virtual_machines, i64::MAX);
}
