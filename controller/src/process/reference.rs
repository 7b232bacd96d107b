//! `azimage reference`: how deployments refer to what is latest.

use std::io::Write;

use anyhow::Context;
use azimage_crds::ImageDefinition;
use kube::Api;

use super::kubernetes;
use crate::{cli::ReferenceArgs, kubernetes::bounded, reference, telemetry::metrics::Metrics};

/// Prints a reference to the version that is latest.
///
/// # Errors
/// When the object can't be read, in words that name the right, or [`reference::Unreferable`].
pub fn print_reference(arguments: &ReferenceArgs) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let object = runtime.context("can't start the runtime")?.block_on(read(arguments))?;
    let text = reference::render(&object, arguments.region.as_ref(), arguments.output)?;
    std::io::stdout().write_all(text.as_bytes()).context("can't print")
}

async fn read(arguments: &ReferenceArgs) -> anyhow::Result<ImageDefinition> {
    let config = kubernetes::config().await?;
    let namespace = arguments.namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
    let client = kubernetes::client(config, &Metrics::new())?;
    let objects: Api<ImageDefinition> = Api::namespaced(client, &namespace);
    bounded(objects.get(&arguments.name)).await.with_context(|| {
        format!(
            "can't read the ImageDefinition {namespace}/{}, which takes the right get on imagedefinitions",
            arguments.name
        )
    })
}
