//! What a pass does with what it decided, and what is remembered of it.

use std::time::Duration;

use azimage_crds::ImageVersionStatus;
use serde_json::{Value, json};

use super::{super::*, fixtures::*, published::wide, scene::*};
use crate::{Failure, Progress};

fn record(name: &str, seconds_ago: i64, attempts: i32) -> Value {
    json!({"name": name, "startedAt": before(seconds_ago), "correlationId": "a", "attempts": attempts})
}

fn status(records: &[Value]) -> ImageVersionStatus {
    serde_json::from_value(json!({"steps": records})).unwrap()
}

/// What a pass does that has come to this step.
fn acts(step: Step, requeue: Requeue, status: &ImageVersionStatus, remembered: &Memory) -> Action {
    let plan = Plan { step: Some(step), report: Report::default(), requeue };
    let state = State { status, remembered, has_finalizer: true, pace: &PACE, now: now(), azure_now: None };
    act(&scene(&json!({})).validated(), &plan, state)
}

fn remembered(events: Vec<Event<'_>>) -> Memory {
    events.into_iter().fold(Memory::default(), |remembered, event| remembered.after(event, Duration::ZERO))
}

fn accepted(step: StepName, id: &str) -> Event<'_> {
    Event::Accepted { step: step.into(), id, proven: true, followed: false, at: before(0) }
}

fn report(progress: &Progress) -> Report {
    Report { progress: progress.clone(), ..Report::default() }
}

fn update() -> Step {
    wide().version(version(&[HOME])).plan().step.unwrap()
}

fn deallocate() -> Step {
    scene(&json!({})).machine(machine().claimed().marked().powered(Power::Stopped)).plan().step.unwrap()
}

#[test]
fn a_record_is_carried_out_once_and_another_attempt_only_by_who_recorded_it() {
    let (poll, retry) = (Requeue::Poll, Requeue::Retry);
    let mut finished = record("Update", 100, 1);
    finished["finishedAt"] = json!(before(50));
    let open = || status(&[record("Update", 44, 1)]);
    let recorded = |id| Event::Announces(StepName::Update.into(), id);
    for (case, status, requeue, events, expected) in [
        ("nothing is recorded", status(&[]), poll, vec![], "announce"),
        ("it was finished", status(&[finished]), poll, vec![], "announce"),
        ("another step is", status(&[record("Seal", 44, 1)]), poll, vec![], "announce"),
        ("it is recorded", open(), poll, vec![], "execute"),
        ("it was accepted", open(), poll, vec![accepted(StepName::Update, "a")], "announce"),
        ("an earlier one was accepted", open(), poll, vec![accepted(StepName::Update, "z")], "execute"),
        ("another step's was", open(), poll, vec![accepted(StepName::Seal, "a")], "execute"),
        ("another attempt is recorded", open(), retry, vec![recorded("a")], "execute"),
        ("an earlier process recorded it", open(), retry, vec![], "announce"),
        ("it recorded something else since", open(), retry, vec![recorded("a"), recorded("z")], "announce"),
        (
            "it is recorded here and accepted",
            open(),
            retry,
            vec![recorded("a"), accepted(StepName::Update, "a")],
            "announce",
        ),
        ("the attempt before was just now", status(&[record("Update", 4, 1)]), retry, vec![], "pause"),
        ("it was the third", status(&[record("Update", 19, 3)]), retry, vec![], "pause"),
        ("it was the third, and long ago", status(&[record("Update", 20, 3)]), retry, vec![], "announce"),
    ] {
        let found = match acts(update(), requeue, &status, &remembered(events)) {
            Action::Announce(key) if key == StepName::Update.into() => "announce",
            Action::Pause(key) if key == StepName::Update.into() => "pause",
            Action::Execute(announced) => {
                assert_eq!((announced.correlation_id(), announced.step()), ("a", &update()), "{case}");
                "execute"
            }
            other => panic!("{case}: {other:?}"),
        };
        assert_eq!(found, expected, "{case}");
    }
}

