//! What is written.

use super::*;

#[test]
fn a_new_definition_is_ours_has_all_that_the_object_says_and_lies_where_the_gallery_does() {
    let tags = json!({"properties": {"tags": {"a": "b"}, "description": "web"}});
    for (location, expected) in [(json!({}), "northeurope"), (json!({"location": "East US 2"}), "eastus2")] {
        let mut spec = tags.clone();
        spec.as_object_mut().unwrap().extend(location.as_object().unwrap().clone());
        let plan = plan_with(&validated(spec), &absent(gallery()), &memory(2, 0), &ImageDefinitionStatus::default());
        let request = plan.step.unwrap().request;
        assert_eq!(request.location.to_string(), expected);
        let expected = [("a".to_owned(), "b".to_owned()), (OWNER_TAG.to_owned(), owner("u-web"))];
        assert_eq!(request.tags, BTreeMap::from(expected));
        assert_eq!(request.settings.description.as_deref(), Some("web"));
        assert!(request.new.is_some() && request.properties.is_empty());
    }
}

#[test]
fn what_is_taken_over_gets_the_owner_tag_and_nothing_else() {
    let spec = json!({"adoption": "IfIdentical", "properties": {"description": "web"}});
    let theirs = with(|it| it.tags = BTreeMap::from([("Azimage-Owner".to_owned(), "c2/a/b/c".to_owned())]));
    let step = plan(&validated(spec.clone()), &found(theirs.clone())).step.unwrap();
    assert_eq!(step.request.tags, BTreeMap::from([("Azimage-Owner".to_owned(), owner("u-web"))]));
    assert_eq!((step.request.settings, step.former.as_deref()), (Settings::default(), Some("c2/a/b/c")));
    let status = ImageDefinitionStatus { owned: true, ..ImageDefinitionStatus::default() };
    let lost = plan_with(&validated(spec.clone()), &found(theirs.clone()), &Memory::default(), &status);
    assert_eq!(shape(&lost), ("Stalled DefinitionExists".into(), Requeue::Resync, None));
    assert!(said(&lost).contains("was this object's"), "{}", said(&lost));
    let other = Definition { os_type: "Windows".into(), ..theirs };
    assert_eq!(shape(&plan(&validated(spec), &found(other))).0, "Stalled DefinitionDiffers");
}

#[test]
fn a_change_that_does_not_last_is_written_three_times_with_growing_pauses() {
    let ensured = validated(json!({"properties": {"description": "web"}}));
    let drifted = || found(definition());
    let (mut memory, status) = (Memory::default(), ImageDefinitionStatus::default());
    let (mut now, mut written) = (Duration::ZERO, Vec::new());
    let stalled = loop {
        memory.asked_for_users(now);
        let given = Given { status: &status, memory: &memory, pace: &PACE, now };
        let Next::Plan(plan) = next(&ensured, &drifted(), given) else { panic!("nothing is read") };
        match (&plan.step, plan.rests) {
            (Some(step), _) => {
                written.push(now.as_secs());
                memory.accepted(step, false, now);
            }
            (None, Some(rest)) => {
                assert_eq!(shape(&plan).0, "Retrying ChangeReverted");
                now += rest;
            }
            (None, None) => break plan,
        }
    };
    assert_eq!(written, [0, 10, 30]);
    assert_eq!(shape(&stalled), ("Stalled ChangeReverted".into(), Requeue::Resync, None));
    assert!(said(&stalled).contains("description from nothing to web"), "{}", said(&stalled));
    // A new process believes it, until somebody asks or the object changes.
    let status = status_of(&stalled.report);
    assert_eq!(shape(&plan_with(&ensured, &drifted(), &Memory::default(), &status)).0, "Stalled ChangeReverted");
    let asked = Validated { requested: true, ..ensured.clone() };
    assert_eq!(shape(&plan_with(&asked, &drifted(), &Memory::default(), &status)).2, CHANGE);
    let changed = Validated { generation: Some(2), ..ensured };
    assert_eq!(shape(&plan_with(&changed, &drifted(), &Memory::default(), &status)).2, CHANGE);
    // What fails again and again in Azure has its own reason.
    let mut memory = Memory::default();
    let failed = found(with(|it| it.provisioning = ProvisioningState::Failed));
    let ensured = validated(json!({}));
    for _ in 0..3 {
        let given = Given { status: &ImageDefinitionStatus::default(), memory: &memory, pace: &PACE, now };
        let Next::Plan(plan) = next(&ensured, &failed, given) else { panic!("nothing is read") };
        memory.accepted(&plan.step.expect("it is written"), false, now);
        now += Duration::from_secs(60);
    }
    memory.asked_for_users(now);
    let given = Given { status: &ImageDefinitionStatus::default(), memory: &memory, pace: &PACE, now };
    let Next::Plan(plan) = next(&ensured, &failed, given) else { panic!("nothing is read") };
    assert_eq!(shape(&plan), ("Stalled DefinitionFailed".into(), Requeue::Resync, None));
}
