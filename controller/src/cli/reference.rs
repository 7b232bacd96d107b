//! The options of `azimage reference`.

use azimage_names::Region;
use clap::{Args, ValueEnum};

/// Options of `azimage reference`.
#[derive(Clone, Debug, Args)]
pub struct ReferenceArgs {
    /// The ImageDefinition.
    #[arg(value_name = "NAME")]
    pub name: String,

    /// Its namespace. By default that of the kubeconfig's context.
    #[arg(short, long, value_name = "NAMESPACE")]
    pub namespace: Option<String>,

    /// What is to refer to the image.
    #[arg(short, long, value_enum, value_name = "FORM")]
    pub output: ReferenceForm,

    /// The version that is latest in this region, in any of Azure's spellings. While one is promoted, regions differ.
    #[arg(long, value_name = "REGION", value_parser = region)]
    pub region: Option<Region>,
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
