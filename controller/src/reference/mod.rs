//! How deployments refer to the version that is latest: text, from an `ImageDefinition` as it was read.

#[cfg(test)]
mod tests;

use azimage_crds::{Export, ImageDefinition};
use azimage_names::{ImageVersionId, Region, VersionNumber};
use kube::ResourceExt;
use serde_json::json;

use crate::cli::ReferenceForm;

/// Why there is no reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreferable {
    /// No version is latest.
    #[error("no version of the ImageDefinition {name} is latest: its condition LatestReady says why")]
    NothingLatest {
        /// The object.
        name: String,
    },
    /// No version is latest in the region.
    #[error("no version of the ImageDefinition {name} is latest in {region}; there is one in: {regions}")]
    NotInRegion {
        /// The object.
        name: String,
        /// The region that was asked for.
        region: Region,
        /// Those that have one.
        regions: String,
    },
    /// There is no `ConfigMap`.
    #[error(
        "spec.export of the ImageDefinition {name} names no ConfigMap, from which Flux could substitute; set spec.export.configMapName"
    )]
    NoExport {
        /// The object.
        name: String,
    },
    /// The status holds what is no version.
    #[error("status.latest of the ImageDefinition {name} can't be understood: {problem}")]
    Unreadable {
        /// The object.
        name: String,
        /// Why.
        problem: String,
    },
}

impl Unreferable {
    /// Whether it may be otherwise later, without a change of the call or the object.
    pub fn is_for_now(&self) -> bool {
        matches!(self, Self::NothingLatest { .. } | Self::NotInRegion { .. })
    }
}

/// The text.
///
/// # Errors
/// When nothing can be referred to; the message names the field.
pub fn render(object: &ImageDefinition, region: Option<&Region>, form: ReferenceForm) -> Result<String, Unreferable> {
    let id = version(object, region)?;
    let comment = |mark: &str| {
        let place = region.map(|region| format!(" in {region}")).unwrap_or_default();
        let (namespace, name) = (object.namespace().unwrap_or_default(), object.name_any());
        format!("{mark} What is latest{place} of the ImageDefinition {namespace}/{name}: {}\n", id.version())
    };
    Ok(match form {
        ReferenceForm::Bicep => format!("{}var imageReference = {{\n  id: '{id}'\n}}\n", comment("//")),
        ReferenceForm::Arm => arm(&id),
        ReferenceForm::Terraform => comment("#") + &terraform(object, &id),
        ReferenceForm::Capz => comment("#") + &capz(&id),
        ReferenceForm::Karpenter => comment("#") + &karpenter(object, &id),
        ReferenceForm::Flux => comment("#") + &flux(object, region)?,
    })
}

/// The version that is meant.
fn version(object: &ImageDefinition, region: Option<&Region>) -> Result<ImageVersionId, Unreferable> {
    let name = || object.name_any();
    let status = object.status.as_ref();
    let latest = status.and_then(|status| status.latest.as_ref());
    let (Some(status), Some(latest)) = (status, latest) else {
        return Err(Unreferable::NothingLatest { name: name() });
    };
    let unreadable = |problem: String| Unreferable::Unreadable { name: name(), problem };
    let id = ImageVersionId::parse(&latest.resource_id).map_err(|problem| unreadable(problem.to_string()))?;
    let Some(region) = region else { return Ok(id) };
    let Some(found) = status.regions.iter().find(|it| it.name == region.as_str()) else {
        let regions: Vec<&str> = status.regions.iter().map(|it| it.name.as_str()).collect();
        return Err(Unreferable::NotInRegion { name: name(), region: region.clone(), regions: regions.join(", ") });
    };
    let number = VersionNumber::parse(&found.version).map_err(|problem| unreadable(problem.to_string()))?;
    Ok(ImageVersionId::new(id.definition().clone(), number))
}

fn arm(id: &ImageVersionId) -> String {
    let file = json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {"imageId": {"value": id.to_string()}},
    });
    format!("{file:#}\n")
}

fn terraform(object: &ImageDefinition, id: &ImageVersionId) -> String {
    // A name of Terraform begins with a letter or an underscore.
    let plain: String = object.name_any().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let label = if plain.starts_with(|c: char| c.is_ascii_digit()) { format!("_{plain}") } else { plain };
    let definition = id.definition();
    format!(
        "# The subscription is that of the provider: {subscription}\n\
         data \"azurerm_shared_image_version\" \"{label}\" {{\n  \
           name                = \"{version}\"\n  \
           image_name          = \"{name}\"\n  \
           gallery_name        = \"{gallery}\"\n  \
           resource_group_name = \"{group}\"\n\
         }}\n\
         # In a machine or a scale set:\n\
         # source_image_id = data.azurerm_shared_image_version.{label}.id\n",
        subscription = definition.subscription(),
        version = id.version(),
        name = definition.name(),
        gallery = definition.gallery().name(),
        group = definition.resource_group(),
    )
}

fn capz(id: &ImageVersionId) -> String {
    let definition = id.definition();
    format!(
        "# spec.template.spec of an AzureMachineTemplate, infrastructure.cluster.x-k8s.io/v1beta1. One can't be changed: make a new one\n\
         image:\n  \
           computeGallery:\n    \
             subscriptionID: \"{subscription}\"\n    \
             resourceGroup: \"{group}\"\n    \
             gallery: \"{gallery}\"\n    \
             name: \"{name}\"\n    \
             version: \"{version}\"\n",
        subscription = definition.subscription(),
        group = definition.resource_group(),
        gallery = definition.gallery().name(),
        name = definition.name(),
        version = id.version(),
    )
}

fn karpenter(object: &ImageDefinition, id: &ImageVersionId) -> String {
    format!(
        "apiVersion: karpenter.azure.com/v1alpha1\nkind: AzureNodeClass\nmetadata:\n  name: \"{}\"\nspec:\n  imageID: \"{id}\"\n",
        object.name_any()
    )
}

fn flux(object: &ImageDefinition, region: Option<&Region>) -> Result<String, Unreferable> {
    let Some(Export { config_map_name, prefix }) = &object.spec.export else {
        return Err(Unreferable::NoExport { name: object.name_any() });
    };
    let variable = region.map_or_else(|| format!("{prefix}_ID"), |region| format!("{prefix}_ID_{region}"));
    Ok(format!(
        "# spec of a Kustomization, kustomize.toolkit.fluxcd.io/v1, in the same namespace; its manifests then say ${{{variable}}}\n\
         postBuild:\n  substituteFrom:\n    - kind: ConfigMap\n      name: \"{config_map_name}\"\n"
    ))
}
