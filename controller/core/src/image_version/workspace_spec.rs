//! Where temporary resources are made.

use std::collections::BTreeMap;

use azimage_crds::Workspace;
use azimage_names::{Region, ResourceGroup, SubnetId};

use super::{Violation, invalid::Invalid, report::Stop};
use crate::temporary::{Part, TemporaryId};

/// Where temporary resources are made: in the subscription of the subnets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceSpec {
    /// The resource group.
    pub group: ResourceGroup,
    /// The subnet of each region.
    pub subnets: BTreeMap<Region, SubnetId>,
    /// The user's tags on temporary resources.
    pub tags: BTreeMap<String, String>,
    /// The object's uid, from which names follow.
    pub uid: String,
}

impl WorkspaceSpec {
    /// The id of a part.
    pub(super) fn id(&self, part: Part) -> Result<TemporaryId, Stop> {
        TemporaryId::of(&self.group, &self.uid, part).map_err(|_| Stop::untold("a uid that names can have"))
    }

    /// From the raw object.
    ///
    /// # Errors
    /// When a field can't be used: a machine and its interface lie in the subscription of the network, so there is one for all.
    pub fn of(workspace: &Workspace, uid: &str) -> Result<Self, Violation> {
        let mut subnets: BTreeMap<Region, SubnetId> = BTreeMap::new();
        for subnet in &workspace.subnets {
            let region = Region::parse(&subnet.region)
                .map_err(|problem| Violation::field("spec.workspace.subnets.region", problem))?;
            let id = SubnetId::parse(&subnet.resource_id)
                .map_err(|problem| Violation::field("spec.workspace.subnets.resourceId", problem))?;
            if let Some(other) = subnets.values().find(|other| other.subscription() != id.subscription()) {
                return Err(Invalid::TwoSubscriptions { subnet: id, other: other.clone() }.into());
            }
            if subnets.contains_key(&region) {
                return Err(Invalid::RegionTwice { region }.into());
            }
            subnets.insert(region, id);
        }
        let Some(first) = subnets.values().next() else {
            return Err(Violation::field("spec.workspace.subnets", "there is none"));
        };
        let group = ResourceGroup::new(first.subscription().clone(), &workspace.resource_group)
            .map_err(|problem| Violation::field("spec.workspace.resourceGroup", problem))?;
        Ok(Self { group, subnets, tags: workspace.tags.clone(), uid: uid.to_owned() })
    }
}
