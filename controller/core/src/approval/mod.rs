//! Whether a version may be made from what its object names, by the word of its image definition's object.

#[cfg(test)]
mod tests;
pub(crate) mod words;

use std::collections::BTreeMap;

use azimage_crds::{
    ApprovedGroups, ApprovedImage, ApprovedMachines, ApprovedSources, ApprovedVersions, ImageDefinition, ImageReference,
};
use azimage_names::{ImageDefinitionId, ImageVersionId, VirtualMachineId};
use kube::ResourceExt as _;
use words::{NotApproved, Rule};

use crate::{condition::first_names, image_definition, owner::find_tag};

/// The most values of a rule that a message names.
const MOST_NAMED: usize = 3;

/// What the image definition's object allows.
#[derive(Clone, Debug, PartialEq)]
pub struct Approval {
    /// The name of that object.
    pub definition: String,
    /// What it allows.
    pub sources: ApprovedSources,
}

/// A source, as far as it is judged.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Judged<'a> {
    /// A machine. Its tags aren't known where it is gone and a copy of it is captured.
    Machine { id: &'a VirtualMachineId, tags: Option<&'a BTreeMap<String, String>>, image: Option<&'a ImageReference> },
    /// A gallery image version, and whether it passed its validation.
    Version { id: &'a ImageVersionId, passed: bool },
    /// A managed image, by its resource id.
    ManagedImage { id: &'a str },
    /// A disk or a snapshot, by its resource id.
    Disk { id: &'a str },
}

impl Approval {
    /// What the object says that counts for an image definition, of all objects of its versions' namespace; none if there is no such object, or
    /// it says nothing. It counts while it is suspended, too.
    pub(crate) fn of(near: &[&ImageDefinition], id: &ImageDefinitionId) -> Option<Self> {
        let object = image_definition::standing(near, id)?;
        Some(Self { definition: object.name_any(), sources: object.spec.sources.clone()? })
    }

    /// Why a source isn't approved, if it isn't: the first rule that it doesn't keep.
    pub(crate) fn objection(&self, source: Judged<'_>) -> Option<NotApproved> {
        let sources = &self.sources;
        let broken = match source {
            Judged::Machine { id, tags, image } => match &sources.virtual_machines {
                Some(rule) => machine(rule, id, tags, image),
                None => Some(self.kind("a virtual machine")),
            },
            Judged::Version { id, passed } => match &sources.image_versions {
                Some(rule) => version(rule, id, passed),
                None => Some(self.kind("a gallery image version")),
            },
            Judged::ManagedImage { id } => match &sources.managed_images {
                Some(rule) => groups(Rule::ManagedImageGroups, &rule.resource_groups, id),
                None => Some(self.kind("a managed image")),
            },
            Judged::Disk { id } => match &sources.disks {
                Some(ApprovedGroups { resource_groups }) => groups(Rule::DiskGroups, resource_groups, id),
                None => Some(self.kind("a disk or a snapshot")),
            },
        };
        let Broken { rule, allowed, is } = broken?;
        Some(NotApproved::Because { definition: self.definition.clone(), rule, allowed, is })
    }

    /// A kind of source that isn't named.
    fn kind(&self, is: &str) -> Broken {
        let sources = &self.sources;
        let kinds = [
            ("virtualMachines", sources.virtual_machines.is_some()),
            ("imageVersions", sources.image_versions.is_some()),
            ("managedImages", sources.managed_images.is_some()),
            ("disks", sources.disks.is_some()),
        ];
        let named: Vec<&str> = kinds.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name).collect();
        Broken { rule: Rule::Kinds, allowed: format!("{} alone", named.join(", ")), is: is.to_owned() }
    }
}

/// A rule that a source doesn't keep, and both values.
struct Broken {
    rule: Rule,
    allowed: String,
    is: String,
}

fn machine(
    rule: &ApprovedMachines,
    id: &VirtualMachineId,
    tags: Option<&BTreeMap<String, String>>,
    image: Option<&ImageReference>,
) -> Option<Broken> {
    groups(Rule::MachineGroups, &rule.resource_groups, &id.to_string())
        .or_else(|| rule.tags.iter().find_map(|(name, value)| tag(name, value, tags?)))
        .or_else(|| references(&rule.image_references, image))
}

fn tag(name: &str, value: &str, tags: &BTreeMap<String, String>) -> Option<Broken> {
    let is = find_tag(tags, name);
    (is != Some(value)).then(|| Broken {
        rule: Rule::MachineTags,
        allowed: format!("{name}: {value}"),
        is: is.map_or_else(|| format!("without the tag {name}"), |is| format!("{name}: {is}")),
    })
}

fn references(allowed: &[ApprovedImage], image: Option<&ImageReference>) -> Option<Broken> {
    let fits = |rule: &ApprovedImage| image.is_some_and(|image| is_of(rule, image));
    if allowed.is_empty() || allowed.iter().any(fits) {
        return None;
    }
    let is = image.map(ImageReference::text).unwrap_or_default();
    Some(Broken {
        rule: Rule::ImageReferences,
        allowed: named(allowed.iter().map(|rule| {
            rule.id.clone().unwrap_or_else(|| {
                let parts = [&rule.publisher, &rule.offer, &rule.sku].map(|part| part.as_deref().unwrap_or("*"));
                parts.join(":")
            })
        })),
        is: if is.is_empty() {
            "made from an image that Azure doesn't tell".to_owned()
        } else {
            format!("made from {is}")
        },
    })
}

fn is_of(rule: &ApprovedImage, image: &ImageReference) -> bool {
    if let Some(id) = &rule.id {
        return image.id.as_ref().is_some_and(|image| is_below(image, id));
    }
    let pairs = [(&rule.publisher, &image.publisher), (&rule.offer, &image.offer), (&rule.sku, &image.sku)];
    let fits = |(rule, image): (&Option<String>, &Option<String>)| {
        rule.as_ref().is_none_or(|rule| image.as_ref().is_some_and(|image| image.eq_ignore_ascii_case(rule)))
    };
    pairs.into_iter().all(fits)
}

fn version(rule: &ApprovedVersions, id: &ImageVersionId, passed: bool) -> Option<Broken> {
    let text = id.to_string();
    if !rule.definitions.is_empty() && !rule.definitions.iter().any(|above| is_below(&text, above)) {
        return Some(Broken { rule: Rule::Definitions, allowed: named(rule.definitions.iter().cloned()), is: text });
    }
    (rule.validated && !passed).then(|| Broken {
        rule: Rule::Validated,
        allowed: "versions that passed their validation alone".to_owned(),
        is: format!("{text}, which didn't"),
    })
}

fn groups(rule: Rule, allowed: &[String], id: &str) -> Option<Broken> {
    let fits = allowed.is_empty() || allowed.iter().any(|group| is_below(id, group));
    (!fits).then(|| Broken { rule, allowed: named(allowed.iter().cloned()), is: id.to_owned() })
}

/// Whether a resource is another one or lies below it. Azure tells ids apart without regard to case.
fn is_below(id: &str, above: &str) -> bool {
    let (id, above) = (id.to_ascii_lowercase(), above.trim_end_matches('/').to_ascii_lowercase());
    id.strip_prefix(&above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn named(all: impl Iterator<Item = String>) -> String {
    first_names(&all.collect::<Vec<_>>(), MOST_NAMED)
}
