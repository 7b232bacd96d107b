//! The controller in one process with Kubernetes and Azure, under virtual time. All of it is one program: each would have the
//! whole controller compiled into it once more.
#![allow(clippy::unwrap_used, reason = "a failed expectation is the end of a test, in its helpers too")]

mod bugs;
mod call_classes;
mod in_process;
mod rights;
mod runs;
mod throttling;
