//! `azimage reference`: how deployments refer to what is latest.

use azimage_crds::ImageDefinition;
use azimage_names::Region;
use clap::{Args, ValueEnum};

use super::{access::ClusterArgs, exit::Ended, objects, terminal::write};
use crate::reference;

/// Options of `azimage reference`.
#[derive(Clone, Debug, Args)]
pub struct ReferenceArgs {
    /// The ImageDefinition.
    #[arg(value_name = "NAME")]
    pub name: String,

    /// What is to refer to the image.
    #[arg(short, long, value_enum, value_name = "FORM")]
    pub output: ReferenceForm,

    /// The version that is latest in this region, in any of Azure's spellings. While one is promoted, regions differ.
    #[arg(long, value_name = "REGION", value_parser = region)]
    pub region: Option<Region>,

    /// The cluster, and who asks.
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

/// Prints a reference to the version that is latest.
///
/// # Errors
/// When the object can't be read, in words that name the right, or [`reference::Unreferable`].
pub async fn run(arguments: &ReferenceArgs) -> anyhow::Result<Ended> {
    let access = arguments.cluster.access().await?;
    let object: ImageDefinition = objects::read(&access, &arguments.name).await?;
    write(&reference::render(&object, arguments.region.as_ref(), arguments.output)?)?;
    Ok(Ended::Well)
}

/// What refers to an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReferenceForm {
    /// A variable of Bicep.
    Bicep,
    /// A file of parameters for an ARM template.
    Arm,
    /// A data source of Terraform's provider azurerm.
    Terraform,
    /// The image of an AzureMachineTemplate of Cluster API.
    Capz,
    /// An AzureNodeClass of Karpenter.
    Karpenter,
    /// The substitutions of a Kustomization of Flux, from the ConfigMap that spec.export names.
    Flux,
}

fn region(text: &str) -> Result<Region, String> {
    Region::parse(text).map_err(|problem| problem.to_string())
}
