//! Findings become conditions here, and nowhere else, so that the rules which tools rely on hold for every status.

use std::collections::BTreeMap;

use azimage_crds::{ConditionType, Reason};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use crate::{Message, message::messages};

/// Longest message of a condition, in bytes: long enough for people, short enough for every tool.
const MESSAGE_LIMIT: usize = 2048;

messages! {
    /// What a condition says of which nothing was found out yet.
    pub(crate) enum NotYet {
        Waiting => SourceReady | Compatible | GuestPrepared | Generalized | Published | Replicated | Validated
            | Promoted | LatestReady / WaitingForEarlierStep: "An earlier step has to be done first",
    }
}

/// The status of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It was observed.
    True,
    /// Its contrary was observed.
    False,
    /// Neither yet.
    Unknown,
}

impl Truth {
    fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

/// What was found out about one condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its status.
    pub truth: Truth,
    /// Why, for machines.
    pub reason: Reason,
    /// Why, for people. No times, ids or counters: each would force a write.
    pub message: String,
}

impl Finding {
    /// What a message says.
    pub fn of(truth: Truth, message: &impl Message) -> Self {
        Self { truth, reason: message.reason(), message: message.to_string() }
    }

    /// It is so.
    pub fn yes(message: impl Into<String>) -> Self {
        Self { truth: Truth::True, reason: Reason::Succeeded, message: message.into() }
    }

    /// It isn't so.
    pub fn no(reason: Reason, message: impl Into<String>) -> Self {
        Self { truth: Truth::False, reason, message: message.into() }
    }

    /// It isn't known yet.
    pub fn unknown(reason: Reason, message: impl Into<String>) -> Self {
        Self { truth: Truth::Unknown, reason, message: message.into() }
    }
}

/// How it stands with the object as a whole. `Ready`, `Reconciling` and `Stalled` are rendered from it, so they can't
/// contradict each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// All that was asked for is true.
    Settled {
        /// For people.
        message: String,
    },
    /// Nothing is missing, though nothing was done, or is.
    Idle {
        /// Why.
        reason: Reason,
        /// For people.
        message: String,
    },
    /// Work goes on, and nothing is wrong.
    Reconciling {
        /// What is being done.
        reason: Reason,
        /// For people.
        message: String,
    },
    /// Something went wrong that may heal; it will be tried again.
    Retrying {
        /// What went wrong.
        reason: Reason,
        /// For people.
        message: String,
    },
    /// Only a person can help.
    Stalled {
        /// What is wrong.
        reason: Reason,
        /// For people: what is wrong and what to do.
        message: String,
    },
}

impl Progress {
    /// Work goes on.
    pub fn reconciling(reason: Reason, message: impl Into<String>) -> Self {
        Self::Reconciling { reason, message: message.into() }
    }

    /// It went wrong and will be tried again.
    pub fn retrying(reason: Reason, message: impl Into<String>) -> Self {
        Self::Retrying { reason, message: message.into() }
    }

    /// Only a person can help.
    pub fn stalled(reason: Reason, message: impl Into<String>) -> Self {
        Self::Stalled { reason, message: message.into() }
    }

    /// The same with something to add.
    #[must_use]
    pub fn and(mut self, words: &str) -> Self {
        let (Self::Settled { message }
        | Self::Idle { message, .. }
        | Self::Reconciling { message, .. }
        | Self::Retrying { message, .. }
        | Self::Stalled { message, .. }) = &mut self;
        message.push_str(words);
        self
    }

    fn summary(&self) -> Vec<(ConditionType, Finding)> {
        match self {
            Self::Settled { message } => vec![(ConditionType::Ready, Finding::yes(message))],
            Self::Idle { reason, message } => {
                vec![(ConditionType::Ready, Finding { reason: *reason, ..Finding::yes(message) })]
            }
            Self::Reconciling { reason, message } => vec![
                (ConditionType::Ready, Finding::unknown(*reason, message)),
                (
                    ConditionType::Reconciling,
                    Finding { truth: Truth::True, reason: Reason::Progressing, message: message.clone() },
                ),
            ],
            Self::Retrying { reason, message } => vec![
                (ConditionType::Ready, Finding::no(*reason, message)),
                (
                    ConditionType::Reconciling,
                    Finding { truth: Truth::True, reason: Reason::ProgressingWithRetry, message: message.clone() },
                ),
            ],
            Self::Stalled { reason, message } => vec![
                (ConditionType::Ready, Finding::no(*reason, message)),
                (ConditionType::Stalled, Finding { truth: Truth::True, reason: *reason, message: message.clone() }),
            ],
        }
    }
}

