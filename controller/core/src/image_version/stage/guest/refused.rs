//! The run command ended with an exit code: nothing was removed from the guest.

use azimage_crds::{ConditionType, Reason};

use super::{
    super::super::{
        StepName,
        report::{Decision, Report},
    },
    Attempt, Sealing,
    attempt::BEGUN_BEFORE,
};

/// How often a seal is begun that was refused for what passes by itself.
const MOST_ATTEMPTS: i32 = 6;

/// From the begin of one to the begin of the next, in seconds.
const PAUSE_SECONDS: u64 = 300;

/// What passes by itself, if the exit code says so.
fn passing(code: i64) -> Option<(Reason, &'static str)> {
    match code {
        14 => Some((Reason::GuestBusy, "The guest is busy")),
        // Azure was slow to run it, or two clocks differ for a while.
        16 => Some((Reason::Sealing, "The seal came too early or too late by the guest's clock")),
        _ => None,
    }
}

/// What an exit code means, and what to do. The codes are those of the scripts in `guest/linux` and `guest/windows`.
struct Refusal {
    reason: Reason,
    what: &'static str,
    advice: &'static str,
}

fn refusal(code: i64) -> Refusal {
    let refusal = |reason, what, advice| Refusal { reason, what, advice };
    match code {
        10..=13 => {
            refusal(Reason::GuestUnsupported, "The guest can't be sealed", "Mend the guest, or use another machine")
        }
        14 => refusal(
            Reason::SealFailed,
            "The guest was busy at each of several attempts",
            "Wait for its package manager, or mend what it left half done",
        ),
        15 => refusal(
            Reason::SealFailed,
            "Another seal is under way in the guest",
            "Wait until the machine is off, and start it",
        ),
        16 => refusal(
            Reason::SealFailed,
            "The seal came too early or too late by the guest's clock",
            "Set the guest's clock right",
        ),
        BEGUN_BEFORE => refusal(
            Reason::SealFailed,
            "The seal was begun before in this guest, or the guest was provisioned since",
            "Look at its serial console log, and see that the guest is as you want it",
        ),
        17 => refusal(
            Reason::SealFailed,
            "A folder of the guest can't be written",
            "Make it writable, or make room on its disk",
        ),
        20 => refusal(
            Reason::HygieneFailed,
            "The guest holds what belongs to one machine alone (status.guest.hygiene)",
            "Remove it, or allow its path in a new object with spec.source.virtualMachine.guest.allow",
        ),
        21 => refusal(
            Reason::ScriptFailed,
            "The script of spec.source.virtualMachine.guest.script failed",
            "Mend the guest or use another script in a new object",
        ),
        22 => refusal(
            Reason::ScriptFailed,
            "The script of spec.source.virtualMachine.guest.script took longer than scriptTimeout",
            "Mend the guest, or set a longer time in a new object",
        ),
        30..=35 => refusal(Reason::SealFailed, "Windows isn't ready for Sysprep", "Mend the guest"),
        36 => refusal(Reason::SealFailed, "Sysprep failed in the guest", "Look at its logs"),
        _ => refusal(Reason::SealFailed, "The seal's script failed", "Mend the guest"),
    }
}

impl Sealing<'_> {
    pub(super) fn refused(&self, attempt: &Attempt<'_>, code: i64, report: &mut Report) -> Decision {
        let words = attempt.command.map(|command| command.printed.words.trim()).filter(|words| !words.is_empty());
        let said = words.map_or_else(|| "it printed nothing".to_owned(), |words| format!("it said: {words}"));
        let attempts = self.cx.memory.step(StepName::Seal).map_or(0, |step| step.attempts);
        // What was reported as lasting is tried again only when somebody asks for it.
        let passes = attempts < MOST_ATTEMPTS && !self.was_told(Reason::SealFailed);
        if let Some((reason, what)) = passing(code).filter(|_| passes) {
            let paused = attempt.elapsed() >= PAUSE_SECONDS;
            if paused && self.obstacle().is_none() {
                return self.claim_anew(report, "Claiming the machine for another try of the seal");
            }
            let message = format!("{what}, and nothing was removed from the guest; {said}. The seal is tried again");
            return report.retry(ConditionType::GuestPrepared, reason, message);
        }
        let Refusal { reason, what, advice } = refusal(code);
        let lost = if code == 36 { "" } else { ", and nothing was removed from it" };
        let message = format!(
            "{what}{lost} (exit code {code}); {said}. {advice}; the annotation {} tries again",
            azimage_crds::RECONCILE_REQUESTED_AT
        );
        self.again(report, reason, message)
    }
}
