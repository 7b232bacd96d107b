//! `azimage evidence`: how a version came about.

use anyhow::Context;
use azimage_core::evidence;
use azimage_crds::{ImageDefinition, ImageVersion};
use azimage_view::{evidence::markdown, report};
use clap::{Args, ValueEnum};
use kube::{Api, api::ListParams};

use super::{access::ClusterArgs, exit::Ended, objects, terminal::write};
use crate::kubernetes::bounded;

/// Options of `azimage evidence`.
#[derive(Clone, Debug, Args)]
pub struct EvidenceArgs {
    /// The ImageVersion.
    #[arg(value_name = "NAME")]
    pub name: String,

    /// Form of the output.
    #[arg(short, long, value_enum, value_name = "FORM", default_value_t = EvidenceForm::Markdown)]
    pub output: EvidenceForm,

    /// The cluster, and who asks.
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

/// Forms of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EvidenceForm {
    /// JSON, as docs/evidence.schema.json says.
    Json,
    /// For people.
    Markdown,
}

/// Prints the document.
///
/// # Errors
/// When the object can't be read, in words that name the right, or names no version that can be understood.
pub async fn run(arguments: &EvidenceArgs) -> anyhow::Result<Ended> {
    let access = arguments.cluster.access().await?;
    let (namespace, name) = (&access.namespace, &arguments.name);
    let object: ImageVersion = objects::read(&access, name).await?;
    let definitions: Api<ImageDefinition> = Api::namespaced(access.client.clone(), namespace);
    let definitions = match bounded(definitions.list(&ListParams::default())).await {
        Ok(list) => Some(list.items),
        Err(error) if error.is_forbidden() => None,
        Err(error) => {
            return Err(error).with_context(|| format!("can't list imagedefinitions in the namespace {namespace}"));
        }
    };
    let near: Option<Vec<&ImageDefinition>> = definitions.as_ref().map(|all| all.iter().collect());
    let document = evidence::of(&object, near.as_deref()).with_context(|| {
        format!(
            "spec of the ImageVersion {namespace}/{name} names no gallery image version: its condition Stalled says why"
        )
    })?;
    let text = match arguments.output {
        EvidenceForm::Json => report::inert_json(&serde_json::to_string_pretty(&document)?) + "\n",
        EvidenceForm::Markdown => markdown(&document),
    };
    write(&text)?;
    Ok(Ended::Well)
}
