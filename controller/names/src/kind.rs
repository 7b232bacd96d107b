//! The kinds of resources whose ids are known, each declared once: the name of its ids, what it lies in, the rest of its
//! path, and the rules for its names.

use crate::{
    form::ResourceIdError,
    id::{Id, Kind},
    name::{
        DISK, GALLERY, IMAGE_DEFINITION, MANAGED_IMAGE, NETWORK, Name, RESTORE_POINT, RUN_COMMAND, SNAPSHOT,
        VIRTUAL_MACHINE,
    },
    resource_group::ResourceGroup,
    subscription_id::SubscriptionId,
    version_number::VersionNumber,
};

/// Declares kinds that have a name, as opposed to a number.
macro_rules! named_kinds {
    ($($id:ident: $kind:ident in $parent:ident, $path:literal, $rules:ident;)+) => {
        $(
            #[doc = concat!("Of [`", stringify!($id), "`].")]
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $kind;

            #[doc = concat!("The id of the resource `…/", $path, "`.")]
            pub type $id = Id<$kind>;

            impl Kind for $kind {
                type Parent = $parent;
                type Name = Name;

                const PATH: &'static str = $path;

                fn name(text: &str) -> Result<Name, ResourceIdError> {
                    Ok(Name::parse(text, &$rules)?)
                }
            }

            named_kinds! { @new $kind in $parent }
        )+
    };
    (@new $kind:ident in ResourceGroup) => {
        impl Id<$kind> {
            /// The id of the resource of this name in a group.
            ///
            /// # Errors
            /// What is wrong with the name.
            pub fn within(group: ResourceGroup, name: &str) -> Result<Self, ResourceIdError> {
                Ok(Self::of(group, $kind::name(name)?))
            }

            /// The id of the resource with these names.
            pub fn new(subscription: SubscriptionId, resource_group: &str, name: &str) -> Result<Self, ResourceIdError> {
                let group = ResourceGroup::new(subscription, resource_group)?;
                Ok(Self::of(group, $kind::name(name)?))
            }
        }
    };
    (@new $kind:ident in $parent:ident) => {
        impl Id<$kind> {
            /// The id of the resource of this name in this parent.
            pub fn new(parent: $parent, name: &str) -> Result<Self, ResourceIdError> {
                Ok(Self::of(parent, $kind::name(name)?))
            }
        }
    };
}

named_kinds! {
    GalleryId: Gallery in ResourceGroup, "providers/Microsoft.Compute/galleries/{gallery}", GALLERY;
    ImageDefinitionId: ImageDefinition in GalleryId, "images/{definition}", IMAGE_DEFINITION;
    VirtualMachineId: VirtualMachine in ResourceGroup,
        "providers/Microsoft.Compute/virtualMachines/{virtualMachine}", VIRTUAL_MACHINE;
    DiskId: Disk in ResourceGroup, "providers/Microsoft.Compute/disks/{disk}", DISK;
    ManagedImageId: ManagedImage in ResourceGroup, "providers/Microsoft.Compute/images/{image}", MANAGED_IMAGE;
    SnapshotId: Snapshot in ResourceGroup, "providers/Microsoft.Compute/snapshots/{snapshot}", SNAPSHOT;
    RestorePointCollectionId: RestorePointCollection in ResourceGroup,
        "providers/Microsoft.Compute/restorePointCollections/{restorePointCollection}", RESTORE_POINT;
    RestorePointId: RestorePoint in RestorePointCollectionId, "restorePoints/{restorePoint}", RESTORE_POINT;
    DiskRestorePointId: DiskRestorePoint in RestorePointId, "diskRestorePoints/{diskRestorePoint}", RESTORE_POINT;
    RunCommandId: RunCommand in VirtualMachineId, "runCommands/{runCommand}", RUN_COMMAND;
    SecurityGroupId: SecurityGroup in ResourceGroup,
        "providers/Microsoft.Network/networkSecurityGroups/{securityGroup}", NETWORK;
    InterfaceId: Interface in ResourceGroup, "providers/Microsoft.Network/networkInterfaces/{interface}", NETWORK;
    PublicAddressId: PublicAddress in ResourceGroup,
        "providers/Microsoft.Network/publicIPAddresses/{publicAddress}", NETWORK;
    VirtualNetworkId: VirtualNetwork in ResourceGroup,
        "providers/Microsoft.Network/virtualNetworks/{virtualNetwork}", NETWORK;
    SubnetId: Subnet in VirtualNetworkId, "subnets/{subnet}", NETWORK;
}

impl<K: Kind<Name = Name>> Id<K> {
    /// The resource's own name, in the letter case given.
    pub fn name(&self) -> &str {
        self.label().as_str()
    }
}

impl GalleryId {
    /// The id of an image definition of this gallery.
    pub fn definition(&self, name: &str) -> Result<ImageDefinitionId, ResourceIdError> {
        ImageDefinitionId::new(self.clone(), name)
    }
}

impl ImageDefinitionId {
    /// The gallery it is in.
    pub fn gallery(&self) -> &GalleryId {
        self.parent()
    }

    /// The id of a version of this definition.
    pub fn version(&self, version: VersionNumber) -> ImageVersionId {
        ImageVersionId::new(self.clone(), version)
    }
}

/// Of [`ImageVersionId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageVersion;

/// The id of a gallery image version.
pub type ImageVersionId = Id<ImageVersion>;

impl Kind for ImageVersion {
    type Parent = ImageDefinitionId;
    type Name = VersionNumber;

    const PATH: &'static str = "versions/{version}";

    fn name(text: &str) -> Result<VersionNumber, ResourceIdError> {
        Ok(VersionNumber::parse(text)?)
    }
}

impl ImageVersionId {
    /// The id of this version of this definition.
    pub fn new(definition: ImageDefinitionId, version: VersionNumber) -> Self {
        Self::of(definition, version)
    }

    /// The image definition it is a version of.
    pub fn definition(&self) -> &ImageDefinitionId {
        self.parent()
    }

    /// Its number.
    pub fn version(&self) -> VersionNumber {
        *self.label()
    }
}

impl VirtualMachineId {
    /// The id of a managed run command of this virtual machine.
    pub fn run_command(&self, name: &str) -> Result<RunCommandId, ResourceIdError> {
        RunCommandId::new(self.clone(), name)
    }
}

impl RunCommandId {
    /// The virtual machine it runs on.
    pub fn virtual_machine(&self) -> &VirtualMachineId {
        self.parent()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBNET: &str = "/subscriptions/0a1b2c3d-0000-0000-0000-00000000abcd/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/Hub/subnets/build";

    #[test]
    fn a_kind_of_another_provider_is_one_declaration() {
        let subnet = SubnetId::parse(SUBNET).unwrap();
        assert_eq!(subnet.to_string(), SUBNET);
        assert_eq!((subnet.name(), subnet.parent().name(), subnet.resource_group()), ("build", "Hub", "net"));
        assert_eq!(SubnetId::parse(&SUBNET.to_ascii_uppercase()).unwrap(), subnet);
        let network = VirtualNetworkId::new(subnet.subscription().clone(), "NET", "hub").unwrap();
        assert_eq!(SubnetId::new(network, "Build").unwrap(), subnet);
        let error = VirtualNetworkId::parse(SUBNET).unwrap_err().to_string();
        assert!(error.starts_with("the resource id goes on with \"subnets/build\" where it must end"), "{error}");
    }
}
