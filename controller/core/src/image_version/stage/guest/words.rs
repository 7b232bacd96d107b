//! What is said while a guest is sealed.

use super::super::super::{Power, words::Detail};
use crate::message::{TRY_AGAIN, messages, phrases};

/// Ends a text about a machine of which it isn't known whether it is sealed.
const START: &str = "Start the machine, which provisions it again if its account was removed";

messages! {
    /// What goes on.
    pub(in crate::image_version) enum Words {
        Changing => GuestPrepared / SourceBusy:
            "Azure is working on the machine; waiting for it to finish",
        Claiming => GuestPrepared / Sealing:
            "Claiming the machine for another attempt at the seal",
        ClaimingAsAsked => GuestPrepared / Sealing:
            "Another attempt at the seal was asked for; claiming the machine for it",
        ClaimingAfterStart => GuestPrepared / Sealing:
            "The machine was started after its seal; claiming it for another one",
        ClaimingWithoutTag => GuestPrepared / Sealing:
            "The machine's tag azimage-seal is gone; claiming the machine again",
        ClaimingCopy => GuestPrepared / Sealing:
            "Claiming the copy of the machine for the seal",
        SwitchingDiagnosticsOn => GuestPrepared / Sealing:
            "Switching the machine's boot diagnostics on, where the guest will say that it is sealed",
        RemovingLast => GuestPrepared / Sealing:
            "Removing the run command of the last seal",
        WaitingForRemoval => GuestPrepared / Sealing:
            "Waiting for Azure to remove the run command of the last seal",
        RemovalHangs => GuestPrepared / AgentNotReady:
            "Azure can't remove the run command of the last seal while the guest's agent doesn't answer: restart the \
             machine",
        CommandNotShown => GuestPrepared / Sealing:
            "Azure doesn't show the run command of the seal, which was begun; reading it again",
        Beginning => GuestPrepared / Sealing:
            "Sealing the guest",
        RemovingScheduled => GuestPrepared / Sealing:
            "The seal is scheduled in the guest; removing its run command, so that no later start of the machine runs \
             it again",
        UnderWay => GuestPrepared / Sealing:
            "The guest is being prepared and sealed; waiting for it to power itself off",
        GuestBusy { said: Said } => GuestPrepared / GuestBusy:
            "The guest is busy, and nothing was removed from it; {said}. The seal is tried again",
        OutOfTime { said: Said } => GuestPrepared / Sealing:
            "The seal came too early or too late by the guest's clock, and nothing was removed from the guest; {said}. \
             The seal is tried again",
        BeingDeallocated => GuestPrepared / Sealing:
            "The machine is being deallocated; waiting until it is",
        WaitingForLog => GuestPrepared / Sealing:
            "The machine is off; waiting for its serial console log to show that the guest was sealed, which takes \
             some minutes",
        LogNotShown => GuestPrepared / Sealing:
            "The machine's serial console log isn't there; reading it again",
        LogIsLate => GuestPrepared / Sealing:
            "The guest has said that it is sealed, and Azure has changed the machine since; waiting until its serial \
             console log would show a start, which takes up to half an hour",
        Recording => GuestPrepared / Sealing:
            "The guest was sealed; recording it",
        RecordingOff => GuestPrepared / Sealing:
            "The guest was sealed and powered itself off; recording it",
    }
}

messages! {
    /// Why it isn't known whether the guest is sealed.
    pub(in crate::image_version) enum PreparationUnknown {
        DiagnosticsOff => GuestPrepared / GuestPreparationUnknown:
            "Boot diagnostics of the machine were switched off, so its serial console log doesn't show whether its \
             guest is sealed; it is not generalized. Switch them on again, with storage that Azure manages. {START}; \
             then {TRY_AGAIN}",
        Changed => GuestPrepared / GuestPreparationUnknown:
            "The guest said that it was sealed, and Azure has changed the machine since, so it may have been started; \
             it is not generalized. {START}; then {TRY_AGAIN}",
        Used => GuestPrepared / GuestPreparationUnknown:
            "The guest said that it was sealed, and the machine runs longer than a sealed one does, or Azure has \
             changed it since, so it may have been used; it is not generalized. {START}; then {TRY_AGAIN}",
        Started => GuestPrepared / GuestPreparationUnknown:
            "The machine was started after its guest was sealed, so the guest is no longer sealed; it is not \
             generalized. {START}; then {TRY_AGAIN}",
        StartedAndRuns => GuestPrepared / GuestPreparationUnknown:
            "The machine was started after its guest was sealed, and runs, so the guest is no longer sealed; it is not \
             generalized. Check that the guest is as you want it; then {TRY_AGAIN}",
        Unproven => GuestPrepared / GuestPreparationUnknown:
            "The guest was sealed, but the machine may have been started since: its serial console log doesn't tell, \
             and Azure has changed the machine after the seal was recorded; it is not generalized. {START}; then \
             {TRY_AGAIN}",
        StoppedUnseen { power: Power } => GuestPrepared / GuestPreparationUnknown:
            "The machine is {power}, and Azure doesn't show the run command that was to seal its guest, so somebody \
             else stopped it; it is not generalized. {START}; then {TRY_AGAIN}",
        StoppedUnheard { power: Power } => GuestPrepared / GuestPreparationUnknown:
            "The machine is {power}, and its guest has not said on the serial console that it is sealed: somebody else \
             stopped the machine, or the guest couldn't say it; it is not generalized. {START}; then {TRY_AGAIN}",
    }
}

