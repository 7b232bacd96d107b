//! What comes next: what azimage waits for, or what a person has to do.

use std::str::FromStr;

use azimage_crds::{ConditionType, Reason};

use super::Picture;
use crate::{
    advice,
    clock::short,
    line::{Line, Style, Weight},
    object::Object,
    rows,
    standing::Standing,
};

pub(super) fn lines(picture: &Picture, width: usize) -> Vec<Line> {
    let Some((heading, words)) = told(picture) else { return Vec::new() };
    let mut lines = vec![Line::of("  ").and(heading, Style::Strong)];
    for part in words {
        lines.extend(rows::paragraph(&part, 4, width, Weight::Matters));
    }
    lines
}

fn told(picture: &Picture) -> Option<(&'static str, Vec<String>)> {
    let subject = &picture.subject;
    match picture.standing() {
        Standing::Ready => None,
        Standing::Unobserved => Some((
            "What goes on",
            vec![
                "azimage hasn't looked at the object as it is now. If that stays so, no controller looks after it: \
                 docs/troubleshooting.md says why that may be."
                    .to_owned(),
            ],
        )),
        Standing::Stalled => Some(("What to do", what_to_do(subject))),
        Standing::Working => {
            let words: Vec<String> = goes_on(picture).into_iter().collect();
            (!words.is_empty()).then_some(("What goes on", words))
        }
    }
}

/// The row of the page for the reason, and how azimage is told to look again.
pub(crate) fn what_to_do(subject: &Object) -> Vec<String> {
    let stalled = subject.condition(ConditionType::Stalled);
    let reason = stalled.and_then(|stalled| Reason::from_str(&stalled.reason).ok());
    let mut words: Vec<String> = reason.and_then(advice::about).into_iter().collect();
    let verb = if reason == Some(Reason::Suspended) { "resume" } else { "reconcile" };
    words.push(format!("Then: azimage {verb} {} -n {}", subject.address(), subject.namespace()));
    words
}

/// What Azure is working on, and for how long.
fn goes_on(picture: &Picture) -> Option<String> {
    let Object::Version(version) = &picture.subject else { return None };
    let operation = version.status.as_ref()?.operation.as_ref()?;
    let clock = &picture.clock;
    let lasted = short(clock.since(operation.started_at.0));
    let rest = operation.deadline.as_ref().map(|deadline| {
        let (left, late) = (clock.until(deadline.0), clock.since(deadline.0));
        if left.is_zero() {
            format!(", {} longer than usual", short(late))
        } else {
            format!(", usually done in {}", short(left))
        }
    });
    let id = operation.correlation_id.as_ref().map(|id| format!(". Correlation id {id}")).unwrap_or_default();
    Some(format!("{} for {lasted}{}{id}", operation.name, rest.unwrap_or_default()))
}
