//! Random faults: which fault meets a call is a function of the seed and of the call.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};

use crate::plan::{CallSite, Fault};

/// How often faults happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FaultRates {
    /// Faults in a thousand calls; three times as many in writes to Azure.
    pub per_thousand: u32,
    /// For how many seconds from the beginning.
    pub seconds: u64,
    /// Crashes in a hundred thousand polls of a process.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub poll_crashes: u32,
    /// In a thousand reads of Azure: how many show a state that isn't true or that no release knows, if the resource is
    /// being updated.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub wrong_states: u32,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// The kind of a call, which decides what faults it can meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallKind {
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

impl CallKind {
    /// The fault with this number, modulo the number of faults of this kind.
    fn pick(self, number: u64) -> Fault {
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

/// A pseudorandom number from the seed and a key.
pub fn chance(seed: u64, of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    (seed, of).hash(&mut hasher);
    hasher.finish()
}

impl FaultRates {
    /// The fault at a call, if any.
    pub fn draw(&self, seed: u64, kind: CallKind, site: &CallSite) -> Option<Fault> {
        let number = chance(seed, site);
        let (of, wrong) = match kind {
            CallKind::Poll => (100_000, self.poll_crashes),
            // Writes are few, and faults at them find the most.
            CallKind::AzureWrite => (1000, self.per_thousand.saturating_mul(3)),
            _ => (1000, self.per_thousand),
        };
        let fault = (number % of < u64::from(wrong)).then(|| kind.pick(number / of));
        fault.or_else(|| {
            let number = chance(seed, &("state", site));
            let drawn = kind == CallKind::AzureRead && number % 1000 < u64::from(self.wrong_states);
            let fault = if (number / 1000).is_multiple_of(2) { Fault::SaysSucceeded } else { Fault::SaysUnknown };
            drawn.then_some(fault)
        })
    }
}