/// Renders findings and progress into conditions.
///
/// A domain condition without a finding keeps what it said before, or is `Unknown` when it said nothing. The time of
/// the last transition moves only with the status. The order is that of [`ConditionType`], with `domain` naming which
/// ones this kind has.
pub fn render(
    previous: &[Condition],
    domain: &[ConditionType],
    findings: &BTreeMap<ConditionType, Finding>,
    progress: &Progress,
    generation: i64,
    now: Timestamp,
) -> Vec<Condition> {
    let before = |kind: ConditionType| previous.iter().find(|condition| condition.type_ == kind.as_str());
    let mut all: Vec<(ConditionType, Finding)> = domain
        .iter()
        .map(|kind| (*kind, findings.get(kind).cloned().unwrap_or_else(|| remembered(before(*kind)))))
        .collect();
    all.extend(progress.summary());
    all.into_iter()
        .map(|(kind, finding)| {
            let status = finding.truth.as_str();
            let last_transition_time = before(kind)
                .filter(|condition| condition.status == status)
                .map_or(Time(now), |condition| condition.last_transition_time.clone());
            Condition {
                last_transition_time,
                message: clip(&finding.message, MESSAGE_LIMIT),
                observed_generation: Some(generation),
                reason: finding.reason.as_str().to_owned(),
                status: status.to_owned(),
                type_: kind.as_str().to_owned(),
            }
        })
        .collect()
}

fn remembered(condition: Option<&Condition>) -> Finding {
    let waiting = || Finding::of(Truth::Unknown, &NotYet::Waiting);
    let Some(condition) = condition else { return waiting() };
    let Ok(reason) = condition.reason.parse() else { return waiting() };
    let truth = match condition.status.as_str() {
        "True" => Truth::True,
        "False" => Truth::False,
        _ => Truth::Unknown,
    };
    Finding { truth, reason, message: condition.message.clone() }
}

/// The first names, and how many more there are.
pub(crate) fn first_names<T: AsRef<str>>(names: &[T], most: usize) -> String {
    let shown = names.iter().take(most).map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// A text of others in one line, of at most `limit` bytes.
pub(crate) fn in_one_line(text: &str, limit: usize) -> String {
    clip(&text.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect::<String>(), limit)
}

/// Cuts a text to at most `limit` bytes, at the end of a character.
pub fn clip(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let mut end = limit.saturating_sub('…'.len_utf8());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_at_the_end_of_a_character() {
        for (text, limit, expected) in
            [("abc", 3, "abc"), ("abcd", 3, "…"), ("äöüäöü", 9, "äöü…"), ("äöüäöü", 8, "äö…")]
        {
            assert_eq!(clip(text, limit), expected);
        }
    }

    #[test]
    fn the_time_of_transition_moves_only_with_the_status() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let none = BTreeMap::new();
        let first = render(&[], &[], &none, &Progress::reconciling(Reason::Publishing, "a"), 1, at(10));
        let second = render(&first, &[], &none, &Progress::reconciling(Reason::Replicating, "b"), 1, at(20));
        let third = render(&second, &[], &none, &Progress::Settled { message: "c".into() }, 1, at(30));
        let times = |conditions: &[Condition]| conditions.iter().map(|c| c.last_transition_time.0).collect::<Vec<_>>();
        assert_eq!(times(&first), [at(10), at(10)]);
        assert_eq!(times(&second), [at(10), at(10)]);
        assert_eq!(times(&third), [at(30)], "Reconciling is gone, and Ready became True");
    }

    #[test]
    fn a_condition_without_a_finding_keeps_what_it_said() {
        let settled = Progress::Settled { message: "done".into() };
        let kinds = [ConditionType::Published];
        for finding in [
            Finding::yes("done"),
            Finding::no(Reason::RegionFailed, "failed"),
            Finding::unknown(Reason::Publishing, "working"),
        ] {
            let found = BTreeMap::from([(ConditionType::Published, finding.clone())]);
            let before = render(&[], &kinds, &found, &settled, 1, Timestamp::UNIX_EPOCH);
            let after = render(&before, &kinds, &BTreeMap::new(), &settled, 1, Timestamp::from_second(9).unwrap());
            assert_eq!(before, after, "{finding:?}");
        }
        let mut foreign = render(&[], &kinds, &BTreeMap::new(), &settled, 1, Timestamp::UNIX_EPOCH);
        (foreign[0].status, foreign[0].reason) = ("True".into(), "ReasonOfAnotherRelease".into());
        let after = render(&foreign, &kinds, &BTreeMap::new(), &settled, 1, Timestamp::UNIX_EPOCH);
        assert_eq!((after[0].status.as_str(), after[0].reason.as_str()), ("Unknown", "WaitingForEarlierStep"));
    }
}
