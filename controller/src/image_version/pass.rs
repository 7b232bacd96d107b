//! One pass over one object: validate, observe and decide, do one thing, say how it stands.

use std::{sync::Arc, time::Duration};

use azimage_azure::{Call, Client as AzureClient};
use azimage_core::image_version::{
    Action, Announced, Context, Event, Observed, Plan, Read, Reading, Report, State, StepName, Subject, Validated,
    Violation, Wake, record_intent,
};
use azimage_crds::{IMAGE_VERSION_FINALIZER, ImageVersion, ImageVersionStatus, ReplicationTarget};
use kube::{Api, Resource, ResourceExt};
use tokio::time::Instant;

use super::{Shared, kept::Kept, observe::Given};
use crate::{
    identity::Unidentified,
    kubernetes::{KubernetesError, add_finalizer, remove_finalizer},
    memory::{Remembered, Seen},
};

/// What comes after a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
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

/// What a pass has decided, and on what.
struct Decided {
    client: Option<AzureClient>,
    validated: Validated,
    status: ImageVersionStatus,
    remembered: Remembered,
    kept: Box<Kept>,
    plan: Plan,
    /// How long Azure or the budget asks to wait before a read that was held back.
    retry_after: Option<Duration>,
}

impl Pass<'_> {
    pub(super) async fn run(&self) -> Result<After, KubernetesError> {
        let deleting = self.object.meta().deletion_timestamp.is_some();
        if deleting && !self.has_finalizer() {
            return Ok(After::Released);
        }
        let decided = match Box::pin(self.decided()).await? {
            Ok(decided) => decided,
            Err(violation) => return self.violated(violation, deleting).await,
        };
        tracing::debug!(stage = decided.plan.report.stage, "Decided");
        let state = State {
            status: &decided.status,
            remembered: &decided.remembered.core,
            has_finalizer: self.has_finalizer(),
            pace: &self.shared.config.pace,
            now: self.shared.seams.clock.now(),
        };
        match self.shared.decisions.act(&decided.validated, &decided.plan, state) {
            Action::Defer => {
                let Decided { status, mut remembered, kept, plan, retry_after, .. } = *decided;
                remembered.kept = Some(kept.for_the_next());
                self.defer(&plan.report, &status, remembered, retry_after).await
            }
            Action::Release => {
                remove_finalizer(self.api, self.object, IMAGE_VERSION_FINALIZER).await?;
                tracing::info!("Let go of image version");
                Ok(After::Released)
            }
            Action::Suspended => {
                let Decided { status, plan, .. } = *decided;
                let regions = plan.report.regions.unwrap_or_else(|| status.regions.clone());
                self.write(&status, ImageVersionStatus { regions, ..status.clone() }).await?;
                Ok(After::Changed)
            }
            Action::Wait(wake) => self.wait(decided, wake).await,
            Action::AddFinalizer => {
                let held = add_finalizer(self.api, self.object, IMAGE_VERSION_FINALIZER).await?;
                self.shared.freshest.keep(held);
                let Decided { mut remembered, kept, .. } = *decided;
                remembered.kept = Some(kept.for_the_next());
                self.shared.memories.set(self.uid, remembered);
                Ok(After::Now)
            }
            Action::Announce(step, subject) => self.announce(decided, step, &subject).await,
            Action::Pause(step) => {
                let Decided { status, mut remembered, kept, mut plan, .. } = *decided;
                remembered.core.overlay(&mut plan.report, step);
                remembered.kept = Some(kept.for_the_next());
                self.remember(remembered, Event::Pauses);
                self.report(&status, &plan.report, false).await?;
                Ok(After::Wake(Wake::Poll))
            }
            Action::Execute(announced) => {
                // Nothing in Azure refuses a step that was decided on an old copy of the object.
                if !self.shared.freshest.is_current(self.api, self.object).await? {
                    let Decided { mut remembered, kept, .. } = *decided;
                    remembered.kept = Some(kept.for_the_next());
                    self.shared.memories.set(self.uid, remembered);
                    return Ok(After::Now);
                }
                self.carry_out(decided, announced).await
            }
        }
    }

    /// Validates the object, finds its identity, reads from Azure, and decides. A violation is of the object.
    async fn decided(&self) -> Result<Result<Box<Decided>, Violation>, KubernetesError> {
        let deleting = self.object.meta().deletion_timestamp.is_some();
        let targets = self.shared.stores.targets_of(self.namespace);
        let validated = match self.validate(&targets.objects()) {
            Ok(validated) => validated,
            Err(violation) => return Ok(Err(violation)),
        };
        let client = match &validated.identity {
            None => None,
            Some(identity) => match self.shared.identities.client(self.namespace, identity).await {
                Ok(client) => Some(client),
                Err(Unidentified::Violation(violation)) => return Ok(Err(violation.of_an_identity(deleting))),
                Err(Unidentified::Kubernetes(error)) => return Err(error),
            },
        };
        let status = self.object.status.clone().unwrap_or_default();
        let mut remembered = self.shared.memories.get(self.uid);
        let call = Call::new(self.shared.seams.randomness.id()).on_behalf_of(self.namespace, self.uid);
        // Who asks for a look gets one, not what a list said a while ago.
        let same = |seen: &Seen| {
            seen.id == validated.id && client.as_ref().is_some_and(|client| client.principal() == seen.principal)
        };
        let seen = remembered.seen.clone().filter(|seen| same(seen) && !validated.requested);
        let now = Instant::now();
        let mut kept =
            remembered.kept.take().unwrap_or_default().resumed(self.object, client.as_ref(), &validated, now);
        kept.observed.seen = seen.map(|seen| seen.version);
        let given = Given {
            client: client.as_ref(),
            call: &call,
            validated: &validated,
            status: &status,
            remembered: &remembered.core,
        };
        let (mut plan, retry_after) = self.observe(given, &mut kept).await;
        if self.shared.decisions.needs_fresh_targets(&plan) {
            // The watch may lag: a list of regions is written only on targets that were just read, so that a target
            // that is being deleted neither loses its word nor gets a region after its end.
            if let Some(fresh) = self.targets_unseen(&targets.objects()).await? {
                let validated = match self.validate(&fresh.iter().collect::<Vec<_>>()) {
                    Ok(validated) => validated,
                    Err(violation) => return Ok(Err(violation)),
                };
                (plan, _) = self.decide(Given { validated: &validated, ..given }, &mut kept).await;
            }
        }
        if plan.wake != Wake::Throttled {
            remembered.seen = client.as_ref().and_then(|client| at_rest(client, &validated, &kept.observed, &plan));
            remembered.core.process = remembered.core.process.after(&plan.report, &kept.observed);
        }
        Ok(Ok(Box::new(Decided { client, validated, status, remembered, kept, plan, retry_after })))
    }

    /// Ends a pass that has to wait for its turn. It costs the API server nothing: what stands in the status stays, but
    /// of an object that doesn't say yet how it stands, or that has waited for long.
    async fn defer(
        &self,
        report: &Report,
        status: &ImageVersionStatus,
        remembered: Remembered,
        retry_after: Option<Duration>,
    ) -> Result<After, KubernetesError> {
        let generation = self.object.meta().generation;
        let has_to_say = remembered.core.has_to_say(status, generation, self.shared.memories.uptime());
        self.remember(remembered, Event::Deferred(retry_after));
        if has_to_say {
            self.report(status, report, false).await?;
        }
        Ok(After::Wake(Wake::Throttled))
    }

    /// Ends a pass in which nothing is to be done.
    async fn wait(&self, decided: Box<Decided>, wake: Wake) -> Result<After, KubernetesError> {
        let Decided { status, mut remembered, mut kept, plan, .. } = *decided;
        if plan.report.unsure {
            kept.forget(Read::Version);
            remembered.kept = Some(kept.for_the_next());
        }
        self.remember(remembered, Event::Waited { progress: &plan.report.progress, wake });
        self.report(&status, &plan.report, true).await?;
        Ok(After::Wake(wake))
    }

    /// Records that a step is about to be carried out, which the next pass does.
    async fn announce(
        &self,
        decided: Box<Decided>,
        step: StepName,
        subject: &Subject,
    ) -> Result<After, KubernetesError> {
        let Decided { status, mut remembered, kept, mut plan, .. } = *decided;
        remembered.core.overlay(&mut plan.report, step);
        let azure_now = kept.observed.azure_now();
        remembered.kept = Some(kept.for_the_next());
        let id = self.shared.seams.randomness.id().to_string();
        let mut next = self.next_status(&status, &plan.report, false);
        record_intent(&mut next, (step, subject), &id, self.shared.seams.clock.now(), azure_now);
        self.remember(remembered, Event::Announces(step, &id));
        self.write(&status, next).await?;
        Ok(After::Now)
    }

    /// Carries out a step, and says what came of it.
    async fn carry_out(&self, decided: Box<Decided>, announced: Announced) -> Result<After, KubernetesError> {
        let Decided { client, status, remembered, kept, plan: Plan { mut report, .. }, .. } = *decided;
        // A step needs an identity, and the walk has read with it.
        let Some(client) = client else { return Ok(After::Wake(Wake::Retry)) };
        let name = announced.step().name;
        let untried = remembered.core.clone();
        let mut remembered = self.after(remembered, Event::Tries);
        self.shared.memories.set(self.uid, remembered.clone());
        // What is cut off by the end of the term counts as neither done nor failed: whoever leads next looks.
        let (event, wake) = match self.shared.term.while_held(self.execute(&client, &announced)).await? {
            Ok(accepted) => {
                if let Some(words) = &report.parting {
                    self.tell_at_parting(words).await;
                }
                let (id, at) = (announced.correlation_id(), self.shared.seams.clock.now());
                (Event::Accepted { step: name, id, proven: accepted.proven, at }, Wake::Poll)
            }
            Err(failed) if failed.throttled().is_some() => {
                if !failed.was_sent() {
                    remembered.core = untried;
                }
                remembered.kept = Some(kept.for_the_next());
                report.progress = failed.failure.progress(name.doing());
                return self.defer(&report, &status, remembered, failed.wait).await;
            }
            Err(failed) => {
                let wake = failed.failure.wake();
                (Event::Failed { step: name, failure: failed.failure, retry_after: failed.wait }, wake)
            }
        };
        let remembered = self.after(remembered, event);
        report.accepted = remembered.core.process.accepted;
        remembered.core.overlay(&mut report, name);
        self.shared.memories.set(self.uid, remembered);
        self.report(&status, &report, true).await?;
        Ok(After::Wake(wake))
    }

    /// What is remembered after this became of the pass.
    fn after(&self, remembered: Remembered, event: Event<'_>) -> Remembered {
        let core = remembered.core.after(event, self.shared.memories.uptime());
        Remembered { core, ..remembered }
    }

    fn remember(&self, remembered: Remembered, event: Event<'_>) {
        self.shared.memories.set(self.uid, self.after(remembered, event));
    }

    fn has_finalizer(&self) -> bool {
        self.object.finalizers().iter().any(|finalizer| finalizer == IMAGE_VERSION_FINALIZER)
    }

    fn validate(&self, targets: &[&ReplicationTarget]) -> Result<Validated, Violation> {
        let seen = self.shared.stores.versions_of(self.namespace);
        let versions = seen.objects();
        let context = Context {
            cluster: &self.shared.config.cluster,
            own_identity_serves: self.shared.config.served.contains(self.namespace),
            targets,
            versions: &versions,
        };
        self.shared.decisions.validate(self.object, context)
    }
}

/// What to compare the next list with: the version as it was read by itself, if nothing is left to be done.
fn at_rest(client: &AzureClient, validated: &Validated, observed: &Observed, plan: &Plan) -> Option<Seen> {
    let version = match &observed.version {
        _ if !plan.rests() => return None,
        Reading::Found(version) => Arc::new(version.clone()),
        _ => observed.seen.clone()?,
    };
    Some(Seen { principal: client.principal().to_owned(), id: validated.id.clone(), version })
}
