//! Where is looked.

use std::{collections::BTreeSet, sync::Arc};

use azimage_core::{
    Identity,
    image_version::{KeepSpec, WorkspaceSpec},
};
use azimage_crds::{Capture, ImageVersion};
use azimage_names::{ResourceGroup, VirtualMachineId};
use kube::ResourceExt as _;

use crate::{
    config::Config,
    stores::{Guarded, readable},
};

/// A resource group, with whose rights it is looked through, and for whose objects.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Workspace {
    pub(super) group: ResourceGroup,
    /// The namespace whose objects count, or each that the controller's own identity serves.
    pub(super) namespace: Option<String>,
    /// The `ServiceAccount` that acts, or else the controller's own identity.
    pub(super) account: Option<String>,
}

impl Workspace {
    pub(super) fn identity(&self) -> Identity {
        self.account.clone().map_or(Identity::Own, Identity::ServiceAccount)
    }
}

/// All that are known: those of objects that live, and those that the operator names.
pub(super) fn workspaces(config: &Config, objects: &[Arc<Guarded<ImageVersion>>]) -> BTreeSet<Workspace> {
    let own = |group: &ResourceGroup| Workspace { group: group.clone(), namespace: None, account: None };
    let mut all: BTreeSet<Workspace> = config.workspaces.iter().map(own).collect();
    for guarded in objects {
        let Some(object) = readable(guarded) else { continue };
        let may_act = match &object.spec.service_account_name {
            Some(account) => config.accounts.contains(account),
            None => config.served.contains(&object.namespace().unwrap_or_default()),
        };
        if may_act {
            all.extend(of(object));
        }
    }
    all
}

/// Those of an object that makes something temporary.
fn of(object: &ImageVersion) -> impl Iterator<Item = Workspace> {
    let groups = [of_the_capture(object), of_the_validation(object)];
    groups.into_iter().flatten().map(|group| Workspace {
        group,
        namespace: object.namespace(),
        account: object.spec.service_account_name.clone(),
    })
}

/// Where a copy of a machine is made, or a snapshot of it kept: in the subscription of the machine.
fn of_the_capture(object: &ImageVersion) -> Option<ResourceGroup> {
    let source = object.spec.source.virtual_machine.as_ref()?;
    let machine = VirtualMachineId::parse(&source.resource_id).ok()?;
    let kept = || KeepSpec::of(object, source, &machine).ok().flatten().map(|keep| keep.group.name().to_owned());
    let group = match source.capture {
        Capture::Clone => object.spec.workspace.as_ref().map(|workspace| workspace.resource_group.clone()),
        Capture::InPlace => kept(),
    };
    ResourceGroup::new(machine.subscription().clone(), &group?.to_lowercase()).ok()
}

/// Where machines are made that prove a version: in the subscription of the subnets.
fn of_the_validation(object: &ImageVersion) -> Option<ResourceGroup> {
    object.spec.validation.as_ref()?;
    let group = WorkspaceSpec::of(object.spec.workspace.as_ref()?, "").ok()?.group;
    ResourceGroup::new(group.subscription().clone(), &group.name().to_lowercase()).ok()
}
