//! How it stands with objects.

use serde_json::{Value, json};

use super::fixtures::{condition, picture, stalled, target, version};
use crate::{Object, Standing, overview};

#[test]
fn an_object_stands_as_its_status_says_of_the_spec_as_it_is() {
    let ready = || condition("Ready", "True", "Succeeded", "");
    let of = |conditions: Value| version("web", json!({"conditions": conditions}));
    let mut old = of(json!([ready()]));
    let mut going = of(json!([ready()]));
    let (Object::Version(changed), Object::Version(deleted)) = (&mut old, &mut going) else { panic!("versions") };
    changed.metadata.generation = Some(3);
    deleted.metadata.deletion_timestamp = Some(serde_json::from_value(json!("2026-01-01T00:00:00Z")).unwrap());
    for (case, object, expected) in [
        ("nothing is known", of(json!([])), Standing::Working),
        ("it is ready", of(json!([ready()])), Standing::Ready),
        ("it was ready before it was changed", old, Standing::Unobserved),
        ("it is being deleted", going, Standing::Working),
        (
            "it is ready, and work goes on",
            of(json!([ready(), condition("Reconciling", "True", "", "")])),
            Standing::Working,
        ),
        ("it waits for a person", of(stalled("ConsentMissing", "").into()), Standing::Stalled),
        ("it waits no more", of(json!([condition("Stalled", "False", "", "")])), Standing::Working),
    ] {
        assert_eq!(Standing::of(&object), expected, "{case}");
    }
}

#[test]
fn a_version_and_its_targets_are_ready_together() {
    let ready = condition("Ready", "True", "Succeeded", "");
    let subject = version("web", json!({"conditions": [ready]}));
    let open = target("open", &[condition("Ready", "Unknown", "Replicating", "")]);
    let done = target("done", &[ready]);
    for (all, alone, together) in [
        (vec![], Standing::Ready, Standing::Ready),
        (vec![done.clone()], Standing::Ready, Standing::Ready),
        (vec![done, open.clone()], Standing::Ready, Standing::Working),
    ] {
        let picture = picture(&subject, &all);
        assert_eq!((picture.standing(), picture.standing_of_all()), (alone, together), "{}", all.len());
    }
    assert_eq!(overview::standing(&[subject, open]), Standing::Working);
    assert_eq!(overview::standing(&[]), Standing::Ready);
}
