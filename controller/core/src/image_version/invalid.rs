//! What is said of an object that can't be worked on as it is.

use azimage_names::{ImageVersionId, Region, SubnetId, VirtualMachineId};

use crate::message::messages;

messages! {
    /// Why an object can't be worked on as it is; the text begins with the field at fault.
    pub(crate) enum Invalid {
        Field { field: String, problem: String } => Ready / InvalidSpec:
            "{field}: {problem}",
        Source => Ready / InvalidSpec:
            "spec.source: set exactly one of virtualMachine, imageVersion, managedImage and disks",
        Vhd { field: String } => Ready / InvalidSpec:
            "{field}: this is the address of a VHD, and versions are made from resources alone; make a managed disk from it (az disk \
             create --source URL --os-type Linux --hyper-v-generation V2) or a snapshot, and set spec.source.disks in a new object",
        NoLun { lun: i32 } => Ready / InvalidSpec:
            "spec.source.disks.dataDisks.lun: {lun} is no logical unit number; use 0 to 63 in a new object",
        LunTwice { lun: u8 } => Ready / InvalidSpec:
            "spec.source.disks.dataDisks: there are two disks for the lun {lun}; leave one in a new object",
        NoWorkspace => Ready / InvalidSpec:
            "spec.workspace: a machine is cloned in a resource group and subnet of yours; set them, or capture a machine that \
             is made to be consumed with spec.source.virtualMachine.capture: InPlace in a new object",
        OtherSubscription { subnet: SubnetId, machine: VirtualMachineId } => Ready / InvalidSpec:
            "spec.workspace.subnets: {subnet} is in another subscription than the machine {machine}, and its copy has to be in \
             the machine's; set a subnet of that subscription in a new object",
        TwoSubscriptions { subnet: SubnetId, other: SubnetId } => Ready / InvalidSpec:
            "spec.workspace.subnets: {subnet} is in another subscription than {other}, and a workspace is in one; leave subnets \
             of one subscription in a new object",
        NoPlaceToValidate => Ready / InvalidSpec:
            "spec.workspace: the machines that prove the version are made in a resource group and subnet of yours; set them, or \
             leave out spec.validation",
        RegionTwice { region: Region } => Ready / InvalidSpec:
            "spec.workspace.subnets: there are two subnets for {region}; leave one in a new object",
        SealedClone => Ready / InvalidSpec:
            "spec.source.virtualMachine.guest.prepare: a machine whose guest was sealed before can't be cloned, as its copy \
             would be provisioned anew; use capture: InPlace in a new object",
        ShallowClone => Ready / InvalidSpec:
            "spec.publish.replicationMode: a Shallow version may depend on what it was made from, and the copy of a machine that is \
             cloned is deleted; use Full, or capture: InPlace, in a new object",
        ShallowDelete => Ready / InvalidSpec:
            "spec.publish.replicationMode: a Shallow version may depend on the machine that it was made from, and \
             spec.source.virtualMachine.inPlace.sourceCleanup: Delete deletes that; use Full, or Keep, in a new object",
        MadeFromItself => Ready / InvalidSpec:
            "spec.source.imageVersion.resourceId: a gallery image version can't be made from itself; set another source in \
             a new object",
        SameVersion { other: String, id: ImageVersionId } => Ready / Conflict:
            "spec.version: the ImageVersion {other} already makes {id}; use another version number in a new object, or \
             delete {other}: this object then goes on by itself",
        SameMachine { other: String, machine: VirtualMachineId } => Ready / Conflict:
            "spec.source.virtualMachine: the ImageVersion {other} captures {machine} in place, and a machine can be \
             captured in place only once; use another machine in a new object, or delete {other}: this object then goes \
             on by itself",
    }
}
