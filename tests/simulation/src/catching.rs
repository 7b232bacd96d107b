//! In how many seeds the laws catch a bug on purpose, where no plan was written for it.

use crate::{
    generate::{self, Options},
    laws::Problem,
    run::{SetupError, run_with},
    sabotage::Bug,
};

/// The first seed that breaks a law for a bug.
#[derive(Clone, Debug)]
pub struct Caught {
    /// Which seed.
    pub seed: u64,
    /// How many were run, with this one.
    pub tried: u64,
    /// What was broken, at least one.
    pub problems: Vec<Problem>,
}

/// Runs up to `most` seeds with a bug, from `first` on, until one breaks a law that it keeps without the bug.
///
/// # Errors
/// When the surroundings can't be set up.
pub fn catch(bug: Bug, first: u64, most: u64, options: Options) -> Result<Option<Caught>, SetupError> {
    for (seed, tried) in (first..).zip(1..=most) {
        let plan = generate::plan(seed, options);
        let problems = run_with(&plan, Some(bug))?.problems;
        if !problems.is_empty() && run_with(&plan, None)?.problems.is_empty() {
            return Ok(Some(Caught { seed, tried, problems }));
        }
    }
    Ok(None)
}
