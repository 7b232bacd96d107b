//! Bugs on purpose: proof that the checks can fail.
//!
//! A place in the code where a bug of another tool could be says `bug!(Name)`. That is `false` and nothing else, unless
//! the feature `deliberate-bugs` is on; then it is true on a thread for which `switch_on` chose that very bug.

#[cfg(feature = "deliberate-bugs")]
mod bugs;

#[cfg(feature = "deliberate-bugs")]
pub use bugs::{Bug, is_on, switch_on};

/// Whether a deliberate bug is switched on.
#[cfg(feature = "deliberate-bugs")]
#[macro_export]
macro_rules! bug {
    ($bug:ident) => {
        $crate::is_on($crate::Bug::$bug)
    };
}

/// Whether a deliberate bug is switched on: never, in this build.
#[cfg(not(feature = "deliberate-bugs"))]
#[macro_export]
macro_rules! bug {
    ($bug:ident) => {
        false
    };
}
