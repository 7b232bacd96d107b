//! Every decision of azimage, pure: no I/O, no clock, no randomness. What was read and the time go in, a plan and a
//! status come out, so every rule can be shown by a table.
//!
//! A reconcile of an image version goes through [`image_version`] in this order: `validate` turns the raw object into
//! [`image_version::Validated`]; `next` names what has still to be read, or yields at most one write and a report; `act` says
//! whether that write may be made now, or is announced first; `next_status` turns the report into the status to be written. A
//! replication target needs no Azure: [`replication_target::plan`] reads what the image versions say. An image definition goes the
//! short way of [`image_definition`].

pub mod approval;
pub mod belonging;
pub mod condition;
pub mod events;
pub mod evidence;
pub mod export;
pub mod failure;
pub mod guest;
pub mod identity;
pub mod image_definition;
pub mod image_version;
pub mod leftover_cost;
pub mod leftovers;
pub mod lint;
pub mod merge;
pub mod message;
pub mod owner;
pub mod pace;
pub mod promotion;
pub mod provenance;
pub mod replication_target;
pub mod requested;
pub mod resource_version;
pub mod selector;
mod sha256;
mod span;
pub mod status_write;
pub mod target;
pub mod temporary;
pub mod unreadable;

pub use condition::{Finding, Progress, Truth};
pub use failure::Failure;
pub use identity::{Federation, Identity};
pub use message::Message;
pub use owner::Owner;
pub use pace::Pace;
