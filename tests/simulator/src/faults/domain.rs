//! Faults inside Azure: regions that fail or get stuck, operations that fail, stale reads.

use std::collections::BTreeMap;

use http::StatusCode;
use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{arm::error::ArmError, regions};

/// A fault inside Azure. `resource` is a regular expression on the resource's id, without case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "azure", rename_all = "PascalCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum DomainFault {
    /// Copying to a region ends in failure.
    RegionFails {
        /// Which versions.
        resource: String,
        /// Which region, in any spelling.
        region: String,
        /// What the region's `details` say.
        #[serde(default = "internal_error")]
        detail: String,
        /// The region fails again on each update until it is removed and added again.
        #[serde(default)]
        sticky: bool,
        /// Attempts that succeed first.
        #[serde(default)]
        skip: u64,
        /// How many attempts fail; absent means all.
        #[serde(default)]
        times: Option<u64>,
    },
    /// Copying to a region does not get further while the fault exists.
    RegionStuck {
        /// Which versions.
        resource: String,
        /// Which region, in any spelling.
        region: String,
        /// Percentage where it stands.
        #[serde(default)]
        at_progress: u8,
    },
    /// The home copy of a new version fails: the version stays `Failed` and can only be deleted.
    VersionCreateFails {
        /// Which versions.
        resource: String,
        /// Error code of the operation.
        #[serde(default = "internal_code")]
        code: String,
        /// Error message of the operation.
        #[serde(default = "internal_error")]
        message: String,
        /// Creations that succeed first.
        #[serde(default)]
        skip: u64,
        /// How many creations fail; absent means all.
        #[serde(default)]
        times: Option<u64>,
    },
    /// A long-running operation on a resource ends in failure, without its effect.
    OperationFails {
        /// Which resources.
        resource: String,
        /// Error code.
        #[serde(default = "internal_code")]
        code: String,
        /// Error message.
        #[serde(default = "internal_error")]
        message: String,
        /// Operations that succeed first.
        #[serde(default)]
        skip: u64,
        /// How many fail; absent means all.
        #[serde(default)]
        times: Option<u64>,
    },
    /// A long-running operation ends `Canceled` with `OperationPreempted`.
    OperationPreempted {
        /// Which resources.
        resource: String,
        /// Operations that succeed first.
        #[serde(default)]
        skip: u64,
        /// How many are preempted; absent means all.
        #[serde(default)]
        times: Option<u64>,
    },
    /// After a resource was created, so many reads still answer 404.
    NotFoundAfterPut {
        /// Which resources.
        resource: String,
        /// How many reads.
        reads: u64,
    },
    /// After each write to a resource, so many reads still answer as before the write.
    StaleReads {
        /// Which resources.
        resource: String,
        /// How many reads.
        reads: u64,
    },
}

fn internal_error() -> String {
    "Failed with internal server error.".to_owned()
}

fn internal_code() -> String {
    "InternalOperationError".to_owned()
}

/// How an operation ends.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum OperationOutcome {
    Normal,
    Fails(ArmError),
}

/// How copying to a region ends.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum CopyOutcome {
    Completes,
    Fails { detail: String, sticky: bool },
    Stuck(u8),
}

struct ArmedFault {
    id: u64,
    fault: DomainFault,
    resource: Regex,
    matched: u64,
    fired: u64,
}

impl ArmedFault {
    fn due(&mut self, skip: u64, times: Option<u64>) -> bool {
        self.matched += 1;
        let due = self.matched > skip && times.is_none_or(|times| self.fired < times);
        self.fired += u64::from(due);
        due
    }
}

/// Status and body that reads answered, by `$expand`.
pub(crate) type Seen = BTreeMap<String, (u16, Option<Value>)>;

/// All faults inside Azure, the oldest first, and the reads that lag because of them.
#[derive(Default)]
pub(crate) struct DomainFaults {
    armed: Vec<ArmedFault>,
    /// Reads that still answer 404, by resource.
    missing: BTreeMap<String, u64>,
    /// Reads that still answer as before, by resource.
    stale: BTreeMap<String, (u64, Seen)>,
    /// The last answer lagged.
    lagging: bool,
}

impl DomainFaults {
    pub(crate) fn add(&mut self, id: u64, fault: DomainFault) -> Result<(), String> {
        let resource =
            Regex::new(&format!("(?i){}", fault.resource())).map_err(|error| format!("resource: {error}"))?;
        self.armed.push(ArmedFault { id, fault, resource, matched: 0, fired: 0 });
        Ok(())
    }

