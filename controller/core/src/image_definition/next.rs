//! What has still to be read, or what a pass comes to.

use std::{collections::BTreeMap, time::Duration};

use azimage_crds::{Adoption, DefinitionProperties, ImageDefinitionStatus, Management, OWNER_TAG, Reason};
use azimage_names::values::{HyperVGeneration, ImageSecurityType, ProvisioningState};

use super::{
    Definition, Memory, Observed, Request, Settings, Validated,
    change::{Change, changes, set_tag, shown},
    differ,
    words::{Changed, Difference, Hint, Hints, NotShown, Words, Wrong},
};
use crate::{
    Message, Owner, Pace, Progress,
    image_version::{Reading, Requeue, wish},
    owner::find_tag,
};

/// How many passes must be told that something isn't there before it is believed.
const CONFIRMATIONS: u32 = 3;

/// For how long after a write was accepted Azure may not show an image definition yet.
const SHOWS_WITHIN: Duration = Duration::from_secs(300);

/// The owner of a definition that has none.
const NOBODY: &str = "nobody";

/// Something to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// The image definition.
    Definition,
    /// Its gallery.
    Gallery,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// This is read, and then asked again.
    Read(Read),
    /// Nothing more is to be read.
    Plan(Box<Plan>),
}

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
            found(validated, definition, given, report)
        }
    }
}

