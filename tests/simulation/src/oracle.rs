//! The oracle: what was true in Azure at the moment at which an object's status claimed something.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use azimage_test_api_server::{ApiServer, Write};
use jiff::Timestamp;
use serde_json::Value;

use crate::{azure::Azure, laws::is_true, plan::World, world};

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

/// What Azure would serve as latest of an image definition in a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// From when on.
    pub time: Timestamp,
    /// The number of the first version of the image definition.
    pub line: u8,
    /// The region, in normal form.
    pub region: String,
    /// The number of the version; `None` if there is none.
    pub number: Option<u8>,
}

/// Records the claims of a run, and what Azure would have served. Clones share them.
#[derive(Clone, Default)]
pub struct Oracle {
    claims: Arc<Mutex<Vec<StatusClaim>>>,
    served: Arc<Mutex<Vec<Served>>>,
}

impl fmt::Debug for Oracle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.all()).finish()
    }
}

impl Oracle {
    /// Observes all image versions of a server from now on.
    pub fn observe(server: &ApiServer, azure: &Azure, world: &World) -> Self {
        let oracle = Self::default();
        let (kept, azure, world) = (oracle.clone(), azure.clone(), world.clone());
        server.set_write_observer(Arc::new(move |write| {
            if write.resource.ends_with(".azimage.dev") {
                kept.look_at_latest(&azure, &world, write.time);
            }
            if write.resource != "imageversions.azimage.dev" {
                return;
            }
            let Some(number) = world.numbers().find(|number| world::object(*number) == write.name) else { return };
            let Some(statement) = statement_of(write) else { return };
            let version = azure.simulator().state(&world::version(number));
            let ours = version.as_ref().is_some_and(|version| world::is_owner(number, &version["tags"]));
            if statement == Statement::DeletedEarly && !ours {
                return;
            }
            let complete = version.as_ref().map(complete);
            let claim = StatusClaim { time: write.time, number, statement, complete };
            kept.claims.lock().unwrap_or_else(PoisonError::into_inner).push(claim);
        }));
        oracle
    }

    /// The claims in order of time.
    pub fn all(&self) -> Vec<StatusClaim> {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What Azure would have served, in order of time.
    pub fn served(&self) -> Vec<Served> {
        self.served.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Records what Azure would serve now, where it is something else than before.
    fn look_at_latest(&self, azure: &Azure, world: &World, time: Timestamp) {
        let mut served = self.served.lock().unwrap_or_else(PoisonError::into_inner);
        for line in world.promotes.iter().map(|promoted| promoted.of).filter(|line| *line < world.versions) {
            let mut now: BTreeMap<String, Option<u8>> = BTreeMap::new();
            for number in world.line(line) {
                let version = azure.simulator().state(&world::version(number)).unwrap_or_default();
                let complete = complete(&version);
                now.extend(
                    complete.iter().filter(|region| is_included(&version, region)).map(|it| (it.clone(), Some(number))),
                );
                for region in complete {
                    now.entry(region).or_default();
                }
            }
            for (region, number) in now {
                let mut known = served.iter().rev().filter(|it| it.line == line && it.region == region);
                if known.next().is_none_or(|known| known.number != number) {
                    served.push(Served { time, line, region, number });
                }
            }
        }
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

/// Whether a version is included in latest in a region, as Azure counts it: the region's own flag counts more than the version's.
pub(crate) fn is_included(version: &Value, region: &str) -> bool {
    let publishing = &version["publishing"];
    let mut targets = publishing["targets"].as_array().into_iter().flatten();
    let target = targets.find(|target| target["name"].as_str().map(world::normal).as_deref() == Some(region));
    let own = target.and_then(|target| target["excludeFromLatest"].as_bool());
    !own.or(publishing["excludeFromLatest"].as_bool()).unwrap_or(false)
}