#[test]
fn a_record_is_of_one_subject_alone() {
    let region = Subject::Region(region("uksouth"));
    let of_region = Step { subject: region.clone(), ..update() };
    let in_region = of_region.key();
    let mut recorded = record("Update", 10, 1);
    recorded["subject"] = json!("uksouth");
    let (whole, both) = (status(&[record("Update", 10, 1)]), status(&[record("Update", 10, 1), recorded]));
    let acts = |step: &Step, status| acts(step.clone(), Requeue::Poll, status, &Memory::default());
    assert_eq!(acts(&of_region, &whole), Action::Announce(in_region.clone()));
    assert!(matches!(acts(&of_region, &both), Action::Execute(_)));
    let mut next = whole.clone();
    record_intent(&mut next, &in_region, "b", now(), None);
    let records: Vec<_> =
        next.steps.iter().map(|step| (step.subject.as_str(), step.correlation_id.as_deref())).collect();
    assert_eq!(records, [("", Some("a")), ("uksouth", Some("b"))], "the other record stays as it is");
}

#[test]
fn by_whose_time_a_proof_is_judged_is_announced_anew_when_it_is_old() {
    // By our own clock, which may jump, and by Azure's.
    for (ours, azures, executes) in [
        (44, None, true),
        (45, None, false),
        (44, Some(44), true),
        (44, Some(45), false),
        (-600, Some(45), false),
        (45, Some(0), false),
    ] {
        let mut record = record("Deallocate", ours, 1);
        record["azureTime"] = json!(azures.map(before));
        let status = status(&[record]);
        let plan = Plan { step: Some(deallocate()), report: Report::default(), requeue: Requeue::Poll };
        let remembered = Memory::default();
        let state = State {
            status: &status,
            remembered: &remembered,
            has_finalizer: true,
            pace: &PACE,
            now: now(),
            azure_now: Some(now()),
        };
        let action = act(&scene(&json!({})).validated(), &plan, state);
        assert_eq!(matches!(action, Action::Execute(_)), executes, "after {ours} s, {azures:?}: {action:?}");
    }
}

#[test]
fn what_is_not_a_step_needs_no_record_and_the_finalizer_comes_before_the_first_one() {
    let act_on = |change: &Value, step: Option<Step>, requeue, has_finalizer| {
        let plan = Plan { step, report: Report::default(), requeue };
        let (status, remembered) = (status(&[]), Memory::default());
        let state =
            State { status: &status, remembered: &remembered, has_finalizer, pace: &PACE, now: now(), azure_now: None };
        act(&scene(change).validated(), &plan, state)
    };
    let (plain, suspended) = (json!({}), json!({"spec": {"suspend": true}}));
    assert_eq!(act_on(&plain, None, Requeue::Resync, false), Action::Wait(Requeue::Resync));
    assert_eq!(act_on(&plain, None, Requeue::Throttled, true), Action::Defer);
    assert_eq!(act_on(&plain, Some(update()), Requeue::Poll, false), Action::AddFinalizer);
    assert_eq!(act_on(&plain, Some(update()), Requeue::Poll, true), Action::Announce(StepName::Update.into()));
    assert_eq!(act_on(&suspended, None, Requeue::Never, false), Action::Suspended);
    assert_eq!(act_on(&deleted("Delete"), None, Requeue::Release, true), Action::Release);
    assert_eq!(
        act_on(&deleted("Delete"), Some(update()), Requeue::Poll, false),
        Action::Announce(StepName::Update.into())
    );
}

#[test]
fn an_intent_that_was_tried_is_trusted_no_more() {
    let announced = remembered(vec![Event::Announces(StepName::Seal.into(), "a")]);
    assert!(announced.is_untried("a") && !announced.is_untried("b"));
    let tried = announced.after(Event::Tries, Duration::ZERO);
    assert!(!tried.is_untried("a") && tried.has_recorded("a"));
}

#[test]
fn a_wait_is_as_old_as_what_is_waited_for() {
    let progress = |message: &str| Progress::reconciling(azimage_crds::Reason::Replicating, message);
    let (both, one) = (progress("Waiting for uksouth, westus3"), progress("Waiting for westus3"));
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    let after = |remembered: Memory, progress, at| {
        let remembered = remembered.after(Event::Waited(&report(progress), Requeue::Poll), hours(at));
        let next = remembered.requeue_after(Requeue::Poll, &PACE, hours(at)).as_secs();
        (remembered, next)
    };
    let (remembered, first) = after(Memory::default(), &both, 1);
    let (remembered, later) = after(remembered, &both, 3);
    let (remembered, other) = after(remembered, &one, 4);
    assert_eq!((first, later, other), (15, 240, 15), "a thirtieth of its age, and at least the poll interval");
    let (remembered, aged) = after(remembered, &one, 5);
    let acted = remembered.after(Event::Tries, hours(5));
    assert_eq!((aged, acted.requeue_after(Requeue::Poll, &PACE, hours(9)).as_secs()), (120, 15), "a step begins anew");
}

