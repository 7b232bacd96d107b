//! The stages of the ways in `route.rs`, each in a folder of its own, or two that go together in one. A stage looks at what it needs, and says that
//! it is done, what step brings it on, or what is waited for. It never calls the next one.
//!
//! Whatever is done is seen in Azure: tags for the claim and the mark, the run command's end, the power state and the guest's
//! own word on its serial console for the seal, the instance view for generalized. So a process that knows nothing but the
//! object and Azure goes on where another one died.

pub(super) mod approved;
pub(super) mod claim;
pub(super) mod clean;
pub(super) mod clone;
pub(super) mod compatible;
pub(super) mod definition;
pub(super) mod delete;
pub(super) mod delete_source;
pub(super) mod disks;
pub(super) mod generalize;
pub(super) mod guest;
pub(super) mod keep;
pub(super) mod preflight;
pub(super) mod publish;
pub(super) mod replicate;
pub(super) mod source;
pub(super) mod source_disks;
pub(super) mod source_image;
pub(super) mod source_version;
pub(super) mod validate;
