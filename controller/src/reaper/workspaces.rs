//! Where is looked.

use std::{collections::BTreeSet, sync::Arc};

use azimage_core::{Identity, image_version::KeepSpec};
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
        let Some(workspace) = readable(guarded).and_then(of) else { continue };
        let namespace = workspace.namespace.as_deref().unwrap_or_default();
        let may_act = match &workspace.account {
            Some(account) => config.accounts.contains(account),
            None => config.served.contains(namespace),
        };
        if may_act {
            all.insert(workspace);
        }
    }
    all
}

/// That of an object that makes something temporary, in the subscription of its machine.
fn of(object: &ImageVersion) -> Option<Workspace> {
    let source = object.spec.source.virtual_machine.as_ref()?;
    let machine = VirtualMachineId::parse(&source.resource_id).ok()?;
    let kept = || KeepSpec::of(object, source, &machine).ok().flatten().map(|keep| keep.group.name().to_owned());
    let group = match source.capture {
        Capture::Clone => object.spec.workspace.as_ref().map(|workspace| workspace.resource_group.clone()),
        Capture::InPlace => kept(),
    };
    let group = ResourceGroup::new(machine.subscription().clone(), &group?.to_lowercase()).ok()?;
    Some(Workspace { group, namespace: object.namespace(), account: object.spec.service_account_name.clone() })
}