    pub(crate) fn remove(&mut self, id: u64) -> bool {
        let before = self.armed.len();
        self.armed.retain(|armed| armed.id != id);
        self.armed.len() < before
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn states(&self) -> impl Iterator<Item = (u64, Value, u64, u64)> {
        self.armed
            .iter()
            .map(|armed| (armed.id, serde_json::to_value(&armed.fault).unwrap_or_default(), armed.matched, armed.fired))
    }

    pub(crate) fn copy_outcome(&mut self, version: &str, name: &str) -> CopyOutcome {
        for armed in self.armed.iter_mut().filter(|armed| armed.resource.is_match(version)) {
            match armed.fault.clone() {
                DomainFault::RegionFails { region, detail, sticky, skip, times, .. }
                    if regions::normal(&region) == name && armed.due(skip, times) =>
                {
                    return CopyOutcome::Fails { detail, sticky };
                }
                DomainFault::RegionStuck { region, at_progress, .. } if regions::normal(&region) == name => {
                    armed.due(0, None);
                    return CopyOutcome::Stuck(at_progress);
                }
                _ => {}
            }
        }
        CopyOutcome::Completes
    }

    pub(crate) fn stuck_at(&mut self, version: &str, name: &str) -> Option<u8> {
        self.armed.iter_mut().filter(|armed| armed.resource.is_match(version)).find_map(|armed| match &armed.fault {
            DomainFault::RegionStuck { region, at_progress, .. } if regions::normal(region) == name => {
                let at = *at_progress;
                armed.due(0, None);
                Some(at)
            }
            _ => None,
        })
    }

    pub(crate) fn would_stick(&self, version: &str, name: &str) -> bool {
        self.armed.iter().any(|armed| {
            armed.resource.is_match(version)
                && matches!(&armed.fault, DomainFault::RegionStuck { region, .. } if regions::normal(region) == name)
        })
    }

    pub(crate) fn creation_outcome(&mut self, version: &str) -> OperationOutcome {
        for armed in self.armed.iter_mut().filter(|armed| armed.resource.is_match(version)) {
            if let DomainFault::VersionCreateFails { code, message, skip, times, .. } = armed.fault.clone()
                && armed.due(skip, times)
            {
                return OperationOutcome::Fails(ArmError::conflict(&code, message));
            }
        }
        OperationOutcome::Normal
    }

    pub(crate) fn operation_outcome(&mut self, resource: &str) -> OperationOutcome {
        for armed in self.armed.iter_mut().filter(|armed| armed.resource.is_match(resource)) {
            match armed.fault.clone() {
                DomainFault::OperationFails { code, message, skip, times, .. } if armed.due(skip, times) => {
                    return OperationOutcome::Fails(ArmError::conflict(&code, message));
                }
                DomainFault::OperationPreempted { skip, times, .. } if armed.due(skip, times) => {
                    return OperationOutcome::Fails(ArmError::preempted());
                }
                _ => {}
            }
        }
        OperationOutcome::Normal
    }

    /// A resource has been created: from now on some reads may say that it is not there.
    pub(crate) fn was_created(&mut self, key: &str) {
        for armed in self.armed.iter_mut().filter(|armed| armed.resource.is_match(key)) {
            if let DomainFault::NotFoundAfterPut { reads, .. } = armed.fault {
                armed.due(0, None);
                self.missing.insert(key.to_owned(), reads);
            }
        }
    }

    /// Whether the answer that was just given lagged.
    pub(crate) fn take_lagging(&mut self) -> bool {
        std::mem::take(&mut self.lagging)
    }

    /// One read; true when it must answer 404.
    pub(crate) fn read_misses(&mut self, key: &str) -> bool {
        match self.missing.get_mut(key) {
            Some(left @ 1..) => {
                *left -= 1;
                self.lagging = true;
                true
            }
            _ => false,
        }
    }

    /// How many reads lag behind a write to this resource; 0 where none do.
    pub(crate) fn stale_reads(&mut self, key: &str) -> u64 {
        self.armed
            .iter_mut()
            .filter(|armed| armed.resource.is_match(key))
            .find_map(|armed| match armed.fault {
                DomainFault::StaleReads { reads, .. } => {
                    armed.due(0, None);
                    Some(reads)
                }
                _ => None,
            })
            .unwrap_or(0)
    }

    /// Keeps what reads answered before a write, by the query's `$expand`.
    pub(crate) fn keep_stale(&mut self, key: &str, reads: u64, answers: Seen) {
        self.stale.insert(key.to_owned(), (reads, answers));
    }

    pub(crate) fn stale_answer(&mut self, key: &str, expand: &str) -> Option<(u16, Option<Value>)> {
        let (left, answers) = self.stale.get_mut(key)?;
        if *left == 0 {
            return None;
        }
        let answer = answers.get(expand).or_else(|| answers.get(""))?;
        *left -= 1;
        self.lagging = true;
        Some(answer.clone())
    }
}

impl DomainFault {
    fn resource(&self) -> &str {
        match self {
            Self::RegionFails { resource, .. }
            | Self::RegionStuck { resource, .. }
            | Self::VersionCreateFails { resource, .. }
            | Self::OperationFails { resource, .. }
            | Self::OperationPreempted { resource, .. }
            | Self::NotFoundAfterPut { resource, .. }
            | Self::StaleReads { resource, .. } => resource,
        }
    }
}

/// The 404 of a resource that was created but cannot be read yet.
pub(crate) fn not_yet() -> ArmError {
    ArmError::new(StatusCode::NOT_FOUND, "NotFound", "The entity was not found in this Azure location.")
}
