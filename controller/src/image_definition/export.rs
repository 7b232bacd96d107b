//! Writes the `ConfigMap` that says what is latest: at most one write for each pass.

use azimage_core::export::{Ask, Exported, Next, Plan, Reading, Seen, Step};
use azimage_core::promotion::Latest;
use azimage_names::ImageDefinitionId;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams, Preconditions},
};
use std::time::Duration;
use tokio::time::Instant;

use super::pass::{Pass, SOON};
use crate::kubernetes::{KubernetesError, OBJECT_MANAGER, bounded};

/// How it stands, and when to look again.
pub(super) struct Outcome {
    pub(super) exported: Option<Exported>,
    pub(super) again: Option<Duration>,
}

impl Pass<'_> {
    /// Reads what the decision needs, and carries it out.
    pub(super) async fn export(&self, id: &ImageDefinitionId, latest: &Latest) -> Result<Outcome, KubernetesError> {
        let context = self.context;
        let definitions = context.stores.definitions_of(self.namespace);
        let definitions = definitions.objects();
        let poll = context.config.pace.poll;
        let ask = Ask { object: self.object, id, latest, definitions: &definitions, poll };
        let api: Api<ConfigMap> = Api::namespaced(context.client.clone(), self.namespace);
        let mut seen = Seen::new();
        let plan = loop {
            match context.decisions.export_of_definition(&ask, &seen) {
                Next::Plan(plan) => break *plan,
                Next::Read(name) => {
                    let reading = read(&api, &name).await?;
                    seen.insert(name, reading);
                }
            }
        };
        match plan.step.clone() {
            None => Ok(Outcome { exported: Some(plan.exported), again: plan.again }),
            Some(step) => self.write_export(&api, &ask, plan, step).await,
        }
    }

    async fn write_export(
        &self,
        api: &Api<ConfigMap>,
        ask: &Ask<'_>,
        plan: Plan,
        step: Step,
    ) -> Result<Outcome, KubernetesError> {
        let context = self.context;
        // The resource version tells of another writer of the ConfigMap, and nothing of an older copy of this object.
        let asked = Instant::now();
        let current = context.freshest.is_current(self.api, self.object).await?;
        if !current || Instant::now().duration_since(asked) > SOON {
            return Ok(Outcome { exported: None, again: Some(Duration::ZERO) });
        }
        let again = plan.again;
        let written = context.term.while_held(carry_out(api, &step)).await?;
        match written {
            Ok(Some(answer)) => Ok(Outcome { exported: Some(plan.applied(ask, &answer)), again }),
            Ok(None) => Ok(Outcome { exported: Some(plan.exported), again }),
            // Somebody was quicker, so it is read again.
            Err(error) if error.is_conflict() => Ok(Outcome { exported: None, again: Some(ask.poll) }),
            Err(error) if error.is_refusal() => {
                let before = self.object.status.as_ref().map(|status| status.config_maps.clone()).unwrap_or_default();
                tracing::warn!(%error, "The API server refused a ConfigMap");
                Ok(Outcome { exported: Some(plan.refused(&before, &error.to_string())), again: None })
            }
            Err(error) => Err(error),
        }
    }
}

async fn read(api: &Api<ConfigMap>, name: &str) -> Result<Reading, KubernetesError> {
    match bounded(api.get_opt(name)).await {
        Ok(Some(map)) => Ok(Reading::Found(Box::new(map))),
        Ok(None) => Ok(Reading::Missing),
        Err(error) if error.is_forbidden() => Ok(Reading::Refused(error.to_string())),
        Err(error) => Err(error),
    }
}

/// What is there after the write.
async fn carry_out(api: &Api<ConfigMap>, step: &Step) -> Result<Option<ConfigMap>, KubernetesError> {
    match step {
        Step::Apply { name, object } => {
            let parameters = PatchParams::apply(OBJECT_MANAGER).force();
            bounded(api.patch(name, &parameters, &Patch::Apply(object))).await.map(Some)
        }
        Step::Delete { name, uid, resource_version } => {
            let as_read = Preconditions { uid: uid.clone(), resource_version: resource_version.clone() };
            let parameters = DeleteParams { preconditions: Some(as_read), ..DeleteParams::default() };
            match bounded(api.delete(name, &parameters)).await {
                Ok(_) => Ok(None),
                Err(error) if error.is_not_found() => Ok(None),
                Err(error) => Err(error),
            }
        }
    }
}
