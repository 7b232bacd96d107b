//! A simulated guest: what is on its disk, and the programs that run in it (behaviour section 8).
#![allow(clippy::format_collect, clippy::format_push_string, reason = "short texts, line by line, read better so")]

pub(crate) mod disk;
pub(crate) mod linux;
pub(crate) mod process;
pub(crate) mod serial;
pub(crate) mod shell;
pub(crate) mod system;
pub(crate) mod tools;
pub(crate) mod units;
pub(crate) mod windows;

#[cfg(test)]
mod tests;
