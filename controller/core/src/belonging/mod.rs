//! What belongs to a machine that is captured itself, and is deleted with it where the object asks for that.

mod id;
mod part;

pub use id::BelongingId;
pub use part::BelongingPart;
