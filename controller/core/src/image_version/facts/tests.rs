use super::*;
use crate::Failure;

fn id(version: &str) -> ImageVersionId {
    ImageVersionId::parse(&format!("/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/images/providers/Microsoft.Compute/galleries/corp/images/web/versions/{version}")).unwrap()
}

fn question() -> Question {
    Question {
        id: Some(id("1.0.0")),
        principal: Some("p".to_owned()),
        generation: Some(2),
        deleting: false,
        requested: None,
    }
}

/// A pass that found the version missing, was refused the definition, and stopped there.
fn stopped(now: Duration) -> Facts {
    let mut facts = Facts::default().resumed(question(), now);
    facts.versions.put(id("1.0.0"), Reading::Missing(Absent::Resource), now);
    facts.definitions.put(id("1.0.0").definition().clone(), Reading::Failed(Failure::Throttled), now);
    facts.for_another_pass()
}

#[test]
fn answers_are_kept_for_ten_minutes_and_for_the_same_question_only() {
    let now = Duration::from_secs(50);
    let version = Read::Version(id("1.0.0"));
    for (case, question, later, good) in [
        ("the same", question(), 600, true),
        ("for too long", question(), 601, false),
        ("another version", Question { id: Some(id("1.0.1")), ..question() }, 1, false),
        ("with other rights", Question { principal: Some("q".to_owned()), ..question() }, 1, false),
        ("another generation", Question { generation: Some(3), ..question() }, 1, false),
        ("a reconcile is requested", Question { requested: Some("now".to_owned()), ..question() }, 1, false),
        ("it is being deleted", Question { deleting: true, ..question() }, 1, false),
    ] {
        let facts = stopped(now).resumed(question, now + Duration::from_secs(later));
        assert_eq!(facts.versions.get(&id("1.0.0")).is_some(), good, "{case}");
        assert_eq!(
            facts.definitions.get(id("1.0.0").definition()),
            None,
            "{case}: what wasn't answered is asked again"
        );
        assert!(!facts.is_fresh(&version), "{case}: it is of an earlier pass");
    }
}

#[test]
fn what_is_forgotten_is_fresh_again_only_once_it_is_read() {
    let now = Duration::from_secs(50);
    let version = Read::Version(id("1.0.0"));
    let mut facts = stopped(now).resumed(question(), now);
    facts.forget(&version);
    assert_eq!((facts.versions.get(&id("1.0.0")), facts.is_fresh(&version)), (None, false));
    facts.versions.put(id("1.0.0"), Reading::Missing(Absent::Resource), now);
    assert!(facts.is_fresh(&version));
}

#[test]
fn a_list_is_of_one_pass_alone() {
    let now = Duration::from_secs(50);
    let mut facts = Facts::default().resumed(question(), now);
    facts.listed.put(id("1.0.0"), Reading::Missing(Absent::Resource), now);
    assert_eq!(facts.for_another_pass().listed.get(&id("1.0.0")), None);
}
