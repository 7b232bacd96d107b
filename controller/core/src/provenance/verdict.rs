//! What an object says of its own version as an ancestor of others.

use azimage_crds::{
    ConditionType, Deletion, HistoryAction, HistoryEntry, ImageDefinition, ImageVersion, MayBeLatest, Reason,
    ValidationOutcome, Withdrawn,
};
use azimage_names::{ImageVersionId, VersionNumber};
use jiff::Timestamp;
use kube::Resource as _;

use crate::{image_definition, promotion::Rule};

/// What is known of a version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Why it is of no more use, whatever the time is.
    withdrawn: Option<Withdrawn>,
    /// Whether the history of its image definition's object tells anything of it. What was told before it forgot stays told.
    in_history: bool,
    /// When its life ends.
    ends: Option<Timestamp>,
}

impl Verdict {
    /// What its object and those of image definitions in the same namespace say.
    pub(super) fn of(object: &ImageVersion, id: &ImageVersionId, definitions: &[&ImageDefinition]) -> Self {
        let definition = image_definition::standing(definitions, id.definition());
        let history = definition.and_then(|it| it.status.as_ref()).map_or(&[][..], |status| &status.history);
        let past = past(history, id.version());
        let is_pinned_below =
            |it: &ImageDefinition| matches!(Rule::of(it), Rule::Pinned { number, .. } if number < id.version());
        let withdrawn = match past {
            _ if is_deleted(object) => Some(Withdrawn::Deleted),
            _ if has_failed(object) => Some(Withdrawn::ValidationFailed),
            Past::TakenBack(why) => Some(why),
            Past::WasLatest if object.spec.latest == MayBeLatest::Never => Some(Withdrawn::Excluded),
            Past::WasLatest if definition.is_some_and(is_pinned_below) => Some(Withdrawn::RolledBack),
            Past::WasLatest | Past::Unknown => None,
        };
        let ends = object.spec.publish.end_of_life_date.as_ref().map(|end| end.0);
        Self { withdrawn, in_history: past != Past::Unknown, ends }
    }

    /// Why it is of no more use, if it isn't. `told` is what was told before.
    pub(super) fn at(&self, told: Option<Withdrawn>, now: Timestamp) -> Option<Withdrawn> {
        let forgotten =
            told.filter(|told| matches!(told, Withdrawn::RolledBack | Withdrawn::Excluded) && !self.in_history);
        let ended = || self.ends.filter(|end| *end <= now).map(|_| Withdrawn::EndOfLife);
        self.withdrawn.or(forgotten).or_else(ended)
    }

    /// What of it may change, for comparisons.
    pub(super) fn concern(&self) -> impl std::hash::Hash + use<> {
        (self.withdrawn, self.in_history, self.ends)
    }
}

/// Whether the version is gone from Azure, or goes with its object.
fn is_deleted(object: &ImageVersion) -> bool {
    let goes = object.meta().deletion_timestamp.is_some() && object.spec.deletion_policy == Deletion::Delete;
    let conditions = object.status.iter().flat_map(|status| &status.conditions);
    let mut published = conditions.filter(|it| it.type_ == ConditionType::Published.as_str());
    goes || published.any(|it| it.reason == Reason::VersionMissing.as_str())
}

fn has_failed(object: &ImageVersion) -> bool {
    let validation = object.status.as_ref().and_then(|status| status.validation.as_ref());
    validation.is_some_and(|it| it.outcome == ValidationOutcome::Failed)
}

/// What a history tells of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Past {
    /// Nothing.
    Unknown,
    /// It was latest, and gave way to newer ones alone.
    WasLatest,
    /// It was latest, and was taken back since.
    TakenBack(Withdrawn),
}

/// What became of a version, by a history with the newest change first.
fn past(history: &[HistoryEntry], number: VersionNumber) -> Past {
    let mut back = None;
    for entry in history {
        let Ok(version) = VersionNumber::parse(&entry.version) else { continue };
        match entry.action {
            HistoryAction::Promoted | HistoryAction::RolledBack if version == number => {
                return back.map_or(Past::WasLatest, Past::TakenBack);
            }
            HistoryAction::RolledBack if version < number => back = back.or(Some(Withdrawn::RolledBack)),
            HistoryAction::Excluded if version == number => back = back.or(Some(Withdrawn::Excluded)),
            HistoryAction::Promoted
            | HistoryAction::RolledBack
            | HistoryAction::Excluded
            | HistoryAction::Overridden => {}
        }
    }
    // That it was latest before may be forgotten already. What was rolled back then isn't known without it.
    match back {
        Some(Withdrawn::Excluded) => Past::TakenBack(Withdrawn::Excluded),
        _ => Past::Unknown,
    }
}