messages! {
    /// Why a guest wasn't sealed. Nothing is begun again before somebody asks for it.
    pub(in crate::image_version) enum Refusal {
        Unsupported { code: i64, said: Said } => GuestPrepared / GuestUnsupported:
            "The guest can't be sealed, and nothing was removed from it (exit code {code}); {said}. Mend the guest, or \
             use another machine; then {TRY_AGAIN}",
        Busy { code: i64, said: Said } => GuestPrepared / SealFailed:
            "The guest was busy at each of several attempts, and nothing was removed from it (exit code {code}); \
             {said}. Wait for its package manager, or complete what it left half done; then {TRY_AGAIN}",
        OtherSeal { code: i64, said: Said } => GuestPrepared / SealFailed:
            "Another seal is under way in the guest, and nothing was removed from it (exit code {code}); {said}. Wait \
             until the machine is off, and start it; then {TRY_AGAIN}",
        OutOfTime { code: i64, said: Said } => GuestPrepared / SealFailed:
            "The seal came too early or too late by the guest's clock, and nothing was removed from it (exit code \
             {code}); {said}. Set the guest's clock right; then {TRY_AGAIN}",
        BegunBefore { code: i64, said: Said } => GuestPrepared / SealFailed:
            "The seal was begun before in this guest, or the guest was provisioned since, and nothing was removed from \
             it (exit code {code}); {said}. Read its serial console log, and check that the guest is as you want it; \
             then {TRY_AGAIN}",
        NotWritable { code: i64, said: Said } => GuestPrepared / SealFailed:
            "A folder of the guest can't be written, and nothing was removed from it (exit code {code}); {said}. Make \
             it writable, or make room on its disk; then {TRY_AGAIN}",
        Hygiene { code: i64, said: Said } => GuestPrepared / HygieneFailed:
            "The guest holds what belongs to one machine alone (status.guest.hygiene), and nothing was removed from it \
             (exit code {code}); {said}. Remove it, then {TRY_AGAIN}; or allow its path in a new object with \
             spec.source.virtualMachine.guest.allow",
        Script { code: i64, said: Said } => GuestPrepared / ScriptFailed:
            "The script of spec.source.virtualMachine.guest.script failed, and nothing was removed from the guest \
             (exit code {code}); {said}. Mend the guest, then {TRY_AGAIN}; or use another script in a new object",
        ScriptTimedOut { code: i64, said: Said } => GuestPrepared / ScriptFailed:
            "The script of spec.source.virtualMachine.guest.script took longer than scriptTimeout, and nothing was \
             removed from the guest (exit code {code}); {said}. Mend the guest, then {TRY_AGAIN}; or set a longer time \
             in a new object",
        UnitNotMasked { code: i64, said: Said } => GuestPrepared / SealFailed:
            "A unit of spec.source.virtualMachine.clone.maskUnits couldn't be masked in the copy, and nothing was removed \
             from it (exit code {code}); {said}. Name the units as the guest does (systemctl list-units) in a new object",
        NotReadyForSysprep { code: i64, said: Said } => GuestPrepared / SealFailed:
            "Windows isn't ready for Sysprep, and nothing was removed from the guest (exit code {code}); {said}. Mend \
             the guest; then {TRY_AGAIN}",
        Sysprep { code: i64, said: Said } => GuestPrepared / SealFailed:
            "Sysprep failed in the guest (exit code {code}); {said}. Read its logs and mend what they name; then \
             {TRY_AGAIN}",
        Other { code: i64, said: Said } => GuestPrepared / SealFailed:
            "The seal's script failed, and nothing was removed from the guest (exit code {code}); {said}. Mend the \
             guest; then {TRY_AGAIN}",
        NotRun { detail: Detail } => GuestPrepared / SealFailed:
            "Azure says that it couldn't run the seal in the guest{detail}, so nothing should have been removed from it. See \
             that the machine's agent and extensions work; then {TRY_AGAIN}",
        GaveUp { step: String, detail: String, left: Left } => GuestPrepared / SealFailed:
            "The guest said that the seal failed at the step {step}: {detail}. {left}; then {TRY_AGAIN}",
        StillOn { time: String } => GuestPrepared / SealTimedOut:
            "The guest said that it is sealed, and didn't power off in the {time} that \
             spec.source.virtualMachine.guest.timeout gives it with what comes on top; it is not generalized. It may \
             have been restarted meanwhile: read its serial console log, and restart it if its agent is gone; then \
             {TRY_AGAIN}",
        Unheard { time: String } => GuestPrepared / SealTimedOut:
            "The machine runs, and its guest has not said on its serial console that it is sealed, or why it isn't, in \
             the {time} that spec.source.virtualMachine.guest.timeout gives it with what comes on top; it \
             is not generalized. It may have been restarted meanwhile: read its serial console log, and restart it if \
             its agent is gone; then {TRY_AGAIN}",
    }
}

phrases! {
    /// What the run command of the seal printed.
    pub(in crate::image_version) enum Said ["<said>"] {
        Nothing => "it printed nothing",
        Words { words: String } => "it said: {words}",
    }
}

phrases! {
    /// How a seal that failed has left the guest, and what to do.
    pub(in crate::image_version) enum Left ["<left>"] {
        Unchanged =>
            "Nothing was removed from the guest, and its agent runs again; it is not generalized. Mend the guest",
        Restarting =>
            "Its account may be gone already, so the guest restarts and is provisioned again, with the account of the \
             machine's osProfile; it is not generalized. Mend the guest when it is up again",
        BySysprep =>
            "Sysprep has begun its work, which can't be undone; it is not generalized. Read Sysprep's logs in the \
             machine, and use another machine; or repair this one",
        Broken =>
            "Its account may be gone already, and the guest can't repair itself; it is not generalized. Restart the \
             machine, and use another one if its agent doesn't come back",
    }
}
