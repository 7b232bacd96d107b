//! Real Linux guests, for what no simulated one can prove.
//!
//! Debian's own packages run in QEMU, with the real agent, cloud-init and systemd, on a small fabric of our own. The
//! seal's script is the product's; so is what reads the console. What stands in for something that can't be had, and
//! where its behaviour is known from, is in this crate's README.

pub mod cache;
pub mod cases;
pub mod clock;
pub mod command;
pub mod disk;
pub mod door;
pub mod fabric;
pub mod image;
pub mod machine;
pub mod provisioned;
pub mod qemu;
mod recipe;
pub mod room;
pub mod seal;
pub mod wait;
