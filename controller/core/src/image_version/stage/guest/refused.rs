//! The run command ended with an exit code: nothing was removed from the guest.

use azimage_crds::Reason;

use super::{
    super::super::{
        StepName,
        report::{Decision, Report},
    },
    Attempt, Sealing,
    attempt::{BEGUN_BEFORE, OUT_OF_TIME},
    readiness::NotReady,
    words::{Refusal, Said, Words},
};

/// How often a seal is begun that was refused for what passes by itself.
const MOST_ATTEMPTS: i32 = 6;

/// From the begin of one to the begin of the next, in seconds.
const PAUSE_SECONDS: u64 = 300;

/// What passes by itself, if the exit code says so.
fn passing(code: i64, said: &Said) -> Option<Words> {
    let said = said.clone();
    match code {
        14 => Some(Words::GuestBusy { said }),
        // Azure was slow to run it, or two clocks differ for a while.
        OUT_OF_TIME => Some(Words::OutOfTime { said }),
        _ => None,
    }
}

/// What an exit code means. The codes are those of the scripts in `guest/linux` and `guest/windows`.
fn refusal(code: i64, said: Said) -> Refusal {
    match code {
        10..=13 => Refusal::Unsupported { code, said },
        14 => Refusal::Busy { code, said },
        15 => Refusal::OtherSeal { code, said },
        OUT_OF_TIME => Refusal::OutOfTime { code, said },
        BEGUN_BEFORE => Refusal::BegunBefore { code, said },
        17 => Refusal::NotWritable { code, said },
        20 => Refusal::Hygiene { code, said },
        21 => Refusal::Script { code, said },
        22 => Refusal::ScriptTimedOut { code, said },
        23 => Refusal::UnitNotMasked { code, said },
        30..=35 => Refusal::NotReadyForSysprep { code, said },
        36 => Refusal::Sysprep { code, said },
        _ => Refusal::Other { code, said },
    }
}

impl Sealing<'_> {
    pub(super) fn refused(&self, attempt: &Attempt<'_>, code: i64, report: &mut Report) -> Decision {
        let words = attempt.command.map(|command| command.printed.words.trim()).filter(|words| !words.is_empty());
        let said = words.map_or(Said::Nothing, |words| Said::Words { words: words.to_owned() });
        let attempts = self.cx.history.step(StepName::Seal).map_or(0, |step| step.attempts);
        // What was reported as lasting is tried again only when somebody asks for it.
        let passes = attempts < MOST_ATTEMPTS && !self.was_told(Reason::SealFailed);
        if let Some(message) = passing(code, &said).filter(|_| passes) {
            let paused = attempt.elapsed() >= PAUSE_SECONDS;
            return match self.obstacle() {
                None if paused => self.claim_anew(report, &Words::Claiming),
                // Somebody turned it off: no pause brings it back.
                Some(off @ NotReady::Off { .. }) if paused => off.decide(report),
                _ => report.retry(&message),
            };
        }
        self.again(report, &refusal(code, said))
    }
}
