//! Answers that nobody wants, to every call: each becomes an error that says what is wrong, once, without a secret in it.
#![allow(clippy::unwrap_used, reason = "a failed expectation is the end of a test, in its helpers too")]

mod calls;
mod campaign;
mod mutations;
mod surroundings;
