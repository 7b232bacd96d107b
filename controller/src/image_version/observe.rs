//! Reads from Azure what the decision needs, one thing after the other, until it can be made.

use std::time::Duration;

use azimage_azure::{Call, Client as AzureClient};
use azimage_core::image_version::{
    Absent, Facts, History, Memory, Next, OperationOf, Plan, Read, Reading, Validated, facts,
};
use azimage_crds::ImageVersionStatus;
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client};

use super::pass::Pass;
use crate::{
    azure::Reader,
    kubernetes::{KubernetesError, bounded},
};

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
    ///
    /// # Errors
    /// The API server doesn't say how it stands with the namespace.
    pub(super) async fn observe(
        &self,
        given: Given<'_>,
        facts: &mut Facts,
    ) -> Result<(Plan, Option<Duration>), KubernetesError> {
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
                Next::Plan(plan) => return Ok((*plan, longest)),
                Next::Read(Read::Namespace(name)) => {
                    let reading = namespace(&context.client, &name).await?;
                    facts.namespaces.put(name, reading, uptime());
                    continue;
                }
                Next::Read(read) => read,
            };
            // Nothing is read where nothing in Azure is touched, so without an identity there is nothing to read.
            let Some(client) = given.client else { return Ok((Plan::unidentified(), longest)) };
            let operation = |of: &OperationOf| context.memories.operation(self.uid, of);
            let (call, lists) = (given.call, &context.lists);
            let reader = Reader { client, call, lists, period: &period, uptime: &uptime, operation: &operation };
            facts.forget(&read);
            longest = longest.max(reader.read(read, facts).await);
        }
    }
}

/// The namespace, if it may be read. Whether it is being deleted stands in its metadata.
async fn namespace(client: &Client, name: &str) -> Result<Reading<facts::Namespace>, KubernetesError> {
    let api: Api<Namespace> = Api::all(client.clone());
    match bounded(api.get_metadata_opt(name)).await {
        Ok(Some(found)) => {
            let is_going = found.metadata.deletion_timestamp.is_some();
            Ok(Reading::Found(facts::Namespace { is_going }))
        }
        Ok(None) => Ok(Reading::Missing(Absent::Resource)),
        Err(error) if error.is_forbidden() => Ok(Reading::Missing(Absent::Resource)),
        Err(error) => Err(error),
    }
}
