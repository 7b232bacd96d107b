//! A Debian-like guest: what its disk holds before anybody provisions it, what a first boot makes, and what a boot brings.

pub(crate) mod accounts;
mod boot;
mod layout;
mod provision;

pub(crate) use layout::pristine;
pub(crate) use provision::public_key;
