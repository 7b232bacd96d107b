//! Shrinking a failing run.

use azimage_simulation::{
    plan::{Action, CallSite, Event, Fault, Plan, ScheduledFault},
    run::run_with,
    sabotage::Bug,
    shrink::shrink,
};

/// One answer that a bug believes.
pub(crate) const CORE: &str = include_str!("../../../scenarios/one-404.yaml");

/// The same with many harmless faults and events.
fn noisy(core: &Plan) -> Plan {
    let mut plan = core.clone();
    plan.world.versions = 2;
    for (call, fault) in [
        ("azure PUT galleries/corp/images/web-0/versions/1.4.0", Fault::Slow(7)),
        ("azure POST virtualMachines/builder-0/deallocate", Fault::Answer(503)),
        ("azure POST virtualMachines/builder-1/generalize", Fault::AnswerLost),
        ("azure GET virtualMachines/builder-1", Fault::Refused),
    ] {
        plan.faults.push(ScheduledFault { site: CallSite { replica: 0, call: call.to_owned(), nth: 1 }, fault });
    }
    plan.events = vec![
        Event { at: 200, action: Action::ForgetChanges },
        Event { at: 400, action: Action::ClockJump { replica: 0, seconds: 4 } },
    ];
    plan
}

#[test]
fn a_failing_run_shrinks_to_the_one_answer_that_a_bug_believes() {
    let plan = noisy(&Plan::parse(CORE).unwrap());
    let bug = Some(Bug::BelieveOne404);
    let fails = |plan: &Plan, bug| !run_with(plan, bug).unwrap().problems.is_empty();
    assert!(!fails(&plan, None), "without the bug all is well");
    let core = shrink(&plan, bug, 60).unwrap();
    let text = core.to_yaml().unwrap();
    assert_eq!(Plan::parse(&text).unwrap(), core);
    assert!(fails(&core, bug), "{text}");
    assert_eq!((core.faults.len(), core.events.len(), core.world.versions), (1, 0, 1), "{text}");
    assert_eq!(core.faults[0].fault, Fault::Answer(404), "{text}");
    assert!(!fails(&core, None), "without the bug all is well: {text}");
}
