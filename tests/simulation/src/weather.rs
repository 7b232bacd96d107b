//! Faults by chance: what strikes a call is a function of the seed and of the call.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};

use crate::plan::{Fault, Place};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Weather {
    /// Of a thousand calls so many go wrong; of writes to Azure three times as many.
    pub in_a_thousand: u32,
    /// For so many seconds from the beginning.
    pub seconds: u64,
    /// Of a hundred thousand polls of a process so many are its last.
    #[serde(default, skip_serializing_if = "is_none")]
    pub polls: u32,
    /// Of a thousand reads of Azure so many show a state that isn't true, or that no release knows, if they show what is
    /// being worked on.
    #[serde(default, skip_serializing_if = "is_none")]
    pub states: u32,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde wants it")]
fn is_none(number: &u32) -> bool {
    *number == 0
}

/// Which faults a call can meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A read of Azure.
    AzureRead,
    /// A write to Azure.
    AzureWrite,
    /// A token is asked for.
    Token,
    /// A read of Kubernetes.
    KubernetesRead,
    /// A watch begins.
    KubernetesWatch,
    /// A write to Kubernetes.
    KubernetesWrite,
    /// An event of a watch.
    KubernetesEvent,
    /// No call: a poll of a part of the process.
    Poll,
}

impl Kind {
    /// The faults, `number` of which is taken.
    fn fault(self, number: u64) -> Fault {
        use Fault::{
            Answer, AnswerLost, CrashAfter, CrashAtPoll, CrashBefore, CrashWithin, Cut, Duplicate, Late, Refused,
            RequestLost, Slow, Stale,
        };
        let list: &[Fault] = match self {
            Self::AzureRead => &[
                Slow(7),
                Slow(55),
                RequestLost,
                AnswerLost,
                Refused,
                Stale,
                Answer(404),
                Answer(429),
                Answer(500),
                Answer(502),
                Answer(503),
                CrashBefore,
                CrashAfter,
            ],
            Self::AzureWrite => &[
                Slow(7),
                Slow(55),
                RequestLost,
                AnswerLost,
                AnswerLost,
                Late(20),
                Refused,
                Duplicate,
                Answer(409),
                Answer(429),
                Answer(500),
                Answer(502),
                Answer(503),
                CrashBefore,
                CrashWithin,
                CrashAfter,
                CrashAfter,
            ],
            Self::Token => &[Slow(9), Refused, Refused, CrashBefore],
            Self::KubernetesRead => &[
                Slow(3),
                Slow(25),
                RequestLost,
                AnswerLost,
                Refused,
                Answer(429),
                Answer(500),
                Answer(503),
                CrashBefore,
                CrashAfter,
            ],
            Self::KubernetesWatch => &[Slow(11), AnswerLost, Refused, Answer(410), Answer(500)],
            Self::KubernetesWrite => &[
                Slow(3),
                RequestLost,
                AnswerLost,
                Late(8),
                Refused,
                Answer(409),
                Answer(429),
                Answer(500),
                Answer(503),
                CrashBefore,
                CrashWithin,
                CrashAfter,
            ],
            Self::KubernetesEvent => &[Cut, Cut, Slow(4), Slow(40)],
            Self::Poll => &[CrashAtPoll],
        };
        let count = u64::try_from(list.len()).unwrap_or(1);
        usize::try_from(number % count).ok().and_then(|index| list.get(index)).copied().unwrap_or(Refused)
    }
}

/// A number that follows from the seed and something else.
pub fn chance(seed: u64, of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    (seed, of).hash(&mut hasher);
    hasher.finish()
}

impl Weather {
    /// What strikes a call, if anything.
    pub fn fault(&self, seed: u64, kind: Kind, place: &Place) -> Option<Fault> {
        let number = chance(seed, place);
        let (of, wrong) = match kind {
            Kind::Poll => (100_000, self.polls),
            // They are few, and matter most.
            Kind::AzureWrite => (1000, self.in_a_thousand.saturating_mul(3)),
            _ => (1000, self.in_a_thousand),
        };
        let fault = (number % of < u64::from(wrong)).then(|| kind.fault(number / of));
        fault.or_else(|| {
            let number = chance(seed, &("state", place));
            let struck = kind == Kind::AzureRead && number % 1000 < u64::from(self.states);
            let fault = if (number / 1000).is_multiple_of(2) { Fault::SaysSucceeded } else { Fault::SaysUnknown };
            struck.then_some(fault)
        })
    }
}
