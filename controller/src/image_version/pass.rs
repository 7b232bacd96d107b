//! One pass over one object: validate, observe and decide, do one thing, say how it stands.

use std::{sync::Arc, time::Duration};

use azimage_azure::{Call, Client as AzureClient};
use azimage_core::image_version::{
    Action, Announced, Environment, Event, Memory, Plan, Question, Report, Requeue, State, StepKey, StepName,
    Validated, Violation, record_intent,
};
use azimage_crds::{
    IMAGE_VERSION_FINALIZER, ImageDefinition, ImageVersion, ImageVersionStatus, RECONCILE_REQUESTED_AT,
    ReplicationTarget,
};
use kube::{Api, Resource, ResourceExt};
use tokio::time::Instant;

use super::{Context, observe::Given};
use crate::{
    identity::Unidentified,
    kubernetes::{KubernetesError, add_finalizer, remove_finalizer},
};

/// How long it may take to see that an object is still the one that was decided on. What was read of Azure before is judged by
/// its age, and a machine may be started meanwhile.
const SOON: Duration = Duration::from_secs(2);

/// What comes after a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// Another pass at once.
    Now,
    /// Another pass later.
    Requeue(Requeue),
    /// The object may go.
    Released,
    /// Nothing, before the object changes.
    Changed,
}

