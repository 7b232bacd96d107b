//! What was true in Azure at the very moment at which an object said something about it.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use azimage_test_api_server::{ApiServer, Write};
use jiff::Timestamp;
use serde_json::Value;

use crate::{azure::Azure, laws::is_true, world};

/// Something that an object said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// It is ready, with these regions complete or wanted, in normal form.
    Ready(Vec<String>),
    /// Only a person can help, for this reason.
    Stalled(String),
    /// It is gone, and its version was in Azure in truth, with its tag.
    GoneBefore,
}

/// What an object said, and what was true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Testimony {
    /// When.
    pub time: Timestamp,
    /// The number of the image version.
    pub number: u8,
    /// What it said.
    pub says: Says,
    /// The regions that were complete in Azure, in normal form; `None` if the version wasn't there.
    pub complete: Option<Vec<String>>,
}

/// All that was said in a run. Clones are the same.
#[derive(Clone, Default)]
pub struct Testimonies(Arc<Mutex<Vec<Testimony>>>);

impl fmt::Debug for Testimonies {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.all()).finish()
    }
}

impl Testimonies {
    /// Listens to all image versions of a server from now on.
    pub fn of(server: &ApiServer, azure: &Azure, versions: u8) -> Self {
        let heard = Self::default();
        let (kept, azure) = (heard.clone(), azure.clone());
        server.set_witness(Arc::new(move |write| {
            if write.resource != "imageversions.azimage.dev" {
                return;
            }
            let Some(number) = (0..versions).find(|number| world::object(*number) == write.name) else { return };
            let Some(says) = said(write) else { return };
            let version = azure.simulator().state(&world::version(number));
            let ours = version.as_ref().is_some_and(|version| world::is_owner(number, &version["tags"]));
            if says == Says::GoneBefore && !ours {
                return;
            }
            let complete = version.as_ref().map(complete);
            let testimony = Testimony { time: write.time, number, says, complete };
            kept.0.lock().unwrap_or_else(PoisonError::into_inner).push(testimony);
        }));
        heard
    }

    /// What was said, in its order.
    pub fn all(&self) -> Vec<Testimony> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn said(write: &Write) -> Option<Says> {
    let Some(after) = &write.after else { return Some(Says::GoneBefore) };
    if write.subresource != "status" {
        return None;
    }
    if let Some(stalled) = is_true(after, "Stalled") {
        return Some(Says::Stalled(stalled["reason"].as_str().unwrap_or_default().to_owned()));
    }
    is_true(after, "Ready")?;
    // Those that are wanted count as well, whatever is said of them.
    let said = |region: &Value| {
        let wanted = region["requestedBy"].as_array().is_some_and(|by| !by.is_empty());
        region["state"] == "Completed" || wanted && region["state"] != "Removing"
    };
    Some(Says::Ready(names(&after["status"]["regions"], said)))
}

/// Such regions of a list, in normal form.
fn names(regions: &Value, such: impl Fn(&Value) -> bool) -> Vec<String> {
    let such = regions.as_array().into_iter().flatten().filter(|region| such(region));
    such.filter_map(|region| region["name"].as_str()).map(world::normal).collect()
}

fn complete(version: &Value) -> Vec<String> {
    names(&version["regions"], |region| region["state"] == "Completed")
}