#[test]
fn failures_make_the_wait_longer_and_anything_else_ends_their_count() {
    let failed = || Event::Failed {
        step: StepName::Update.into(),
        failure: Failure::Unavailable("u".into()),
        retry_after: Some(Duration::from_secs(7)),
    };
    let wait = |events| remembered(events).requeue_after(Requeue::Retry, &PACE, Duration::ZERO).as_secs();
    let nothing = report(&Progress::reconciling(azimage_crds::Reason::Progressing, "x"));
    assert_eq!(wait(vec![failed()]), 7, "Azure asks for it");
    assert_eq!(wait(vec![failed(), failed(), failed()]), 20);
    assert_eq!(wait(vec![failed(), failed(), Event::Waited(&nothing, Requeue::Retry)]), 20);
    assert_eq!(wait(vec![failed(), failed(), Event::Waited(&nothing, Requeue::Poll)]), 5);
    assert_eq!(wait(vec![failed(), accepted(StepName::Update, "a")]), 5);
    let mut report = Report::default();
    remembered(vec![failed()]).overlay(&mut report, &StepName::Seal.into());
    assert_eq!(report, Report::default(), "another step is wanted");
    remembered(vec![failed()]).overlay(&mut report, &StepName::Update.into());
    assert!(matches!(report.progress, Progress::Retrying { .. }), "{report:?}");
}

#[test]
fn a_state_in_the_way_is_lasting_only_when_azure_said_so_several_times_of_the_step() {
    let failed = |failure: Failure| Event::Failed { step: StepName::Update.into(), failure, retry_after: None };
    let in_the_way = || failed(Failure::NotAllowed("busy".into()));
    let nothing = report(&Progress::retrying(azimage_crds::Reason::AzureUnavailable, "x"));
    let is_lasting = |events: Vec<Event<'_>>| {
        let mut report = Report::default();
        remembered(events).overlay(&mut report, &StepName::Update.into());
        matches!(report.progress, Progress::Stalled { .. })
    };
    let unread = || (0..9).map(|_| Event::Waited(&nothing, Requeue::Retry)).collect::<Vec<_>>();
    assert!(!is_lasting([unread(), vec![in_the_way()]].concat()), "other failures don't count");
    assert!(!is_lasting((0..5).map(|_| in_the_way()).collect()));
    assert!(is_lasting((0..6).map(|_| in_the_way()).collect()));
    let between = [in_the_way(), in_the_way(), in_the_way()];
    assert!(is_lasting([&between[..], &[failed(Failure::Unavailable("u".into()))], &unread(), &between].concat()));
    assert!(!is_lasting([&between[..], &[accepted(StepName::Update, "a")], &between].concat()));
}

#[test]
fn what_waits_says_so_once_and_not_at_once_unless_it_says_nothing_yet() {
    for (case, generation, ready, reason, waited, says) in [
        ("it says nothing yet", None, "False", "Progressing", 0, true),
        ("its spec changed", Some(1), "True", "Succeeded", 0, true),
        ("it is Ready", Some(2), "True", "Succeeded", 3600, false),
        ("it hasn't waited for long", Some(2), "False", "Publishing", 299, false),
        ("it has waited for long", Some(2), "False", "Publishing", 300, true),
        ("it said so", Some(2), "False", "Throttled", 3600, false),
    ] {
        let status = serde_json::from_value(json!({
            "observedGeneration": generation.unwrap_or(-1),
            "conditions": [{
                "type": "Ready", "status": ready, "reason": reason, "message": "",
                "lastTransitionTime": "2026-11-01T00:00:00Z",
            }],
        }));
        let deferred = remembered(vec![Event::Deferred(None)]).after(Event::Deferred(None), Duration::from_secs(9));
        let now = Duration::from_secs(waited);
        assert_eq!(deferred.should_report_throttling(&status.unwrap(), Some(2), now), says, "{case}");
    }
    let silent = ImageVersionStatus { observed_generation: Some(2), ..ImageVersionStatus::default() };
    assert!(Memory::default().should_report_throttling(&silent, Some(2), Duration::ZERO), "it has no conditions");
}
