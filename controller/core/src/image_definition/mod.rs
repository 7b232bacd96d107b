//! The decisions about an `ImageDefinition`.
//!
//! ```text
//! object ──validate──▶ Validated ─┐
//! process ──────────▶ Memory ─────┼─next──▶ Read(what), which is read and put into Observed; then asked again
//! Azure ────────────▶ Observed ───┘    └──▶ Plan { step, report, requeue } ──next_status──▶ status
//! ```
//!
//! A write is of the whole definition, changes nothing when it is made twice, and carries the object's owner tag. So it needs no record
//! before it is made: whoever comes after a process that died finds in Azure whether it was.

mod change;
mod differ;
mod found;
mod hints;
mod memory;
mod next;
mod observed;
mod plan;
mod status;
#[cfg(test)]
mod tests;
mod users;
mod validate;
pub(crate) mod words;

pub use memory::Memory;
pub use next::{Next, Read, next};
pub use observed::{Definition, Gallery, Identifier, Limits, Observed};
pub use plan::{Given, Plan, Report, Step};
pub use status::{DOMAIN, next_status};
pub use users::Users;
pub use validate::{Environment, Validated, conflicts_by, is_in_conflict, validate};
pub(crate) use validate::{age, is_of, stalled_as_it_is, standing};

use std::collections::BTreeMap;

use azimage_crds::DefinitionProperties;
use azimage_names::{ImageDefinitionId, Region};
use jiff::Timestamp;
use serde_json::{Map, Value};

/// A write of an image definition: complete, so that carrying it out leaves no choice open.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The image definition.
    pub id: ImageDefinitionId,
    /// Its region.
    pub location: Region,
    /// Its tags, whole: Azure replaces all of them.
    pub tags: BTreeMap<String, String>,
    /// Its properties as they were read; of one that is to be made there are none.
    pub properties: Map<String, Value>,
    /// What it is, if it is to be made.
    pub new: Option<Box<DefinitionProperties>>,
    /// What is changed of it.
    pub settings: Settings,
}

/// What may be changed of an image definition; what is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// What it is for.
    pub description: Option<String>,
    /// End of life.
    pub end_of_life: Option<Timestamp>,
    /// Licence agreement.
    pub eula: Option<String>,
    /// Address of its privacy statement.
    pub privacy_statement_uri: Option<String>,
    /// Address of its release notes.
    pub release_note_uri: Option<String>,
    /// Recommended virtual processors, at least and at most.
    pub vcpus: (Option<i32>, Option<i32>),
    /// Recommended memory in GiB, at least and at most.
    pub memory: (Option<i32>, Option<i32>),
}
