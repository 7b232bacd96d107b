//! One pass over one object.

use std::{sync::Arc, time::Duration};

use azimage_azure::{Call, Client as AzureClient, Urgency};
use azimage_core::{
    Failure, Progress, events,
    image_definition::{Environment, Given, Memory, Next, Observed, Plan, Report, Step, Validated},
    image_version::{Requeue, Violation},
    promotion::Latest,
    requested::requested,
};
use azimage_crds::{ImageDefinition, ImageDefinitionStatus, Reason};
use azimage_names::ImageDefinitionId;
use jiff::Timestamp;
use kube::{Api, Resource};
use tokio::time::Instant;

use super::{Context, export::Outcome};
use crate::{
    azure::{Answer, put_definition, read_of_definition},
    identity::Unidentified,
    kubernetes::{KubernetesError, tell_status},
};

/// How long it may take to see that an object is still the one that was decided on.
pub(super) const SOON: Duration = Duration::from_secs(2);

/// What comes after a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// Another pass at once.
    Now,
    /// Another pass later, or as soon as what rests may go on.
    Requeue { requeue: Requeue, rests: Option<Duration> },
    /// Nothing, before the object changes.
    Changed,
}

pub(super) struct Pass<'a> {
    pub(super) context: &'a Arc<Context>,
    pub(super) api: &'a Api<ImageDefinition>,
    pub(super) object: &'a ImageDefinition,
    pub(super) namespace: &'a str,
    pub(super) uid: &'a str,
}

/// What a pass was decided on.
struct Decided {
    plan: Plan,
    memory: Memory,
    client: Option<AzureClient>,
    /// How long Azure or the budget asks to wait before a read that was held back.
    wait: Option<Duration>,
}

