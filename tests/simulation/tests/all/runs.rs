//! Runs of the controller from the first pass to the end under virtual time, with faults and events.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use azimage_simulation::{
    broken_objects::BrokenObject,
    fault_rates::CallKind,
    generate::{self, Options},
    plan::{Action, CallSite, CopiedMachine, Event, Fault, Plan, ScheduledFault, World},
    run::{run, run_checking_determinism},
};

/// How many seeds are run three times each; the command and CI run many more.
const SEEDS: u64 = 3;

fn calm(versions: u8) -> Plan {
    let targets = vec!["North Europe".into(), "eastus2".into()];
    let world = World { replicas: 1, versions, targets, ..World::default() };
    Plan { seed: 1, world, fault_rates: None, faults: Vec::new(), events: Vec::new() }
}

#[test]
fn an_undisturbed_run_gets_ready_with_the_eight_writes_that_it_needs() {
    let outcome = run(&calm(1)).unwrap();
    assert_eq!(outcome.problems, [], "{}", outcome.text(false));
    assert_eq!(outcome.azure_writes, 8, "{}", outcome.text(false));
}

/// A process that is killed so many times in this many hours.
fn killed(times: u64, hours: u64) -> Vec<Event> {
    (1..=times)
        .map(|number| Event { at: 3600 * hours * number / (times + 1), action: Action::Kill { replica: 0 } })
        .collect()
}

#[test]
fn a_replication_of_36_hours_with_five_restarts_gets_ready_without_one_write_more() {
    let slow = |events| {
        let mut plan = Plan { events, ..calm(1) };
        plan.world.copy_seconds = Some(36 * 3600);
        plan
    };
    let (calm, killed) = (run(&slow(Vec::new())).unwrap(), run(&slow(killed(5, 36))).unwrap());
    for outcome in [&calm, &killed] {
        assert_eq!(outcome.problems, [], "{}", outcome.text(false));
        assert!(outcome.took > Duration::from_secs(36 * 3600), "{:?}", outcome.took);
        assert_eq!(outcome.azure_writes, 8, "{}", outcome.text(false));
    }
}

#[test]
fn a_process_may_be_dropped_at_any_of_its_polls() {
    let polls = |fault_counts: &BTreeMap<&'static str, u64>| u32::try_from(fault_counts.values().sum::<u64>()).unwrap();
    let calm = calm(1);
    let undisturbed = run(&calm).unwrap();
    let mut dropped = 0;
    for (part, sort) in
        [("poll imageversion/web-0", "poll imageversion/web-*"), ("poll controllers", "poll controllers")]
    {
        let all = polls(&undisturbed.fault_counts[&(CallKind::Poll, sort.to_owned())]);
        let fault_at = |nth| ScheduledFault {
            site: CallSite { replica: 0, call: part.to_owned(), nth },
            fault: Fault::CrashAtPoll,
        };
        // Only some polls; campaigns cover the others.
        for nth in (1..=all).step_by(usize::try_from(all / 20).unwrap()) {
            let plan = Plan { faults: [nth, nth + 3, nth + 9].map(fault_at).to_vec(), ..calm.clone() };
            let outcome = run(&plan).unwrap();
            assert_eq!(outcome.problems, [], "{part} {nth}:\n{}", outcome.text(false));
            // Where the seal is begun long after it was announced there is no time left to remove its run command.
            assert!((7..=8).contains(&outcome.azure_writes), "{part} {nth}:\n{}", outcome.text(false));
            dropped += outcome.injected.len();
        }
    }
    assert!(dropped > 60, "dropped {dropped} times");
}

#[test]
fn a_version_is_made_from_a_version_that_is_made_from_a_machine() {
    let mut plan = calm(2);
    plan.world.derived = true;
    let outcome = run(&plan).unwrap();
    assert_eq!(outcome.problems, [], "{}", outcome.text(false));
}

#[test]
fn a_copy_is_made_captured_and_deleted_with_the_writes_that_it_needs() {
    // Three snapshots are made and deleted, or one restore point in its collection, and the collection with it.
    for (data_disks, per_disk, writes) in [(0, false, 16), (2, false, 19), (2, true, 22)] {
        let mut plan = calm(1);
        plan.world.clones = vec![CopiedMachine { of: 0, data_disks, per_disk, ..CopiedMachine::default() }];
        let outcome = run(&plan).unwrap();
        assert_eq!(outcome.problems, [], "{}", outcome.text(false));
        assert_eq!(outcome.azure_writes, writes, "{}", outcome.text(false));
    }
}

#[test]
fn objects_act_with_the_identity_of_their_service_account_and_the_controller_with_none() {
    let mut plan = calm(2);
    plan.world.identity = true;
    let outcome = run(&plan).unwrap();
    assert_eq!(outcome.problems, [], "{}", outcome.text(false));
    assert_eq!(outcome.azure_writes, 16, "{}", outcome.text(false));
}

