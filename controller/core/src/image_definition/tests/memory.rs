//! What is remembered, by the status and by the process.

use super::*;

#[test]
fn a_status_shows_what_azure_has_and_is_the_same_for_the_same() {
    let ensured = validated(json!({}));
    let seen = plan(&ensured, &found(definition())).report;
    let next = |previous: &ImageDefinitionStatus, report: &Report| {
        next_status(previous, report, Some(&ensured.id), 1, None, Timestamp::UNIX_EPOCH)
    };
    let status = next(&ImageDefinitionStatus::default(), &seen);
    assert_eq!(
        (status.name.as_deref(), status.location.as_deref(), status.owned),
        (Some("web"), Some("westeurope"), true)
    );
    assert_eq!(status.resource_id, Some(ensured.id.to_string()));
    assert_eq!(status.properties.as_ref().unwrap().disk_controller_types, "SCSI, NVMe");
    assert_eq!(next(&status, &seen), status, "nothing is written at rest");
    let lost = plan(&ensured, &found(with(|it| it.tags.clear()))).report;
    assert!(next(&status, &lost).owned, "it was this object's");
    let unread =
        Observed { definition: Some(Reading::Failed(Failure::Unavailable("down".into()))), ..Observed::default() };
    let unread = next(&status, &plan(&ensured, &unread).report);
    assert_eq!((unread.resource_id.is_some(), unread.owned), (true, true));
    let gone = plan_with(&ensured, &absent(gallery()), &memory(2, 0), &status).report;
    let gone = next(&status, &gone);
    assert_eq!((gone.resource_id, gone.properties, gone.owned), (None, None, false));
    assert_eq!(status.conditions[0].type_, ConditionType::DefinitionReady.as_str());
}

#[test]
fn what_was_not_shown_is_counted_anew_as_soon_as_it_is() {
    let mut memory = Memory::default().of(Some(1));
    for expected in 1..3 {
        memory.saw(&absent(Reading::Missing(Absent::Parent)));
        assert_eq!((memory.absent, memory.no_gallery), (expected, expected));
    }
    memory.saw(&absent(gallery()));
    assert_eq!((memory.absent, memory.no_gallery), (3, 0));
    memory.saw(&found(definition()));
    assert_eq!((memory.absent, memory.no_gallery), (0, 0));
    let failed =
        Observed { definition: Some(Reading::Failed(Failure::Unavailable(String::new()))), ..Observed::default() };
    memory.saw(&failed);
    memory.saw(&failed);
    assert_eq!(memory.requeue_after(Requeue::Retry, &PACE), Duration::from_secs(10));
    memory.succeeded();
    assert_eq!(memory.requeue_after(Requeue::Retry, &PACE), Duration::from_secs(5));
    memory.waits(Some(Duration::from_secs(42)));
    assert_eq!(memory.requeue_after(Requeue::Throttled, &PACE), Duration::from_secs(42));
    assert_eq!(memory.clone().of(Some(2)).requeue_after(Requeue::Throttled, &PACE), PACE.poll, "another spec");
    for _ in 0..5 {
        assert!(!memory.failed(Failure::NotAllowed("no".into()), None).is_permanent());
    }
    assert!(memory.failed(Failure::NotAllowed("no".into()), None).is_permanent(), "a state that stays in the way");
}