pub(super) struct Pass<'a> {
    pub(super) context: &'a Arc<Context>,
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
    memory: Memory,
    plan: Plan,
    /// When the source machine was read, by Azure's own clock.
    azure_now: Option<jiff::Timestamp>,
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
            remembered: &decided.memory,
            has_finalizer: self.has_finalizer(),
            pace: &self.context.config.pace,
            now: self.context.seams.clock.now(),
            azure_now: decided.azure_now,
        };
        match self.context.decisions.act(&decided.validated, &decided.plan, state) {
            Action::Wait(requeue) => self.wait(decided, requeue).await,
            Action::Defer => {
                let Decided { status, memory, plan, retry_after, .. } = *decided;
                self.defer(&plan.report, &status, memory, retry_after).await
            }
            Action::AddFinalizer => {
                let held = add_finalizer(self.api, self.object, IMAGE_VERSION_FINALIZER).await?;
                self.context.freshest.keep(held);
                self.remember(decided.memory, Event::Prepared);
                Ok(After::Now)
            }
            Action::Announce(step) => self.announce(decided, step).await,
            Action::Pause(step) => self.pause(decided, &step).await,
            Action::Execute(announced) => {
                // Nothing in Azure refuses a step that was decided on an old copy of the object, or of the machine.
                let asked = Instant::now();
                let current = self.context.freshest.is_current(self.api, self.object).await?;
                if !current || Instant::now().duration_since(asked) > SOON {
                    self.remember(decided.memory, Event::Prepared);
                    return Ok(After::Now);
                }
                Box::pin(self.carry_out(decided, announced)).await
            }
            Action::Suspended => {
                let Decided { status, plan, .. } = *decided;
                self.report(&status, &plan.report, false).await?;
                Ok(After::Changed)
            }
            Action::Release => {
                if let Some(words) = &decided.plan.report.parting {
                    self.tell_at_parting(words).await;
                }
                remove_finalizer(self.api, self.object, IMAGE_VERSION_FINALIZER).await?;
                tracing::info!("Let go of image version");
                Ok(After::Released)
            }
        }
    }

    /// Validates the object, finds its identity, reads from Azure, and decides. A violation is of the object.
    async fn decided(&self) -> Result<Result<Box<Decided>, Violation>, KubernetesError> {
        let deleting = self.object.meta().deletion_timestamp.is_some();
        let targets = self.context.stores.targets_of(self.namespace);
        let definitions = self.context.stores.definitions_of(self.namespace);
        let validated = match self.validate(&targets.objects(), &definitions.objects()) {
            Ok(validated) => validated,
            Err(violation) => return Ok(Err(violation)),
        };
        let client = match &validated.identity {
            None => None,
            Some(identity) => match self.context.identities.client(self.namespace, identity).await {
                Ok(client) => Some(client),
                Err(Unidentified::Violation(violation)) => return Ok(Err(violation.of_an_identity(deleting))),
                Err(Unidentified::Kubernetes(error)) => return Err(error),
            },
        };
        let status = self.object.status.clone().unwrap_or_default();
        let call = Call::new(self.context.seams.randomness.id()).on_behalf_of(self.namespace, self.uid);
        let mut memory = self.context.memories.get(self.uid);
        let question = self.question(&validated, client.as_ref());
        let mut facts = memory.take_facts(question, &validated, self.context.memories.uptime());
        let given =
            Given { client: client.as_ref(), call: &call, validated: &validated, status: &status, memory: &memory };
        let (mut plan, retry_after) = self.observe(given, &mut facts).await?;
        let writes_regions = self.context.decisions.needs_fresh_targets(&plan);
        let needs_definitions = writes_regions && plan.includes() || plan.rests_on_the_source();
        if writes_regions || needs_definitions {
            // The watch may lag: a list of regions is written only on targets that were just read, so that a target
            // that is being deleted neither loses its word nor gets a region after its end. Nor does a version get into latest on an
            // image definition that has another one pinned since, or is it made from what its object doesn't allow any more.
            let fresh = if writes_regions { self.targets_unseen(&targets.metadata()).await? } else { None };
            let pins = if needs_definitions { self.definitions_unseen(&definitions.metadata()).await? } else { None };
            if fresh.is_some() || pins.is_some() {
                let fresh = fresh.as_ref().map_or_else(|| targets.objects(), |fresh| fresh.iter().collect());
                let pins = pins.as_ref().map_or_else(|| definitions.objects(), |pins| pins.iter().collect());
                let validated = match self.validate(&fresh, &pins) {
                    Ok(validated) => validated,
                    Err(violation) => return Ok(Err(violation)),
                };
                (plan, _) = self.observe(Given { validated: &validated, ..given }, &mut facts).await?;
            }
        }
        let azure_now = facts.azure_now(&validated);
        let memory = self.after(memory, Event::Decided(&plan, Box::new(facts)));
        Ok(Ok(Box::new(Decided { client, validated, status, memory, plan, azure_now, retry_after })))
    }

    /// What the readings of this pass are of.
    fn question(&self, validated: &Validated, client: Option<&AzureClient>) -> Question {
        Question {
            id: Some(validated.id.clone()),
            principal: client.map(|client| client.principal().to_owned()),
            generation: self.object.meta().generation,
            deleting: validated.deleting,
            requested: self.object.annotations().get(RECONCILE_REQUESTED_AT).cloned(),
        }
    }

    /// Ends a pass in which nothing is to be done.
    async fn wait(&self, decided: Box<Decided>, requeue: Requeue) -> Result<After, KubernetesError> {
        let Decided { status, memory, plan, .. } = *decided;
        self.remember(memory, Event::Waited(&plan.report, requeue));
        self.report(&status, &plan.report, true).await?;
        Ok(After::Requeue(requeue))
    }

    /// Ends a pass that has to wait for its turn. It costs the API server nothing: what stands in the status stays, but
    /// of an object that doesn't say yet how it stands, or that has waited for long.
    async fn defer(
        &self,
        report: &Report,
        status: &ImageVersionStatus,
        memory: Memory,
        retry_after: Option<Duration>,
    ) -> Result<After, KubernetesError> {
        let generation = self.object.meta().generation;
        let should_report_throttling =
            memory.should_report_throttling(status, generation, self.context.memories.uptime());
        self.remember(memory, Event::Deferred(retry_after));
        if should_report_throttling {
            self.report(status, report, false).await?;
        }
        Ok(After::Requeue(Requeue::Throttled))
    }

    /// Records that a step is about to be carried out, which the next pass does.
    async fn announce(&self, decided: Box<Decided>, step: StepKey) -> Result<After, KubernetesError> {
        let Decided { status, memory, mut plan, azure_now, .. } = *decided;
        memory.overlay(&mut plan.report, &step);
        let id = self.context.seams.randomness.id().to_string();
        let mut next = self.next_status(&status, &plan.report, false);
        record_intent(&mut next, &step, &id, self.context.seams.clock.now(), azure_now);
        self.remember(memory, Event::Announces(step, &id));
        self.write(&status, next).await?;
        Ok(After::Now)
    }

    /// Ends a pass that comes too soon for another attempt at a step.
    async fn pause(&self, decided: Box<Decided>, step: &StepKey) -> Result<After, KubernetesError> {
        let Decided { status, memory, mut plan, .. } = *decided;
        memory.overlay(&mut plan.report, step);
        self.remember(memory, Event::Pauses);
        self.report(&status, &plan.report, false).await?;
        Ok(After::Requeue(Requeue::Poll))
    }

    /// Carries out a step, and says what came of it.
    async fn carry_out(&self, decided: Box<Decided>, announced: Announced) -> Result<After, KubernetesError> {
        let Decided { client, status, memory, plan: Plan { mut report, .. }, .. } = *decided;
        // A step needs an identity, and the walk has read with it.
        let Some(client) = client else { return Ok(After::Requeue(Requeue::Retry)) };
        let key = announced.step().key();
        let untried = memory.clone();
        let tried = self.after(memory, Event::Tries);
        self.context.memories.set(self.uid, tried.clone());
        let mut failure = None;
        // What is cut off by the end of the term counts as neither done nor failed: whoever leads next looks.
        let event = match self.context.term.while_held(self.execute(&client, &announced)).await? {
            Ok(accepted) => {
                if let Some(words) = &report.parting {
                    self.tell_at_parting(words).await;
                }
                if let Some(from) = &report.adopted_from {
                    self.tell_of_adoption(from).await;
                }
                let (id, at) = (announced.correlation_id(), self.context.seams.clock.now());
                let followed = accepted.operation.is_some();
                self.context.memories.follow(self.uid, &key, id, accepted.operation);
                report.begun = Some(key.clone());
                Event::Accepted { step: key.clone(), id, proven: accepted.proven, followed, at }
            }
            Err(failed) if failed.throttled().is_some() => {
                let memory = if failed.was_sent() { tried } else { untried };
                report.progress = failed.failure.progress_of(key.name);
                return self.defer(&report, &status, memory, failed.wait).await;
            }
            Err(failed) => {
                let now = self.context.seams.clock.now();
                report.keep_failure(announced.step(), &failed.failure, &status, now);
                failure = Some(failed.failure.clone());
                Event::Failed { step: key.clone(), failure: failed.failure, retry_after: failed.wait }
            }
        };
        let memory = self.after(tried, event);
        // Azure refuses what the step asks for, and it may be for one wish alone: the next pass goes on from the status that says so.
        if let Some(narrowed) = failure.and_then(|failure| memory.with_refusals(&failure, &status)) {
            self.context.memories.set(self.uid, memory);
            self.write(&status, narrowed).await?;
            return Ok(After::Now);
        }
        report.accepted = memory.accepted_at(StepName::Publish);
        memory.overlay(&mut report, &key);
        let requeue = memory.requeue_after_step();
        self.context.memories.set(self.uid, memory);
        self.report(&status, &report, true).await?;
        Ok(After::Requeue(requeue))
    }

    /// What is remembered after this became of the pass.
    fn after(&self, memory: Memory, event: Event<'_>) -> Memory {
        memory.after(event, self.context.memories.uptime())
    }

    fn remember(&self, memory: Memory, event: Event<'_>) {
        self.context.memories.set(self.uid, self.after(memory, event));
    }

    fn has_finalizer(&self) -> bool {
        self.object.finalizers().iter().any(|finalizer| finalizer == IMAGE_VERSION_FINALIZER)
    }

    fn validate(
        &self,
        targets: &[&ReplicationTarget],
        definitions: &[&ImageDefinition],
    ) -> Result<Validated, Violation> {
        let seen = self.context.stores.versions_of(self.namespace);
        let versions = seen.objects();
        let account = self.object.spec.service_account_name.as_deref();
        let environment = Environment {
            cluster: &self.context.config.cluster,
            own_identity_serves: self.context.config.served.contains(self.namespace),
            account_serves: account.is_none_or(|name| self.context.config.accounts.contains(name)),
            targets,
            versions: &versions,
            unreadable: &seen.unreadable(),
            definitions,
        };
        self.context.decisions.validate(self.object, environment)
    }
}
