//! The oracle: what was true in Azure at the moment at which an object's status claimed something.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use azimage_test_api_server::{ApiServer, Write};
use jiff::Timestamp;
use serde_json::Value;

use crate::{azure::Azure, laws::is_true, world};

/// What an object claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// It is ready, with these regions complete or wanted, in normal form.
    Ready(Vec<String>),
    /// It is stalled, for this reason.
    Stalled(String),
    /// It was deleted while its version, with its tag, was still in Azure.
    DeletedEarly,
}

/// A claim of an object, and what was true in Azure then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusClaim {
    /// When.
    pub time: Timestamp,
    /// The number of the image version.
    pub number: u8,
    /// The claim.
    pub statement: Statement,
    /// The regions that were complete in Azure, in normal form; `None` if the version wasn't there.
    pub complete: Option<Vec<String>>,
}

/// Records the claims of a run. Clones share them.
#[derive(Clone, Default)]
pub struct Oracle(Arc<Mutex<Vec<StatusClaim>>>);

impl fmt::Debug for Oracle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.all()).finish()
    }
}

impl Oracle {
    /// Observes all image versions of a server from now on.
    pub fn observe(server: &ApiServer, azure: &Azure, versions: u8) -> Self {
        let oracle = Self::default();
        let (kept, azure) = (oracle.clone(), azure.clone());
        server.set_write_observer(Arc::new(move |write| {
            if write.resource != "imageversions.azimage.dev" {
                return;
            }
            let Some(number) = (0..versions).find(|number| world::object(*number) == write.name) else { return };
            let Some(statement) = statement_of(write) else { return };
            let version = azure.simulator().state(&world::version(number));
            let ours = version.as_ref().is_some_and(|version| world::is_owner(number, &version["tags"]));
            if statement == Statement::DeletedEarly && !ours {
                return;
            }
            let complete = version.as_ref().map(complete);
            let claim = StatusClaim { time: write.time, number, statement, complete };
            kept.0.lock().unwrap_or_else(PoisonError::into_inner).push(claim);
        }));
        oracle
    }

    /// The claims in order of time.
    pub fn all(&self) -> Vec<StatusClaim> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn statement_of(write: &Write) -> Option<Statement> {
    let Some(after) = &write.after else { return Some(Statement::DeletedEarly) };
    if write.subresource != "status" {
        return None;
    }
    if let Some(stalled) = is_true(after, "Stalled") {
        return Some(Statement::Stalled(stalled["reason"].as_str().unwrap_or_default().to_owned()));
    }
    // A suspended object says what was so when it was last looked at.
    is_true(after, "Ready").filter(|ready| ready["reason"] != "Suspended")?;
    // A wanted region counts whatever its state, as Ready claims it.
    let claimed = |region: &Value| {
        let wanted = region["requestedBy"].as_array().is_some_and(|by| !by.is_empty());
        region["state"] == "Completed" || wanted && region["state"] != "Removing"
    };
    Some(Statement::Ready(names(&after["status"]["regions"], claimed)))
}

/// Such regions of a list, in normal form.
fn names(regions: &Value, such: impl Fn(&Value) -> bool) -> Vec<String> {
    let such = regions.as_array().into_iter().flatten().filter(|region| such(region));
    such.filter_map(|region| region["name"].as_str()).map(world::normal).collect()
}

/// The regions in which a version is complete, in normal form.
pub(crate) fn complete(version: &Value) -> Vec<String> {
    names(&version["regions"], |region| region["state"] == "Completed")
}