impl Pass<'_> {
    pub(super) async fn run(&self) -> Result<After, KubernetesError> {
        let validated = match self.validate() {
            Ok(validated) => validated,
            Err(violation) => return self.violated(violation).await,
        };
        let client = match &validated.identity {
            None => None,
            Some(identity) => match self.context.identities.client(self.namespace, identity).await {
                Ok(client) => Some(client),
                Err(Unidentified::Violation(violation)) => return self.violated(violation).await,
                Err(Unidentified::Kubernetes(error)) => return Err(error),
            },
        };
        let decided = self.decided(&validated, client).await;
        if validated.suspended {
            self.report(&validated, &decided.plan.report, false).await?;
            return Ok(After::Changed);
        }
        if decided.wait.is_some() {
            return self.defer(&validated, decided).await;
        }
        match decided.plan.step.clone() {
            None => self.wait(&validated, decided).await,
            Some(step) => self.carry_out(&validated, decided, step).await,
        }
    }

    /// Reads from Azure what the decision needs, one thing after the other, until it can be made.
    async fn decided(&self, validated: &Validated, client: Option<AzureClient>) -> Decided {
        let context = self.context;
        let status = self.object.status.clone().unwrap_or_default();
        let call = Call::new(context.seams.randomness.id()).on_behalf_of(self.namespace, self.uid);
        let mut memory = context.memories.get(self.uid).of(self.object.meta().generation);
        let (mut observed, mut longest) = (Observed::default(), None);
        let plan = loop {
            let given =
                Given { status: &status, memory: &memory, pace: &context.config.pace, now: context.memories.uptime() };
            match (context.decisions.next_of_definition(validated, &observed, given), &client) {
                (Next::Plan(plan), _) => break *plan,
                (Next::Read(read), Some(client)) => {
                    let (answer, wait) = read_of_definition(client, &call, &validated.id, read).await;
                    longest = longest.max(wait);
                    match answer {
                        Answer::Definition(reading) => observed.definition = Some(*reading),
                        Answer::Gallery(reading) => observed.gallery = Some(reading),
                        Answer::Users(reading) => {
                            memory.asked_for_users(context.memories.uptime());
                            observed.users = Some(reading);
                        }
                    }
                }
                // Nothing is read without an identity, and only a suspended object has none.
                (Next::Read(_), None) => {
                    let waits = Progress::reconciling(Reason::Progressing, "Reading the object and Azure");
                    break Plan { step: None, report: Report::of(waits), requeue: Requeue::Poll, rests: None };
                }
            }
        };
        memory.saw(&observed);
        Decided { plan, memory, client, wait: longest }
    }

    /// Ends a pass in which nothing is to be done.
    async fn wait(&self, validated: &Validated, decided: Decided) -> Result<After, KubernetesError> {
        let Decided { plan, mut memory, .. } = decided;
        if plan.requeue != Requeue::Retry {
            memory.succeeded();
        }
        self.context.memories.set(self.uid, memory);
        self.end(validated, plan).await
    }

    /// Ends a pass that changed nothing in Azure: what is latest is exported, whatever there is of the image definition itself.
    async fn end(&self, validated: &Validated, plan: Plan) -> Result<After, KubernetesError> {
        let latest = self.latest(&validated.id, self.context.seams.clock.now());
        let exported = self.export(&validated.id, &latest).await;
        let Outcome { exported, again } = match exported {
            Ok(outcome) => outcome,
            // How it stands otherwise is told all the same.
            Err(error) => {
                self.report(validated, &plan.report, true).await?;
                return Err(error);
            }
        };
        let (latest, exported) = (Some(Box::new(latest)), exported.map(Box::new));
        self.report(validated, &Report { latest, exported, ..plan.report }, true).await?;
        if again == Some(Duration::ZERO) {
            return Ok(After::Now);
        }
        Ok(After::Requeue { requeue: plan.requeue, rests: plan.rests.into_iter().chain(again).min() })
    }

    /// Ends a pass that has to wait for its turn: what stands in the status stays, but of an object that says nothing yet.
    async fn defer(&self, validated: &Validated, decided: Decided) -> Result<After, KubernetesError> {
        let Decided { plan, wait, .. } = decided;
        let mut memory = self.context.memories.get(self.uid);
        memory.waits(wait);
        self.context.memories.set(self.uid, memory);
        let observed = self.object.status.as_ref().and_then(|status| status.observed_generation);
        if observed != self.object.meta().generation {
            self.report(validated, &plan.report, false).await?;
        }
        Ok(After::Requeue { requeue: Requeue::Throttled, rests: None })
    }

    /// Makes the one write to Azure of the pass, and says what came of it.
    async fn carry_out(&self, validated: &Validated, decided: Decided, step: Step) -> Result<After, KubernetesError> {
        let Decided { plan, mut memory, client, .. } = decided;
        let Some(client) = client else { return Ok(After::Requeue { requeue: Requeue::Retry, rests: None }) };
        // Nothing in Azure refuses a write that was decided on an old copy of the object.
        let asked = Instant::now();
        let current = self.context.freshest.is_current(self.api, self.object).await?;
        if !current || Instant::now().duration_since(asked) > SOON {
            return Ok(After::Now);
        }
        let id = self.context.seams.randomness.id();
        let call = Call::new(id).on_behalf_of(self.namespace, self.uid).with_urgency(Urgency::Write);
        let mut report = plan.report;
        let tried = self.context.term.while_held(put_definition(&client, &call, &step.request)).await?;
        match tried {
            Ok(accepted) => {
                tracing::info!(correlation_id = %id, status = accepted.status, doing = step.doing, "Azure accepted the image definition");
                memory.accepted(&step, validated.requested, self.context.memories.uptime());
                if let Some(former) = &step.former {
                    self.context.events.publish(self.object, vec![events::adopted_definition(former)]).await;
                }
            }
            Err(failed) if failed.throttled().is_some() => {
                let wait = failed.wait;
                report.progress = failed.failure.progress_of_definition(step.doing);
                let plan = Plan { step: None, report, requeue: Requeue::Throttled, rests: None };
                return self.defer(validated, Decided { plan, memory, client: None, wait }).await;
            }
            Err(failed) => {
                tracing::warn!(correlation_id = %id, error = %failed.error, doing = step.doing, "Azure did not accept the image definition");
                let failure: Failure = memory.failed(failed.failure, failed.wait);
                report.progress = failure.progress_of_definition(step.doing);
                self.context.memories.set(self.uid, memory);
                return self.end(validated, Plan { step: None, report, requeue: failure.requeue(), rests: None }).await;
            }
        }
        self.context.memories.set(self.uid, memory);
        self.report(validated, &report, true).await?;
        Ok(After::Requeue { requeue: plan.requeue, rests: None })
    }

    /// An object that can't be worked on as it is says so.
    async fn violated(&self, violation: Violation) -> Result<After, KubernetesError> {
        let reason = violation.reason;
        let report = Report::of(Progress::stalled(reason, violation.message));
        self.tell(None, &report, true).await?;
        Ok(match reason {
            Reason::InvalidSpec => After::Changed,
            _ => After::Requeue { requeue: Requeue::Resync, rests: None },
        })
    }

    async fn report(&self, validated: &Validated, report: &Report, handled: bool) -> Result<(), KubernetesError> {
        self.tell(Some(validated), report, handled).await
    }

    /// Writes the status if it differs, and tells of the transitions. `handled`: a reconcile that was asked for counts as done.
    async fn tell(&self, validated: Option<&Validated>, report: &Report, handled: bool) -> Result<(), KubernetesError> {
        let context = self.context;
        let before: ImageDefinitionStatus = self.object.status.clone().unwrap_or_default();
        let generation = self.object.meta().generation.unwrap_or_default();
        let requested = requested(self.object).filter(|_| handled);
        let (id, now) = (validated.map(|validated| &validated.id), context.seams.clock.now());
        let latest = report.latest.clone().or_else(|| id.map(|id| Box::new(self.latest(id, now))));
        let report = &Report { latest, ..report.clone() };
        let after =
            context.decisions.next_status_of_definition(&before, report, id, generation, requested.as_ref(), now);
        tell_status(self.api, self.object, (&before, &after), &context.freshest, &context.events).await?;
        if requested.is_some() && requested != before.last_handled_reconcile_at {
            let mut memory = context.memories.get(self.uid);
            memory.answered();
            context.memories.set(self.uid, memory);
        }
        Ok(())
    }

    /// What the versions tell of latest.
    fn latest(&self, id: &ImageDefinitionId, now: Timestamp) -> Latest {
        let stores = &self.context.stores;
        let (versions, targets) = (stores.versions_of(self.namespace), stores.targets_of(self.namespace));
        let (versions, targets) = (versions.objects(), targets.objects());
        let stamped = self.context.config.changers_are_stamped;
        self.context.decisions.latest_of_definition(self.object, id, &versions, &targets, stamped, now)
    }

    fn validate(&self) -> Result<Validated, Violation> {
        let context = self.context;
        let seen = context.stores.definitions();
        let account = self.object.spec.service_account_name.as_deref();
        let environment = Environment {
            cluster: &context.config.cluster,
            own_identity_serves: context.config.served.contains(self.namespace),
            account_serves: account.is_none_or(|name| context.config.accounts.contains(name)),
            definitions: &seen.objects(),
            unreadable: &seen.unreadable(),
        };
        context.decisions.validate_definition(self.object, environment)
    }
}