#[test]
fn broken_objects_report_their_reason_and_write_nothing() {
    let mut plan = calm(1);
    plan.world.broken_objects = BrokenObject::ALL.to_vec();
    let outcome = run(&plan).unwrap();
    assert_eq!(outcome.problems, [], "{}", outcome.text(false));
    assert_eq!(outcome.azure_writes, 8, "{}", outcome.text(false));
}

#[test]
fn a_namespace_goes_with_all_that_is_in_it_and_what_is_in_azure_as_the_policy_says() {
    for (delete, writes) in [(false, 8), (true, 9)] {
        let mut plan = calm(1);
        plan.world.delete = delete;
        plan.world.broken_objects = vec![BrokenObject::Claimed];
        plan.events = vec![Event { at: 14_400, action: Action::DeleteNamespace }];
        let outcome = run(&plan).unwrap();
        assert_eq!(outcome.problems, [], "{}", outcome.text(false));
        assert!(outcome.text(false).contains("Delete namespaces/images by kube-controller-manager, gone"));
        assert_eq!(outcome.azure_writes, writes, "{}", outcome.text(false));
    }
}

#[test]
fn a_gallery_that_somebody_deletes_with_all_in_it_is_missing_whether_it_was_needed_still_or_not() {
    for (from, reason) in [(5, "GalleryNotFound"), (14_400, "VersionMissing")] {
        let actions = [Action::DeleteVersion(0), Action::DeleteDefinition(0), Action::DeleteGallery];
        let events = actions.into_iter().zip([0, 1800, 2400]).map(|(action, after)| Event { at: from + after, action });
        let mut plan = Plan { events: events.collect(), ..calm(1) };
        if from == 5 {
            // It has no time to be published.
            plan.events.insert(0, Event { at: 1, action: Action::Suspend(0) });
            plan.events.push(Event { at: 9000, action: Action::Resume(0) });
        }
        let outcome = run(&plan).unwrap();
        assert_eq!(outcome.problems, [], "{}", outcome.text(false));
        let text = outcome.text(false);
        assert!(text.contains(&format!("imageversions/web-0: Stalled True {reason}")), "{text}");
    }
}

#[test]
fn seeds_break_no_law_and_repeat_byte_by_byte_also_by_their_recorded_faults_alone() {
    for seed in 1..=SEEDS {
        let first = run_checking_determinism(&generate::plan(seed, Options::default()), None).unwrap();
        assert_eq!(first.problems, [], "seed {seed}:\n{}", first.text(false));
    }
}

#[test]
fn kept_scenarios_break_no_law() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let (name, text) = (file.display(), fs::read_to_string(&file).unwrap());
        assert!(text.starts_with("# "), "{name} doesn't say what it showed");
        let outcome = run(&Plan::parse(&text).unwrap()).unwrap();
        assert_eq!(outcome.problems, [], "{name}:\n{}", outcome.text(false));
        assert!(
            outcome.ineffective.is_empty(),
            "{name} has faults or events without effect: {:#?}",
            outcome.ineffective
        );
    }
}

#[test]
fn faults_and_events_without_effect_are_reported() {
    let fault_at =
        |call: &str, nth, fault| ScheduledFault { site: CallSite { replica: 0, call: call.to_owned(), nth }, fault };
    let machine = "azure GET virtualMachines/builder-0";
    let (fired, idle) = (fault_at(machine, 1, Fault::Slow(3)), fault_at(machine, 9999, Fault::Slow(3)));
    let ineffective = fault_at(machine, 2, Fault::SaysSucceeded);
    let event = |at, action| Event { at, action };
    let plan = Plan {
        faults: vec![fired, idle, ineffective],
        events: vec![
            event(10, Action::AzureAway { seconds: 60 }),
            event(20, Action::Partition { replica: 3, seconds: 60 }),
            event(7200, Action::TagMachine(7)),
            event(7200, Action::DeleteObject(0)),
            event(9000, Action::DeleteObject(0)),
        ],
        ..calm(1)
    };
    let outcome = run(&plan).unwrap();
    let ineffective = outcome.ineffective.join("\n");
    for (text, reported) in [
        ("GET virtualMachines/builder-0 #1 ", false),
        ("GET virtualMachines/builder-0 #9999 ", true),
        ("SaysSucceeded at azure GET virtualMachines/builder-0 #2 ", true),
        ("at 10 ", false),
        ("at 20 ", true),
        ("TagMachine(7)", true),
        ("at 7200 took no effect: DeleteObject(0)", false),
        ("at 9000 took no effect: DeleteObject(0)", true),
    ] {
        assert_eq!(ineffective.contains(text), reported, "{text}:\n{ineffective}");
    }
}
