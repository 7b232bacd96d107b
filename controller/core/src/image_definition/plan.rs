//! What a pass comes to.

use std::time::Duration;

use azimage_crds::ImageDefinitionStatus;

use super::{Definition, Memory, Next, Request, Users};
use crate::{
    Message, Pace, Progress,
    export::Exported,
    image_version::{Requeue, wish},
    promotion::Latest,
};

/// What a pass comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The write to Azure, if there is one.
    pub step: Option<Step>,
    /// How it stands.
    pub report: Report,
    /// When to look again.
    pub requeue: Requeue,
    /// At the latest after this time, if something rests until then.
    pub rests: Option<Duration>,
}

/// A write to Azure.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The write.
    pub request: Request,
    /// What it changes.
    pub changes: Vec<wish::Change>,
    /// From whom the definition is taken over, if it is.
    pub former: Option<String>,
    /// What is being done: it completes the sentence "Could not …".
    pub doing: &'static str,
}

/// How it stands with an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// As a whole.
    pub progress: Progress,
    /// The image definition, if this pass was shown it.
    pub definition: Option<Box<Definition>>,
    /// It is certain that there is none.
    pub is_absent: bool,
    /// It is this object's own.
    pub owned: bool,
    /// Who uses it; `None` leaves it as it was.
    pub users: Option<Vec<Users>>,
    /// What is told of latest; `None` leaves it as it was.
    pub latest: Option<Box<Latest>>,
    /// How it stands with the `ConfigMap` that says what is latest; `None` leaves it as it was.
    pub exported: Option<Box<Exported>>,
}

/// What a decision rests on beside the object and Azure.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// What the status says.
    pub status: &'a ImageDefinitionStatus,
    /// What the process remembers.
    pub memory: &'a Memory,
    /// How fast it goes.
    pub pace: &'a Pace,
    /// The time since the start of the process.
    pub now: Duration,
}

impl Report {
    /// Nothing but how it stands.
    pub fn of(progress: Progress) -> Self {
        Self { progress, definition: None, is_absent: false, owned: false, users: None, latest: None, exported: None }
    }

    pub(super) fn saying(self, progress: Progress) -> Self {
        Self { progress, ..self }
    }
}

/// Nothing is written.
pub(super) fn plan(report: Report, requeue: Requeue) -> Next {
    Next::Plan(Box::new(Plan { step: None, report, requeue, rests: None }))
}

/// This is written.
pub(super) fn act(step: Step, report: Report) -> Next {
    Next::Plan(Box::new(Plan { step: Some(step), report, requeue: Requeue::Poll, rests: None }))
}

pub(super) fn reconciling(message: &impl Message) -> Progress {
    Progress::reconciling(message.reason(), message.to_string())
}

pub(super) fn retrying(message: &impl Message) -> Progress {
    Progress::retrying(message.reason(), message.to_string())
}

pub(super) fn stalled(message: &impl Message) -> Progress {
    Progress::stalled(message.reason(), message.to_string())
}
