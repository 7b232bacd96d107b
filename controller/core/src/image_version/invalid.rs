//! What is said of an object that can't be worked on as it is.

use azimage_names::{ImageVersionId, VirtualMachineId};

use crate::message::messages;

messages! {
    /// Why an object can't be worked on as it is; the text begins with the field at fault.
    pub(crate) enum Invalid {
        Field { field: String, problem: String } => Ready / InvalidSpec:
            "{field}: {problem}",
        Source => Ready / InvalidSpec:
            "spec.source: set exactly one of virtualMachine and imageVersion",
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
