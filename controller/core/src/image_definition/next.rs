//! What has still to be read, or what a pass comes to.

use std::time::Duration;

use azimage_crds::{ConditionType, ImageDefinitionStatus, Management, OWNER_TAG, Reason};

use super::{
    Observed, Request, Settings, Validated,
    found::found,
    plan::{Given, Plan, Report, Step, act, plan, reconciling, retrying, stalled},
    words::{NotShown, Words, Wrong},
};
use crate::{
    Progress,
    image_version::{Reading, Requeue},
};

/// How many passes must be told that something isn't there before it is believed.
const CONFIRMATIONS: u32 = 3;

/// For how long after a write was accepted Azure may not show an image definition yet.
const SHOWS_WITHIN: Duration = Duration::from_secs(300);

/// Something to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// The image definition.
    Definition,
    /// Its gallery.
    Gallery,
    /// Who uses it.
    Users,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// This is read, and then asked again.
    Read(Read),
    /// Nothing more is to be read.
    Plan(Box<Plan>),
}

/// What has still to be read, or what the pass comes to. Total: each combination leads to a read, a write, or a wait that says what
/// for.
pub fn next(validated: &Validated, observed: &Observed, given: Given<'_>) -> Next {
    if validated.suspended {
        return plan(Report::of(stalled(&Words::Suspended)), Requeue::Never);
    }
    match &observed.definition {
        None => Next::Read(Read::Definition),
        Some(Reading::Failed(failure)) => {
            plan(Report::of(failure.progress("read the image definition")), failure.requeue())
        }
        Some(Reading::Missing(_)) => missing(validated, observed, given),
        Some(Reading::Found(definition)) => {
            let begins = Progress::reconciling(Reason::Progressing, String::new());
            let report = Report { definition: Some(Box::new(definition.clone())), ..Report::of(begins) };
            with_users(validated, observed, given, found(validated, definition, given, report))
        }
    }
}

/// Where nothing is to be written it is asked from time to time who uses it. Nothing waits for the answer: what Azure told before stays.
fn with_users(validated: &Validated, observed: &Observed, given: Given<'_>, next: Next) -> Next {
    let Next::Plan(mut plan) = next else { return next };
    if plan.step.is_some() {
        return Next::Plan(plan);
    }
    match &observed.users {
        None if validated.requested || given.memory.is_due_for_users(given.pace, given.now) => Next::Read(Read::Users),
        Some(Reading::Found(users)) => {
            plan.report.users = Some(users.clone());
            Next::Plan(plan)
        }
        Some(Reading::Missing(_) | Reading::Failed(_)) | None => Next::Plan(plan),
    }
}

fn missing(validated: &Validated, observed: &Observed, given: Given<'_>) -> Next {
    let Given { memory, status, now, .. } = given;
    let gallery = match &observed.gallery {
        None => return Next::Read(Read::Gallery),
        Some(Reading::Failed(failure)) => {
            return plan(Report::of(failure.progress("read the gallery")), failure.requeue());
        }
        Some(Reading::Missing(_)) => {
            let sure = memory.no_gallery + 1 >= CONFIRMATIONS || says(status, Reason::GalleryNotFound);
            let id = validated.id.gallery().clone();
            if sure {
                let absent = Report { is_absent: true, ..Report::of(stalled(&Wrong::NoGallery { id })) };
                return plan(absent, Requeue::Resync);
            }
            return plan(Report::of(retrying(&NotShown::Gallery { id })), Requeue::Poll);
        }
        Some(Reading::Found(gallery)) => gallery,
    };
    // A 404 soon after a write says that Azure is slow, and no more.
    if memory.accepted.is_some_and(|at| now.saturating_sub(at) < SHOWS_WITHIN) {
        return plan(Report::of(reconciling(&Words::NotShownYet)), Requeue::Poll);
    }
    let sure = memory.absent + 1 >= CONFIRMATIONS;
    let (Management::Ensure, Some(properties)) = (validated.management, &validated.properties) else {
        let id = validated.id.clone();
        if sure || says(status, Reason::DefinitionNotFound) {
            let absent = Report { is_absent: true, ..Report::of(stalled(&Wrong::NoDefinition { id })) };
            return plan(absent, Requeue::Resync);
        }
        return plan(Report::of(retrying(&NotShown::Definition { id })), Requeue::Poll);
    };
    if !sure {
        return plan(Report::of(reconciling(&Words::MakingSure)), Requeue::Poll);
    }
    let location = validated.location.clone().unwrap_or_else(|| gallery.location.clone());
    let mut tags = properties.tags.clone();
    tags.insert(OWNER_TAG.to_owned(), validated.owner.to_string());
    let request = Request {
        id: validated.id.clone(),
        location: location.clone(),
        tags,
        properties: serde_json::Map::new(),
        settings: Settings::all(properties),
        new: Some(Box::new(properties.clone())),
    };
    let step = Step { request, changes: Vec::new(), former: None, doing: "create the image definition" };
    let report = Report { is_absent: true, ..Report::of(reconciling(&Words::Creating { location })) };
    act(step, report)
}

/// Whether a status says that it is stalled for this reason: a new process needn't doubt again what it says already.
pub(super) fn says(status: &ImageDefinitionStatus, reason: Reason) -> bool {
    let stalled = ConditionType::Stalled.as_str();
    status.conditions.iter().any(|it| it.type_ == stalled && it.reason == reason.as_str())
}
