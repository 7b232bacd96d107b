//! What was written, by whom, and how it ended.

use std::collections::{BTreeMap, VecDeque};

use http::StatusCode;
use jiff::Timestamp;
use uuid::Uuid;

use crate::arm::error::ArmError;

/// How many entries are kept; the oldest go first.
const KEPT: usize = 20_000;

/// One write, as all its entries tell of it.
#[derive(Debug, Clone)]
pub(crate) struct Activity {
    pub(crate) action: String,
    pub(crate) resource: String,
    pub(crate) subscription: String,
    pub(crate) group: Option<String>,
    pub(crate) namespace: Option<String>,
    pub(crate) types: String,
    pub(crate) caller: String,
    pub(crate) object: String,
    pub(crate) tenant: String,
    pub(crate) correlation: String,
    pub(crate) request: Uuid,
    pub(crate) client_request: Option<String>,
    pub(crate) method: String,
}

/// How far a write has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Started,
    Accepted,
    Succeeded,
    Failed,
}

#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) activity: Activity,
    pub(crate) number: u64,
    pub(crate) status: Status,
    pub(crate) code: Option<StatusCode>,
    /// The error's envelope as text.
    pub(crate) message: Option<String>,
    pub(crate) at: Timestamp,
}

/// All entries, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct ActivityLog {
    pub(crate) entries: VecDeque<Entry>,
    pub(crate) count: u64,
    /// Writes that go on after their answer, by operation.
    pub(crate) running: BTreeMap<Uuid, Activity>,
}

impl ActivityLog {
    /// A long-running operation came to its end.
    pub(crate) fn ended(&mut self, operation: Uuid, error: Option<&ArmError>, now: Timestamp) {
        let Some(activity) = self.running.remove(&operation) else { return };
        match error {
            None => self.add(&activity, Status::Succeeded, Some(StatusCode::OK), None, now),
            Some(error) => self.add(&activity, Status::Failed, Some(error.status), Some(error), now),
        }
    }

    pub(crate) fn add(
        &mut self,
        activity: &Activity,
        status: Status,
        code: Option<StatusCode>,
        error: Option<&ArmError>,
        at: Timestamp,
    ) {
        self.count += 1;
        let message = error.map(|error| error.envelope().to_string());
        self.entries.push_back(Entry { activity: activity.clone(), number: self.count, status, code, message, at });
        if self.entries.len() > KEPT {
            self.entries.pop_front();
        }
    }
}
