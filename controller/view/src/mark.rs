//! The sign before a line: how it stands with what the line tells of.

use azimage_crds::{Reason, RegionState};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use crate::line::{Style, Weight};

/// How it stands with something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It is so.
    Yes,
    /// It isn't.
    No,
    /// It is being worked on.
    Working,
    /// Its turn hasn't come.
    Waiting,
}

impl Mark {
    /// Of a condition.
    pub fn of(condition: &Condition) -> Self {
        match condition.status.as_str() {
            "True" => Self::Yes,
            "False" => Self::No,
            _ if condition.reason == Reason::WaitingForEarlierStep.as_str() => Self::Waiting,
            _ => Self::Working,
        }
    }

    /// Of a region.
    pub fn of_region(state: RegionState) -> Self {
        match state {
            RegionState::Completed => Self::Yes,
            RegionState::Failed | RegionState::Refused => Self::No,
            RegionState::Pending => Self::Waiting,
            RegionState::Replicating | RegionState::Removing | RegionState::Unknown => Self::Working,
        }
    }

    /// Whether it asks for no attention.
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Yes | Self::Waiting)
    }

    /// How much a line with it is missed.
    pub fn weight(self) -> Weight {
        if self.is_settled() { Weight::Settled } else { Weight::Matters }
    }

    /// One character.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Yes => "✓",
            Self::No => "✗",
            Self::Working => "…",
            Self::Waiting => "·",
        }
    }

    /// How it looks.
    pub fn style(self) -> Style {
        match self {
            Self::Yes => Style::Good,
            Self::No => Style::Bad,
            Self::Working => Style::Busy,
            Self::Waiting => Style::Faint,
        }
    }
}
