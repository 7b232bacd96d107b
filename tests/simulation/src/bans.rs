//! Locks and policies that people make in Azure, and take away.

use std::sync::{Mutex, PoisonError};

use azimage_simulator::{
    Scenario,
    scenario::{Lock, LockLevel, Policy},
};

use crate::{
    azure::Azure,
    plan::Ban,
    world::{SUBSCRIPTION, WORKSPACE, data_disk, gallery, machine},
};

/// What is forbidden now.
#[derive(Debug, Default)]
pub(crate) struct Bans(Mutex<Vec<Ban>>);

impl Bans {
    /// Forbids, and returns whether Azure takes it.
    pub(crate) fn begin(&self, azure: &Azure, ban: Ban) -> bool {
        let mut bans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bans.push(ban);
        azure.simulator().add(&scenario(&bans)).is_ok()
    }

    /// Allows again. What was forbidden twice still is.
    pub(crate) fn end(&self, azure: &Azure, ban: Ban) {
        let mut bans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = bans.iter().position(|known| *known == ban) {
            bans.remove(at);
        }
        let _ = azure.simulator().add(&scenario(&bans));
    }
}

/// All locks and policies, which replace those that there are.
fn scenario(bans: &[Ban]) -> Scenario {
    let lock = |scope: String| Lock { name: None, scope, level: LockLevel::ReadOnly };
    let keeps = |scope: String| Lock { name: None, scope, level: LockLevel::CanNotDelete };
    let locks = bans.iter().filter_map(|ban| match ban {
        Ban::MachineLock(number) => Some(lock(machine(*number))),
        Ban::GalleryLock => Some(lock(gallery())),
        Ban::WorkspaceLock => Some(lock(WORKSPACE.to_owned())),
        Ban::DiskKept(number) => Some(keeps(data_disk(*number))),
        Ban::WorkspaceKept => Some(keeps(WORKSPACE.to_owned())),
        Ban::TagPolicy => None,
    });
    let policies = bans.iter().filter(|ban| **ban == Ban::TagPolicy).map(|_| Policy {
        name: "needs-a-cost-center".to_owned(),
        scope: format!("/subscriptions/{SUBSCRIPTION}"),
        resource_types: vec!["Microsoft.Compute/galleries/images/versions".to_owned()],
        required_tag: Some("cost-center".to_owned()),
        ..Policy::default()
    });
    Scenario { locks: Some(locks.collect()), policies: Some(policies.collect()), ..Scenario::default() }
}
