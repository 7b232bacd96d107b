//! Reads from Azure what the decision needs, one thing after the other, until it can be made.

use std::time::Duration;

use azimage_azure::{Call, Client as AzureClient};
use azimage_core::image_version::{Facts, History, Memory, Next, OperationOf, Plan, Validated};
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
    pub(super) memory: &'a Memory,
}

impl Pass<'_> {
    /// What the pass comes to. Besides, how long Azure or the budget asks to wait, if something couldn't be read for that
    /// reason.
    pub(super) async fn observe(&self, given: Given<'_>, facts: &mut Facts) -> (Plan, Option<Duration>) {
        let context = self.context;
        let history = History {
            status: given.status,
            memory: given.memory,
            now: context.seams.clock.now(),
            resync: context.config.pace.resync,
        };
        let period = || context.seams.jittered(context.config.pace.resync);
        let uptime = || context.memories.uptime();
        let mut longest = None;
        loop {
            let read = match context.decisions.next(given.validated, &history, facts) {
                Next::Plan(plan) => return (*plan, longest),
                Next::Read(read) => read,
            };
            // Nothing is read where nothing in Azure is touched, so without an identity there is nothing to read.
            let Some(client) = given.client else { return (Plan::unidentified(), longest) };
            let operation = |of: &OperationOf| context.memories.operation(self.uid, of);
            let (call, lists) = (given.call, &context.lists);
            let reader = Reader { client, call, lists, period: &period, uptime: &uptime, operation: &operation };
            facts.forget(&read);
            longest = longest.max(reader.read(read, facts).await);
        }
    }
}
