//! How it stands with an object, by the rules of kstatus: what a program that waits for it goes by.

use azimage_crds::ConditionType;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use serde::Serialize;
use strum::Display;

use crate::{mark::Mark, object::Object};

/// How it stands with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Display)]
pub enum Standing {
    /// All that was asked for is true.
    Ready,
    /// azimage is at work, or waits for Azure.
    Working,
    /// azimage hasn't looked at the object as it is now.
    Unobserved,
    /// Only a person can help.
    Stalled,
}

impl Standing {
    /// Of an object.
    pub fn of(object: &Object) -> Self {
        let is_true = |kind| object.condition(kind).is_some_and(|condition| condition.status == "True");
        if object.observed_generation() != object.meta().generation {
            return Self::Unobserved;
        }
        if is_true(ConditionType::Stalled) {
            return Self::Stalled;
        }
        let rests = !is_true(ConditionType::Reconciling) && object.meta().deletion_timestamp.is_none();
        if is_true(ConditionType::Ready) && rests { Self::Ready } else { Self::Working }
    }

    /// Its sign.
    pub fn mark(self) -> Mark {
        match self {
            Self::Ready => Mark::Yes,
            Self::Stalled => Mark::No,
            Self::Working => Mark::Working,
            Self::Unobserved => Mark::Waiting,
        }
    }
}

/// A condition by its type.
pub fn find(conditions: &[Condition], kind: ConditionType) -> Option<&Condition> {
    conditions.iter().find(|condition| condition.type_ == kind.as_str())
}