fn plan(report: Report, requeue: Requeue) -> Next {
    Next::Plan(Box::new(Plan { step: None, report, requeue, rests: None }))
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

fn act(step: Step, report: Report) -> Next {
    Next::Plan(Box::new(Plan { step: Some(step), report, requeue: Requeue::Poll, rests: None }))
}

/// Whether a status says that it is stalled for this reason: a new process needn't doubt again what it says already.
fn says(status: &ImageDefinitionStatus, reason: Reason) -> bool {
    let stalled = azimage_crds::ConditionType::Stalled.as_str();
    status.conditions.iter().any(|it| it.type_ == stalled && it.reason == reason.as_str())
}

fn found(validated: &Validated, definition: &Definition, given: Given<'_>, report: Report) -> Next {
    if definition.provisioning == ProvisioningState::Deleting {
        return plan(report.saying(reconciling(&Words::BeingDeleted)), Requeue::Poll);
    }
    let owner = find_tag(&definition.tags, OWNER_TAG);
    let is_ours = owner.and_then(|owner| owner.parse::<Owner>().ok()).is_some_and(|owner| owner.is(&validated.owner));
    let report = Report { owned: is_ours, ..report };
    match (validated.management, &validated.properties) {
        (Management::Ensure, Some(properties)) if is_ours => keep(validated, properties, definition, given, report),
        (Management::Ensure, Some(properties)) => adopt(validated, properties, definition, given, report),
        (Management::Observe | Management::Ensure, _) => observe(validated, definition, report),
    }
}

/// What is under way in Azure is waited for.
fn under_way(definition: &Definition) -> Option<Progress> {
    let state = &definition.provisioning;
    let rests = *state == ProvisioningState::Succeeded || state.has_failed();
    (!rests).then(|| reconciling(&Words::UnderWay { state: shown(state.as_str()) }))
}

fn observe(validated: &Validated, definition: &Definition, report: Report) -> Next {
    let fixed = differ::fixed(validated.location.as_ref(), validated.properties.as_ref(), definition);
    let settings = validated.properties.iter().flat_map(|properties| changes(properties, definition));
    let settings = settings.map(|change| {
        let wish::Change { what, wanted, is, .. } = change.words;
        let field = format!("spec.properties.{what}");
        Difference::Of { field, wanted: shown(&wanted), is: shown(&is) }
    });
    let differences: Vec<Difference> = fixed.into_iter().chain(settings).collect();
    if !differences.is_empty() {
        return plan(report.saying(stalled(&Wrong::Otherwise { differences: joined(&differences) })), Requeue::Resync);
    }
    if let Some(waits) = under_way(definition) {
        return plan(report.saying(waits), Requeue::Poll);
    }
    if definition.provisioning.has_failed() {
        return plan(report.saying(stalled(&Wrong::SeenFailed)), Requeue::Resync);
    }
    let message = Words::Seen { hints: hints(definition) }.to_string();
    plan(report.saying(Progress::Settled { message }), Requeue::Resync)
}

/// One that isn't this object's: it is taken over if the object says so, once, and only if Azure could make it no other.
fn adopt(
    validated: &Validated,
    properties: &DefinitionProperties,
    definition: &Definition,
    given: Given<'_>,
    report: Report,
) -> Next {
    if let Some(obstacle) = obstacle(validated, definition, given) {
        return plan(report.saying(stalled(&obstacle)), Requeue::Resync);
    }
    if let Some(differs) = differs(validated, properties, definition) {
        return plan(report.saying(differs), Requeue::Resync);
    }
    if let Some(waits) = under_way(definition) {
        return plan(report.saying(waits), Requeue::Poll);
    }
    let former = find_tag(&definition.tags, OWNER_TAG).unwrap_or(NOBODY).to_owned();
    let mut tags = definition.tags.clone();
    set_tag(&mut tags, OWNER_TAG, &validated.owner.to_string());
    let changes = vec![wish::Change {
        what: format!("tag {OWNER_TAG}"),
        wanted: validated.owner.to_string(),
        is: former.clone(),
        opposite: None,
    }];
    let step = Step {
        request: written(validated, definition, tags, Settings::default()),
        changes,
        former: Some(former.clone()),
        doing: "take the image definition over",
    };
    act(step, report.saying(reconciling(&Words::Adopting { former: shown(&former) })))
}

fn obstacle(validated: &Validated, definition: &Definition, given: Given<'_>) -> Option<Wrong> {
    let owner = find_tag(&definition.tags, OWNER_TAG);
    let id = || validated.id.clone();
    let text = || shown(owner.unwrap_or(NOBODY));
    // Whoever takes one back that another one took over would do so for ever.
    if given.status.owned {
        return Some(Wrong::Lost { id: id(), owner: text() });
    }
    let parsed = owner.map(str::parse::<Owner>);
    if validated.adoption == Adoption::Never || matches!(parsed, Some(Err(_))) {
        return Some(match owner {
            Some(_) => Wrong::Owned { id: id(), owner: text() },
            None => Wrong::Foreign { id: id() },
        });
    }
    if let Some(Ok(former)) = parsed
        && former.cluster == validated.owner.cluster
        && (former.namespace != validated.owner.namespace || validated.other_uids.contains(&former.uid))
    {
        return Some(Wrong::OwnerLives { id: id(), owner: text() });
    }
    let state = &definition.provisioning;
    state.has_failed().then(|| Wrong::AdoptionFails { id: id(), state: shown(state.as_str()) })
}

fn differs(validated: &Validated, properties: &DefinitionProperties, definition: &Definition) -> Option<Progress> {
    let differences = differ::fixed(validated.location.as_ref(), Some(properties), definition);
    (!differences.is_empty()).then(|| stalled(&Wrong::Differs { differences: joined(&differences) }))
}

/// One that is this object's: what may change of it is kept.
fn keep(
    validated: &Validated,
    properties: &DefinitionProperties,
    definition: &Definition,
    given: Given<'_>,
    report: Report,
) -> Next {
    if let Some(differs) = differs(validated, properties, definition) {
        return plan(report.saying(differs), Requeue::Resync);
    }
    if let Some(waits) = under_way(definition) {
        return plan(report.saying(waits), Requeue::Poll);
    }
    let mut wanted = changes(properties, definition);
    if definition.provisioning.has_failed() {
        wanted.push(Change::again());
    }
    if wanted.is_empty() {
        let message = Words::Kept { hints: hints(definition) }.to_string();
        return plan(report.saying(Progress::Settled { message }), Requeue::Resync);
    }
    let mut reverts = given.memory.reverts.clone();
    for (reason, of_a_failure) in [(Reason::ChangeReverted, false), (Reason::DefinitionFailed, true)] {
        // What the status says already a new process needn't find out again.
        if says(given.status, reason) && given.status.observed_generation == validated.generation {
            let told = wanted.iter().filter(|change| change.is_again() == of_a_failure);
            told.for_each(|change| reverts.believe(&change.words, given.now));
        }
    }
    let (given_up, open): (Vec<Change>, Vec<Change>) =
        wanted.into_iter().partition(|change| reverts.gives_up(&change.words, validated.requested, given.now));
    if open.is_empty() {
        let wrong = if given_up.iter().any(Change::is_again) {
            Wrong::Failed
        } else {
            Wrong::Reverted { changes: told(&given_up) }
        };
        return plan(report.saying(stalled(&wrong)), Requeue::Resync);
    }
    let rest = open.iter().map(|change| given.memory.rest(&change.words, given.pace, given.now)).max();
    let rest = rest.filter(|rest| !rest.is_zero() && !validated.requested);
    if let Some(rest) = rest {
        let report = report.saying(retrying(&Words::Again { changes: told(&open) }));
        return Next::Plan(Box::new(Plan { step: None, report, requeue: Requeue::Poll, rests: Some(rest) }));
    }
    let (mut tags, mut settings) = (definition.tags.clone(), Settings::default());
    for change in &open {
        change.apply(&mut tags, &mut settings);
    }
    let words = Words::Changing { changes: told(&open) };
    let step = Step {
        request: written(validated, definition, tags, settings),
        changes: open.into_iter().map(|change| change.words).collect(),
        former: None,
        doing: "change the image definition",
    };
    act(step, report.saying(reconciling(&words)))
}

/// A write of a definition that exists, with all that isn't changed of it as it was read.
fn written(
    validated: &Validated,
    definition: &Definition,
    tags: BTreeMap<String, String>,
    settings: Settings,
) -> Request {
    Request {
        id: validated.id.clone(),
        location: definition.location.clone(),
        tags,
        properties: definition.properties.clone(),
        new: None,
        settings,
    }
}

/// Why newer machine sizes can't use it: no failure, as it may be meant.
fn hints(definition: &Definition) -> Hints {
    let mut hints = Vec::new();
    if HyperVGeneration::from(definition.generation.as_str()) == HyperVGeneration::V1 {
        hints.push(Hint::GenerationOne);
    }
    let security_type = differ::security_type(definition);
    if ImageSecurityType::from(security_type.as_str()) == ImageSecurityType::Standard {
        hints.push(Hint::NoTrustedLaunch);
    }
    if !differ::set(&differ::listed_there(definition)).contains("nvme") {
        hints.push(Hint::ScsiAlone);
    }
    if hints.is_empty() { Hints::None } else { Hints::Of { hints: joined(&hints) } }
}

fn joined(parts: &[impl ToString]) -> String {
    parts.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn told(changes: &[Change]) -> String {
    let told: Vec<Changed> = changes
        .iter()
        .map(|Change { words: wish::Change { what, wanted, is, .. }, .. }| Changed::Of {
            what: what.clone(),
            wanted: shown(wanted),
            is: shown(is),
        })
        .collect();
    joined(&told)
}

impl Report {
    /// Nothing but how it stands.
    pub fn of(progress: Progress) -> Self {
        Self { progress, definition: None, is_absent: false, owned: false }
    }

    fn saying(self, progress: Progress) -> Self {
        Self { progress, ..self }
    }
}

fn reconciling(message: &impl Message) -> Progress {
    Progress::reconciling(message.reason(), message.to_string())
}

fn retrying(message: &impl Message) -> Progress {
    Progress::retrying(message.reason(), message.to_string())
}

fn stalled(message: &impl Message) -> Progress {
    Progress::stalled(message.reason(), message.to_string())
}
