//! Detection: how many ordinary seeds it takes until the laws find a deliberate bug.

use crate::{
    generate::{self, Options},
    laws::Problem,
    run::{SetupError, run_with},
    sabotage::Bug,
};

/// The first seed in which a bug breaks a law.
#[derive(Clone, Debug)]
pub struct Detection {
    /// Which seed.
    pub seed: u64,
    /// How many seeds were run, including this one.
    pub tried: u64,
    /// What was broken, at least one.
    pub problems: Vec<Problem>,
}

/// Runs up to `most` seeds with a bug, from `first` on, until one breaks a law that it keeps without the bug.
///
/// # Errors
/// When the surroundings can't be set up.
pub fn detect(bug: Bug, first: u64, most: u64, options: Options) -> Result<Option<Detection>, SetupError> {
    for (seed, tried) in (first..).zip(1..=most) {
        let plan = generate::plan(seed, options);
        let problems = run_with(&plan, Some(bug))?.problems;
        if !problems.is_empty() && run_with(&plan, None)?.problems.is_empty() {
            return Ok(Some(Detection { seed, tried, problems }));
        }
    }
    Ok(None)
}
