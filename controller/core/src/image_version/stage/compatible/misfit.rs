//! What is said of a source that doesn't fit the image definition.

use super::super::super::OsType;
use crate::message::messages;

messages! {
    /// Why a source doesn't fit.
    pub(in crate::image_version) enum Misfit {
        Specialized => Compatible / DefinitionSpecialized:
            "spec.definition: the image definition is for specialized images; use one with osState Generalized",
        OsType { wanted: OsType, source: OsType } => Compatible / OsTypeMismatch:
            "spec.definition: the image definition is for {wanted}, and the source is {source}; use a definition for \
             {source}",
        Generation { wanted: String, source: String } => Compatible / GenerationMismatch:
            "spec.definition: the image definition is for Hyper-V generation {wanted}, and the source is {source}; use \
             a definition for {source}",
        Architecture { wanted: String, source: String } => Compatible / ArchitectureMismatch:
            "spec.definition: the image definition is for {wanted}, and the source is {source}; use a definition for \
             {source}",
        ArchitectureUnknown => Compatible / ArchitectureMismatch:
            "Azure tells the architecture neither of the machine's OS disk nor by the machine's size, so nothing shows \
             that it fits the image definition; use another machine",
        Confidential => Compatible / SourceUnsupported:
            "spec.definition: the image definition's SecurityType is ConfidentialVM, and azimage can't give Azure the \
             encryption that such an image needs in each region; use a definition with another SecurityType",
        SecurityType { wanted: String, source: String } => Compatible / SecurityTypeMismatch:
            "spec.definition: the image definition's SecurityType is {wanted}, and the source's is {source}; use a \
             definition with SecurityType {source}",
        SecurityTypes { wanted: String, source: String } => Compatible / SecurityTypeMismatch:
            "spec.definition: the image definition's SecurityType is {wanted}, for which Azure takes no virtual \
             machine as source, and the source's is {source}; use a definition with SecurityType {source}",
        DiskController { allowed: String, source: String } => Compatible / DiskControllerMismatch:
            "spec.definition: the image definition allows the disk controllers {allowed}, and the source uses \
             {source}; use a definition whose feature DiskControllerTypes names {source}",
        Nvme => Compatible / DiskControllerMismatch:
            "spec.definition: the source uses NVMe, and the image definition allows SCSI alone; use a definition whose \
             feature DiskControllerTypes names NVMe",
        Plan { wanted: String, source: String } => Compatible / PurchasePlanMismatch:
            "spec.definition: the image definition's purchase plan is {wanted}, and the source's is {source}; use a \
             definition with the source's",
    }
}
