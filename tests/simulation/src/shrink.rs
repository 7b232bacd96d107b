//! Shrinks a failing plan.

use crate::{
    laws::Problem,
    plan::Plan,
    run::{SetupError, run_with},
    sabotage::Bug,
};

/// The smallest plan found that breaks one of the laws that the first one breaks, after at most so many runs.
///
/// # Errors
/// When a run can't be set up.
pub fn shrink(plan: &Plan, bug: Option<Bug>, most: u32) -> Result<Plan, SetupError> {
    let first = run_with(plan, bug)?;
    let laws: Vec<&str> = first.problems.iter().map(|problem| problem.law).collect();
    let mut runs = 0;
    let mut fails = |plan: &Plan| -> Result<bool, SetupError> {
        runs += 1;
        let problems: Vec<Problem> = if runs > most { Vec::new() } else { run_with(plan, bug)?.problems };
        Ok(problems.iter().any(|problem| laws.contains(&problem.law)))
    };
    let mut best = first.replay_plan(plan);
    if laws.is_empty() || !fails(&best)? {
        return Ok(plan.clone());
    }
    loop {
        let before = best.clone();
        cut(&mut best, |plan| &mut plan.faults, &mut fails)?;
        cut(&mut best, |plan| &mut plan.events, &mut fails)?;
        cut(&mut best, |plan| &mut plan.world.broken_objects, &mut fails)?;
        cut(&mut best, |plan| &mut plan.world.clones, &mut fails)?;
        cut(&mut best, |plan| &mut plan.world.successors, &mut fails)?;
        cut(&mut best, |plan| &mut plan.world.sold_out, &mut fails)?;
        for change in [
            |plan: &mut Plan| plan.world.replicas = 1,
            |plan: &mut Plan| plan.world.versions = plan.world.versions.saturating_sub(1).max(1),
            |plan: &mut Plan| drop(plan.world.targets.pop()),
            |plan: &mut Plan| plan.world.delete = false,
            |plan: &mut Plan| plan.fault_rates = None,
        ] {
            let mut smaller = best.clone();
            change(&mut smaller);
            if smaller != best && fails(&smaller)? {
                best = smaller;
            }
        }
        if best == before {
            return Ok(best);
        }
    }
}

/// Leaves out parts of a list, first large ones, then single ones.
fn cut<T: Clone>(
    best: &mut Plan,
    list: impl Fn(&mut Plan) -> &mut Vec<T>,
    fails: &mut impl FnMut(&Plan) -> Result<bool, SetupError>,
) -> Result<(), SetupError> {
    let mut size = list(best).len();
    while size > 0 {
        let mut from = 0;
        while from < list(best).len() {
            let mut smaller = best.clone();
            let part = list(&mut smaller);
            let end = (from + size).min(part.len());
            part.drain(from..end);
            if fails(&smaller)? {
                *best = smaller;
            } else {
                from += size;
            }
        }
        size /= 2;
    }
    Ok(())
}
