//! One pass over one object.

use std::{sync::Arc, time::Duration};

use azimage_azure::{Accepted, Call, Client as AzureClient, Urgency};
use azimage_core::{
    Progress, events,
    image_version::{
        Context, Memory, Next as NextOf, Observed, Plan, Read, Reading, Report, Step, StepName, Validated, Violation,
        Wake, next, next_status, record_intent, validate,
    },
};
use azimage_crds::{
    Deletion, IMAGE_VERSION_FINALIZER, ImageVersion, ImageVersionStatus, RECONCILE_REQUESTED_AT, Reason,
    ReplicationTarget,
};
use azimage_deliberate_bugs::bug;
use kube::{Api, Resource, ResourceExt, api::ListParams};
use tokio::time::Instant;

use super::{Shared, attempts, kept::Kept, patience::has_to_say};
use crate::{
    azure::{self, CallError},
    identity::Unidentified,
    kubernetes::{KubernetesError, add_finalizer, apply_status, bounded, remove_finalizer},
    memory::{Remembered, Seen},
    stores::readable,
};

/// What comes after a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Another pass at once.
    Now,
    /// Another pass later.
    Wake(Wake),
    /// The object may go.
    Released,
    /// Nothing, before the object changes.
    Changed,
}

pub(super) struct Pass<'a> {
    pub(super) shared: &'a Arc<Shared>,
    pub(super) api: &'a Api<ImageVersion>,
    pub(super) object: &'a ImageVersion,
    pub(super) namespace: &'a str,
    pub(super) uid: &'a str,
}

