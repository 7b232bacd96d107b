//! A modelled Linux guest: what is on its disk, and what a script does in it (behaviour section 8).

pub(crate) mod contents;
pub(crate) mod script;
pub(crate) mod serial;
pub(crate) mod shell;
