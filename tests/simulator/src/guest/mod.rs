//! What a script does in a modelled Linux guest (behaviour section 8).

pub(crate) mod script;
pub(crate) mod shell;
