//! What comes of what Azure shows.

use super::*;

/// What is the case, the spec, what was read, what is remembered, and what comes of it.
type Case = (&'static str, Value, Observed, Memory, (&'static str, Requeue, Option<&'static str>));

#[test]
fn the_definition_is_read_first_and_its_gallery_only_where_there_is_none() {
    let (ensured, status, memory) = (validated(json!({})), ImageDefinitionStatus::default(), Memory::default());
    let given = Given { status: &status, memory: &memory, pace: &PACE, now: Duration::ZERO };
    assert_eq!(next(&ensured, &Observed::default(), given), Next::Read(Read::Definition));
    let missing = Observed { definition: Some(Reading::Missing(Absent::Resource)), ..Observed::default() };
    assert_eq!(next(&ensured, &missing, given), Next::Read(Read::Gallery));
    let suspended = validated(json!({"suspend": true}));
    assert!(suspended.identity.is_none());
    assert_eq!(shape(&plan(&suspended, &Observed::default())), ("Stalled Suspended".into(), Requeue::Never, None));
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn what_comes_of_each_state() {
    let ensure = || json!({});
    let observe = || json!({"management": "Observe"});
    let failed = |by: Obstacle| Failure::Forbidden { by, why: "why".into() };
    let no_definition =
        Observed { definition: Some(Reading::Failed(failed(Obstacle::Subscription))), ..Observed::default() };
    let state = |state: &str| found(with(|it| it.provisioning = state.into()));
    let foreign = |tag: Option<&str>| {
        found(with(|it| it.tags = tag.map(|tag| (OWNER_TAG.to_uppercase(), tag.to_owned())).into_iter().collect()))
    };
    let missing_gallery = || absent(Reading::Missing(Absent::Parent));
    let adopt = || json!({"adoption": "IfIdentical"});
    let settled = |requeue| ("Settled", requeue, None);
    let resync = Requeue::Resync;
    let cases: Vec<Case> = vec![
        ("it is as it should be", ensure(), found(definition()), memory(0, 0), settled(resync)),
        ("it is looked at, and is", observe(), foreign(None), memory(0, 0), settled(resync)),
        ("it can't be read", ensure(), no_definition, memory(9, 0), ("Stalled SubscriptionUnavailable", resync, None)),
        (
            "the gallery can't be read",
            ensure(),
            absent(Reading::Failed(failed(Obstacle::Quota))),
            memory(9, 0),
            ("Stalled QuotaExceeded", resync, None),
        ),
        (
            "Azure asks for a pause",
            ensure(),
            Observed { definition: Some(Reading::Failed(Failure::Throttled)), ..Observed::default() },
            memory(0, 0),
            ("Retrying Throttled", Requeue::Throttled, None),
        ),
        ("one 404", ensure(), absent(gallery()), memory(0, 0), ("Reconciling Progressing", Requeue::Poll, None)),
        ("two", ensure(), absent(gallery()), memory(1, 0), ("Reconciling Progressing", Requeue::Poll, None)),
        ("three", ensure(), absent(gallery()), memory(2, 0), ("Reconciling Progressing", Requeue::Poll, CREATE)),
        (
            "it was written a moment ago",
            ensure(),
            absent(gallery()),
            Memory { accepted: Some(Duration::from_secs(999)), ..memory(2, 0) },
            ("Reconciling Progressing", Requeue::Poll, None),
        ),
        (
            "it was written long ago",
            ensure(),
            absent(gallery()),
            Memory { accepted: Some(Duration::from_secs(600)), ..memory(2, 0) },
            ("Reconciling Progressing", Requeue::Poll, CREATE),
        ),
        (
            "it is looked at, and one 404",
            observe(),
            absent(gallery()),
            memory(1, 0),
            ("Retrying DefinitionNotFound", Requeue::Poll, None),
        ),
        (
            "it is looked at, and isn't there",
            observe(),
            absent(gallery()),
            memory(2, 0),
            ("Stalled DefinitionNotFound", resync, None),
        ),
        (
            "no gallery, once",
            ensure(),
            missing_gallery(),
            memory(5, 1),
            ("Retrying GalleryNotFound", Requeue::Poll, None),
        ),
        ("no gallery", ensure(), missing_gallery(), memory(5, 2), ("Stalled GalleryNotFound", resync, None)),
        (
            "Azure works on it",
            ensure(),
            state("Updating"),
            memory(0, 0),
            ("Reconciling Progressing", Requeue::Poll, None),
        ),
        (
            "Azure does something new with it",
            observe(),
            state("Pondering"),
            memory(0, 0),
            ("Reconciling Progressing", Requeue::Poll, None),
        ),
        (
            "it is being deleted",
            ensure(),
            state("Deleting"),
            memory(0, 0),
            ("Reconciling Deleting", Requeue::Poll, None),
        ),
        (
            "the last write failed",
            ensure(),
            state("Failed"),
            memory(0, 0),
            ("Reconciling Progressing", Requeue::Poll, CHANGE),
        ),
        (
            "it is looked at, and failed",
            observe(),
            state("Failed"),
            memory(0, 0),
            ("Stalled DefinitionFailed", resync, None),
        ),
        ("nobody's", ensure(), foreign(None), memory(0, 0), ("Stalled DefinitionExists", resync, None)),
        ("somebody's", ensure(), foreign(Some("c2/a/b/c")), memory(0, 0), ("Stalled DefinitionExists", resync, None)),
        ("nobody's, taken over", adopt(), foreign(None), memory(0, 0), ("Reconciling Adopted", Requeue::Poll, ADOPT)),
        (
            "another cluster's, taken over",
            adopt(),
            foreign(Some("c2/a/b/c")),
            memory(0, 0),
            ("Reconciling Adopted", Requeue::Poll, ADOPT),
        ),
        (
            "of one that is gone, taken over",
            adopt(),
            foreign(Some(&owner("u-gone"))),
            memory(0, 0),
            ("Reconciling Adopted", Requeue::Poll, ADOPT),
        ),
        (
            "of one that can't be read",
            adopt(),
            foreign(Some(&owner("u-unreadable"))),
            memory(0, 0),
            ("Stalled DefinitionExists", resync, None),
        ),
        (
            "of another namespace",
            adopt(),
            foreign(Some("c1/other/web/u-x")),
            memory(0, 0),
            ("Stalled DefinitionExists", resync, None),
        ),
        (
            "of one nobody can tell",
            adopt(),
            foreign(Some("me")),
            memory(0, 0),
            ("Stalled DefinitionExists", resync, None),
        ),
    ];
    for (case, spec, observed, memory, (progress, requeue, doing)) in cases {
        let plan = plan_with(&validated(spec), &observed, &memory, &ImageDefinitionStatus::default());
        assert_eq!(shape(&plan), (progress.to_owned(), requeue, doing), "{case}: {}", said(&plan));
    }
}

#[test]
fn what_newer_sizes_cannot_use_is_a_hint_and_no_failure() {
    let spec =
        json!({"properties": {"hyperVGeneration": "V1", "securityType": "Standard", "diskControllerTypes": ["SCSI"]}});
    let old = with(|it| (it.generation, it.security_type, it.disk_controllers) = ("V1".into(), None, None));
    let told = plan(&validated(spec), &found(old));
    assert_eq!(shape(&told).0, "Settled");
    for hint in ["generation 1", "no Trusted Launch", "SCSI alone"] {
        assert!(said(&told).contains(hint), "{}", said(&told));
    }
    assert_eq!(said(&plan(&validated(json!({})), &found(definition()))), "The image definition is as this object says");
}
