//! Reads from Azure what the decision needs, one thing after the other, until it can be made.

use std::time::Duration;

use azimage_azure::{Call, Client as AzureClient};
use azimage_core::image_version::{Facts, Memory, Next, Plan, Remembered, Validated};
use azimage_crds::ImageVersionStatus;

use super::pass::Pass;
use crate::azure::Reader;

/// What one object's pass is decided by, but for what is read of Azure.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) client: Option<&'a AzureClient>,
    pub(super) call: &'a Call,
    pub(super) validated: &'a Validated,
    pub(super) status: &'a ImageVersionStatus,
    pub(super) memory: &'a Remembered,
}

impl Pass<'_> {
    /// What the pass comes to. Besides, how long Azure or the budget asks to wait, if something couldn't be read for that
    /// reason.
    pub(super) async fn observe(&self, given: Given<'_>, facts: &mut Facts) -> (Plan, Option<Duration>) {
        let shared = self.shared;
        let memory = Memory { status: given.status, process: given.memory, now: shared.seams.clock.now() };
        let period = || shared.seams.jittered(shared.config.pace.resync);
        let uptime = || shared.memories.uptime();
        let mut longest = None;
        loop {
            let read = match shared.decisions.next(given.validated, &memory, facts) {
                Next::Plan(plan) => return (*plan, longest),
                Next::Read(read) => read,
            };
            // Nothing is read where nothing in Azure is touched, so without an identity there is nothing to read.
            let Some(client) = given.client else { return (Plan::unidentified(), longest) };
            let reader = Reader { client, call: given.call, lists: &shared.lists, period: &period, uptime: &uptime };
            facts.forget(&read);
            longest = longest.max(reader.read(read, facts).await);
        }
    }
}
