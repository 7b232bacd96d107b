//! Reads from Azure what the decision needs, and decides.

use std::time::Duration;

use azimage_azure::Client as AzureClient;
use azimage_core::image_version::{Memory, Next, Plan, Read, Remembered, Step, Validated};
use azimage_crds::ImageVersionStatus;
use tokio::time::Instant;

use super::{kept::Kept, pass::Pass};
use crate::azure;

/// What one object's pass is decided by, but for what is read of Azure.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) client: Option<&'a AzureClient>,
    pub(super) call: &'a azimage_azure::Call,
    pub(super) validated: &'a Validated,
    pub(super) status: &'a ImageVersionStatus,
    pub(super) remembered: &'a Remembered,
}

impl Pass<'_> {
    /// What the pass comes to. Besides, how long Azure or the budget asks to wait, if something couldn't be read for that
    /// reason.
    pub(super) async fn observe(&self, given: Given<'_>, kept: &mut Kept) -> (Plan, Option<Duration>) {
        let (mut plan, mut wait) = self.decide(given, kept).await;
        if kept.observed.still_at_rest().is_some() && !plan.rests() {
            // Nothing is written on the word of a list, which may be a period old.
            kept.observed.seen = None;
            (plan, wait) = self.decide(given, kept).await;
        }
        while let Some(changed) =
            plan.step.as_ref().map(Step::changes).and_then(|changes| changes.iter().find(|read| !kept.is_fresh(**read)))
        {
            // An earlier pass had to stop midway: nothing is changed on what it saw, but what it saw beside may count.
            kept.forget(*changed);
            (plan, wait) = self.decide(given, kept).await;
        }
        (plan, wait)
    }

    /// Reads one thing after the other, as the walk asks for them, until it can tell what the pass comes to.
    pub(super) async fn decide(&self, given: Given<'_>, kept: &mut Kept) -> (Plan, Option<Duration>) {
        let Given { call, validated, status, remembered, .. } = given;
        let memory = Memory { status, process: remembered.process, now: self.shared.seams.clock.now() };
        let mut longest = None;
        loop {
            let read = match self.shared.decisions.next(validated, &memory, &kept.observed) {
                Next::Plan(plan) => return (*plan, longest),
                Next::Read(read) => read,
            };
            // Nothing is read where nothing in Azure is touched, so without an identity there is nothing to read.
            let Some(client) = given.client else { return (Plan::unidentified(), longest) };
            let wait = if read == Read::List {
                let period = || self.shared.seams.jittered(self.shared.config.pace.resync);
                let (listed, wait) = self.shared.lists.entry(client, call, &validated.id, period).await;
                kept.observed.listed = listed;
                wait
            } else {
                let Kept { observed, half, .. } = kept;
                azure::read(client, call, validated, read, observed, half).await
            };
            kept.note(read, Instant::now());
            longest = longest.max(wait);
        }
    }
}