impl Pass<'_> {
    pub(super) async fn run(&self) -> Result<Next, KubernetesError> {
        let deleting = self.object.meta().deletion_timestamp.is_some();
        if deleting && !self.has_finalizer() {
            return Ok(Next::Released);
        }
        let targets = self.shared.stores.targets_of(self.namespace);
        let validated = match self.validate(&targets.objects()) {
            Ok(validated) => validated,
            Err(violation) => return self.violated(violation, deleting).await,
        };
        let azure = match &validated.identity {
            None => None,
            Some(identity) => match self.shared.identities.client(self.namespace, identity).await {
                Ok(client) => Some(client),
                Err(Unidentified::Violation(violation)) => {
                    return self.violated(violation.of_an_identity(deleting), deleting).await;
                }
                Err(Unidentified::Kubernetes(error)) => return Err(error),
            },
        };
        let azure = azure.as_ref();
        let status = self.object.status.clone().unwrap_or_default();
        let mut remembered = self.shared.memories.get(self.uid);
        let call = Call::new(self.shared.seams.randomness.id()).on_behalf_of(self.namespace, self.uid);
        // Who asks for a look gets one, not what a list said a while ago.
        let same =
            |seen: &Seen| seen.id == validated.id && azure.is_some_and(|client| client.principal() == seen.principal);
        let seen = remembered.seen.clone().filter(|seen| same(seen) && !validated.requested);
        let now = Instant::now();
        let mut kept = remembered.kept.take().unwrap_or_default().resumed(self.object, azure, &validated, now);
        kept.observed.seen = seen.map(|seen| seen.version);
        let (mut plan, mut wait) = self.decide(azure, &call, &validated, &status, &remembered, &mut kept).await;
        if kept.observed.still_at_rest().is_some() && !plan.rests() {
            // Nothing is written on the word of a list, which may be a period old.
            kept.observed.seen = None;
            (plan, wait) = self.decide(azure, &call, &validated, &status, &remembered, &mut kept).await;
        }
        while let Some(subject) = plan.step.as_ref().map(Step::subject).filter(|subject| !kept.is_fresh(*subject)) {
            // An earlier pass had to stop midway: nothing is changed on what it saw, but what it saw beside may count.
            kept.forget(subject);
            (plan, wait) = self.decide(azure, &call, &validated, &status, &remembered, &mut kept).await;
        }
        if plan.wake == Wake::Throttled {
            remembered.asked = wait;
            remembered.kept = Some(kept.for_the_next());
            return self.put_off(&plan.report, &status, remembered).await;
        }
        remembered.seen = azure.and_then(|client| seen_at_rest(client, &validated, &kept.observed, &plan));
        if matches!(plan.step, Some(Step::Update(_) | Step::Repair(_))) && !bug!(StaleTargets) {
            // The watch may lag: a list of regions is written only on targets that were just read, so that a target
            // that is being deleted neither loses its word nor gets a region after its end.
            let fresh = bounded(self.targets_api().list(&ListParams::default())).await?.items;
            match self.validate(&fresh.iter().collect::<Vec<_>>()) {
                Ok(validated) => {
                    (plan, _) = self.decide(azure, &call, &validated, &status, &remembered, &mut kept).await;
                }
                Err(violation) => return self.violated(violation, deleting).await,
            }
        }
        Box::pin(self.carry_out(azure, plan, &validated, &status, remembered, kept)).await
    }

    /// Ends a pass that has to wait for its turn. It costs the API server nothing: what stands in the status stays, but
    /// of an object that doesn't say yet how it stands, or that has waited for long.
    async fn put_off(
        &self,
        report: &Report,
        status: &ImageVersionStatus,
        mut remembered: Remembered,
    ) -> Result<Next, KubernetesError> {
        let now = Instant::now();
        let since = *remembered.put_off.get_or_insert(now);
        self.shared.memories.set(self.uid, remembered);
        if has_to_say(status, self.object.meta().generation, now.duration_since(since)) {
            self.report(status, report, false).await?;
        }
        Ok(Next::Wake(Wake::Throttled))
    }

    fn has_finalizer(&self) -> bool {
        self.object.finalizers().iter().any(|finalizer| finalizer == IMAGE_VERSION_FINALIZER)
    }

    fn targets_api(&self) -> Api<ReplicationTarget> {
        Api::namespaced(self.shared.client.clone(), self.namespace)
    }

    fn validate(&self, targets: &[&ReplicationTarget]) -> Result<Validated, Violation> {
        let seen = self.shared.stores.versions();
        let versions: Vec<&ImageVersion> = seen.iter().filter_map(|guarded| readable(guarded)).collect();
        let context = Context {
            cluster: &self.shared.config.cluster,
            own_identity_serves: self.shared.config.served.contains(self.namespace),
            targets,
            versions: &versions,
        };
        validate(self.object, context)
    }

    /// Reads one thing after the other, as the walk asks for them, until it can tell what the pass comes to. Besides, how
    /// long Azure or the budget asks to wait, if something couldn't be read for that reason.
    async fn decide(
        &self,
        azure: Option<&AzureClient>,
        call: &Call,
        validated: &Validated,
        status: &ImageVersionStatus,
        remembered: &Remembered,
        kept: &mut Kept,
    ) -> (Plan, Option<Duration>) {
        let mut longest = None;
        let memory = Memory { status, process: remembered.process, now: self.shared.seams.clock.now() };
        loop {
            let read = match next(validated, &memory, &kept.observed) {
                NextOf::Plan(plan) => return (*plan, longest),
                NextOf::Read(read) => read,
            };
            // Nothing is read where nothing in Azure is touched, so without an identity there is nothing to read.
            let Some(client) = azure else { return (Plan::unidentified(), longest) };
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

    async fn carry_out(
        &self,
        azure: Option<&AzureClient>,
        plan: Plan,
        validated: &Validated,
        status: &ImageVersionStatus,
        mut remembered: Remembered,
        mut kept: Box<Kept>,
    ) -> Result<Next, KubernetesError> {
        let Plan { step, mut report, mut wake } = plan;
        remembered.process = remembered.process.after(&report, &kept.observed);
        if wake == Wake::Release {
            remove_finalizer(self.api, self.object, IMAGE_VERSION_FINALIZER).await?;
            tracing::info!("Let go of image version");
            return Ok(Next::Released);
        }
        if validated.suspended && !validated.deleting {
            // Suspended: nothing is done and nothing is said, but that a target is let go.
            let regions = report.regions.take().unwrap_or_else(|| status.regions.clone());
            self.write(status, ImageVersionStatus { regions, ..status.clone() }).await?;
            return Ok(Next::Changed);
        }
        let Some((azure, step)) = azure.zip(step) else {
            remembered.failure = None;
            remembered.failures = if wake == Wake::Retry { remembered.failures.saturating_add(1) } else { 0 };
            (remembered.asked, remembered.put_off) = (None, None);
            remembered.waits_for(&report.progress, Instant::now());
            if report.unsure {
                kept.forget(Read::Version);
                remembered.kept = Some(kept.for_the_next());
            }
            self.shared.memories.set(self.uid, remembered);
            self.report(status, &report, true).await?;
            return Ok(Next::Wake(wake));
        };
        if !validated.deleting && !self.has_finalizer() && !bug!(NoFinalizer) {
            // Before the first effect in Azure, so that no deletion can miss it.
            add_finalizer(self.api, self.object, IMAGE_VERSION_FINALIZER).await?;
            remembered.kept = Some(kept.for_the_next());
            self.shared.memories.set(self.uid, remembered);
            return Ok(Next::Now);
        }
        remembered.waits_no_more();
        let name = step.name();
        let unrecorded = || bug!(EffectBeforeIntent).then(|| self.shared.seams.randomness.id().to_string());
        let now = self.shared.seams.clock.now();
        let Some(correlation_id) = attempts::open(status, name, wake, &remembered, now).or_else(unrecorded) else {
            overlay(&mut report, &remembered, name);
            let azure_now = kept.observed.azure_now();
            remembered.kept = Some(kept.for_the_next());
            remembered.put_off = None;
            if let Some(wait) = self.too_early(status, name, wake) {
                self.shared.memories.set(self.uid, remembered);
                self.report(status, &report, false).await?;
                return Ok(Next::Wake(wait));
            }
            let mut next = self.next_status(status, &report, false);
            let id = self.shared.seams.randomness.id().to_string();
            record_intent(&mut next, name, &id, now, azure_now);
            remembered.recorded = Some(id);
            remembered.process.announces(name);
            self.shared.memories.set(self.uid, remembered);
            self.write(status, next).await?;
            return Ok(Next::Now);
        };
        remembered.process.tries();
        self.shared.memories.set(self.uid, remembered.clone());
        // What is cut off by the end of the term counts as neither done nor failed: whoever leads next looks.
        let outcome = self.shared.term.while_held(self.execute(azure, &step, &correlation_id)).await?;
        match outcome {
            Ok(accepted) => {
                if bug!(LeakOperationUrl)
                    && let Some(url) = accepted.operation
                {
                    report.progress = Progress::reconciling(Reason::Progressing, url.expose());
                }
                if let Some(words) = &report.parting {
                    tracing::warn!(step = %name, "{words}");
                    self.shared.events.publish(self.object, vec![events::parting(words)]).await;
                }
                remembered.accepted.insert(name, correlation_id);
                remembered.process.carried_out(name, self.shared.seams.clock.now(), accepted.proven);
                report.accepted = remembered.process.accepted;
                remembered.failure = None;
                remembered.failures = 0;
                (remembered.asked, remembered.put_off) = (None, None);
                wake = Wake::Poll;
            }
            Err(failed) if failed.throttled().is_some() => {
                remembered.asked = failed.wait;
                remembered.kept = Some(kept.for_the_next());
                report.progress = failed.failure.progress(name.doing());
                return self.put_off(&report, status, remembered).await;
            }
            Err(failed) => {
                wake = failed.failure.wake();
                remembered.failures = remembered.failures.saturating_add(1);
                remembered.put_off = None;
                remembered.asked = failed.wait;
                remembered.failure = Some((name, failed.failure));
            }
        }
        overlay(&mut report, &remembered, name);
        self.shared.memories.set(self.uid, remembered);
        self.report(status, &report, true).await?;
        Ok(Next::Wake(wake))
    }

    /// A repair is repeated only after a pause that grows, so that it isn't a storm.
    fn too_early(&self, status: &ImageVersionStatus, name: StepName, wake: Wake) -> Option<Wake> {
        let text: &str = name.into();
        let last = status.steps.iter().find(|step| step.name == text && step.finished_at.is_none())?;
        let pause = self.shared.config.pace.retry(u32::try_from(last.attempts).unwrap_or_default());
        let elapsed = self.shared.seams.clock.now().duration_since(last.started_at.0);
        let early = wake == Wake::Retry && elapsed.unsigned_abs() < pause;
        early.then_some(Wake::Poll)
    }

    async fn execute(&self, azure: &AzureClient, step: &Step, correlation_id: &str) -> Result<Accepted, CallError> {
        let name = step.name();
        let id = correlation_id.parse().unwrap_or_else(|_| self.shared.seams.randomness.id());
        let call = Call::new(id).on_behalf_of(self.namespace, self.uid).with_urgency(Urgency::Write);
        match azure::execute(azure, &call, step).await {
            Ok(accepted) => {
                tracing::info!(step = %name, correlation_id, status = accepted.status, "Azure accepted step");
                Ok(accepted)
            }
            Err(failed) if failed.throttled().is_some() => {
                tracing::info!(step = %name, correlation_id, error = %failed.error, "Step waits for its turn");
                Err(failed)
            }
            Err(failed) => {
                tracing::warn!(step = %name, correlation_id, error = %failed.error, "Azure did not accept step");
                Err(failed)
            }
        }
    }

    async fn violated(&self, violation: Violation, deleting: bool) -> Result<Next, KubernetesError> {
        let status = self.object.status.clone().unwrap_or_default();
        let nothing_done = status.resource_id.is_none() && status.steps.is_empty();
        if deleting && (nothing_done || self.object.spec.deletion_policy == Deletion::Retain) {
            remove_finalizer(self.api, self.object, IMAGE_VERSION_FINALIZER).await?;
            return Ok(Next::Released);
        }
        let progress = Progress::stalled(violation.reason, violation.message);
        self.report(&status, &Report { progress, ..Report::default() }, true).await?;
        Ok(Next::Wake(if violation.reason == Reason::InvalidSpec { Wake::Never } else { Wake::Resync }))
    }

    fn next_status(&self, status: &ImageVersionStatus, report: &Report, handled: bool) -> ImageVersionStatus {
        let generation = self.object.meta().generation.unwrap_or_default();
        let requested = self.object.annotations().get(RECONCILE_REQUESTED_AT).filter(|_| handled);
        next_status(status, report, generation, requested, self.shared.seams.clock.now())
    }

    async fn report(&self, status: &ImageVersionStatus, report: &Report, handled: bool) -> Result<(), KubernetesError> {
        self.write(status, self.next_status(status, report, handled)).await
    }

    /// Writes the status if it differs, and tells of the transitions.
    async fn write(&self, before: &ImageVersionStatus, after: ImageVersionStatus) -> Result<(), KubernetesError> {
        if *before == after && !bug!(StatusInEachPass) {
            return Ok(());
        }
        apply_status(self.api, self.object, &after).await?;
        let events = events::transitions(&before.conditions, &after.conditions);
        self.shared.events.publish(self.object, events).await;
        Ok(())
    }
}

/// What to compare the next list with: the version as it was read by itself, if nothing is left to be done.
fn seen_at_rest(client: &AzureClient, validated: &Validated, observed: &Observed, plan: &Plan) -> Option<Seen> {
    let version = match &observed.version {
        _ if !plan.rests() => return None,
        Reading::Found(version) => Arc::new(version.clone()),
        _ => observed.seen.clone()?,
    };
    Some(Seen { principal: client.principal().to_owned(), id: validated.id.clone(), version })
}

/// The failure of the step that is still wanted is shown instead of the hope to do it.
fn overlay(report: &mut Report, remembered: &Remembered, name: StepName) {
    if let Some((failed, failure)) = &remembered.failure
        && *failed == name
    {
        report.progress = failure.progress(name.doing());
    }
}
