//! Many objects and small budgets, under virtual time: nothing is asked inside a told pause, nobody starves, and at
//! rest a list per definition and period is all there is.

#![allow(clippy::unwrap_used, reason = "a failed expectation is the end of a test, in its helpers too")]

mod drift;
mod fleet;
mod storm;
