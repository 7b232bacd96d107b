//! Unusual machines: what is unusual about the guest, the serial console or the system, and with which reasons their objects may
//! stall.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::fault_rates::chance;

/// An unusual machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OddMachine {
    /// The number of the machine.
    pub of: u8,
    /// What is unusual.
    pub oddity: Oddity,
}

/// What is unusual about a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Oddity {
    /// Of the lines that the guest writes to its console so many in a hundred are torn by one of the kernel.
    TornLines(u8),
    /// What the guest wrote in the last minute before it stopped is shown ten minutes late.
    LateLastMinute,
    /// What the guest wrote in the last minute before it stopped is never shown.
    LostLastMinute,
    /// Each start begins a new console log.
    RestartsLog,
    /// The console log is so many seconds late.
    SlowLog(u32),
    /// The kernel says nothing while it boots.
    QuietKernel,
    /// There is no serial port.
    NoPort,
    /// A write to the serial port never ends.
    PortHangs,
    /// The agent provisions, as there is no cloud-init.
    NoCloudInit,
    /// A package manager is at work for so many seconds after the start.
    BusyPackages(u32),
    /// The guest's clock is ahead by so many seconds.
    ClockAhead(u32),
    /// Somebody is logged in.
    LoggedIn,
    /// The unit that seals is killed so many seconds after its start.
    UnitDies(u32),
    /// The machine runs Windows, whose guest is heard on the serial port.
    Windows,
    /// The machine runs Windows, which keeps the serial port for itself.
    SilentWindows,
}

/// Sysprep succeeds, as the script's last line says; then its watcher waits a while for being powered off.
fn runs_windows(machine: &mut Value, console: &str, powers_off_after: u32) {
    machine["osType"] = json!("Windows");
    machine["guest"]["windows"]["scripts"] = json!([{
        "matching": r"(?m)^\$Nonce = '(?<nonce>[^']*)'", "seconds": 300,
        "output": "azimage: seal is scheduled\r\nazimage: sealed ${nonce}\r\n",
        "console": console, "powersOffAfter": powers_off_after,
        "imageState": "IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE",
    }]);
}

/// How far a clock may be ahead of the time that a seal is made for.
const MOST_AHEAD: u32 = 600;
/// For how long a seal waits for package managers, of guests that may take a day.
const PACKAGES_WAIT: u32 = 600;

impl Oddity {
    /// One of them.
    pub(crate) fn drawn(seed: u64, of: u8, number: u64) -> Self {
        let below = |what: &str, limit: u64| chance(seed, &("oddity", what, of, number)) % limit;
        let one = |what: &str, all: [u32; 4]| all[usize::try_from(below(what, 4)).unwrap_or(0)];
        match below("which", 24) {
            0 | 1 => Self::TornLines([5, 20, 40, 70][usize::try_from(below("torn", 4)).unwrap_or(0)]),
            2 => Self::LateLastMinute,
            3 => Self::LostLastMinute,
            4 | 5 => Self::RestartsLog,
            6 => Self::SlowLog(one("slow", [0, 60, 900, 1500])),
            7 | 8 => Self::QuietKernel,
            9..=11 => Self::NoCloudInit,
            12 => Self::BusyPackages(one("busy", [60, 200, 400, 500])),
            13 => Self::ClockAhead(one("ahead", [30, 240, 400, 600])),
            14 | 15 => Self::LoggedIn,
            16 => Self::UnitDies(one("dies", [2, 8, 30, 4000])),
            17 => Self::SilentWindows,
            18 | 19 => Self::Windows,
            20 => Self::NoPort,
            21 => Self::PortHangs,
            // More than a seal accepts.
            22 => Self::BusyPackages(7200),
            _ => Self::ClockAhead(90_000),
        }
    }

    /// What it means for the machine in the scenario.
    pub(crate) fn apply(self, machine: &mut Value) {
        match self {
            Self::TornLines(many) => machine["serial"]["torn"] = json!(f64::from(many) / 100.0),
            Self::LateLastMinute => machine["serial"]["lastMinute"] = json!("Late"),
            Self::LostLastMinute => machine["serial"]["lastMinute"] = json!("Lost"),
            Self::RestartsLog => machine["serial"]["restartsLog"] = json!(true),
            Self::SlowLog(seconds) => machine["serial"]["lag"] = json!(seconds),
            Self::QuietKernel => machine["serial"]["quiet"] = json!(true),
            Self::NoPort => machine["serial"]["port"] = json!("Absent"),
            Self::PortHangs => machine["serial"]["port"] = json!("Hangs"),
            Self::NoCloudInit => machine["guest"]["cloudInit"] = json!(false),
            Self::BusyPackages(seconds) => machine["guest"]["busyPackages"] = json!(seconds),
            Self::ClockAhead(seconds) => machine["guest"]["clockAheadSeconds"] = json!(seconds),
            Self::LoggedIn => machine["guest"]["loggedIn"] = json!(true),
            Self::UnitDies(seconds) => machine["guest"]["unitDiesAfter"] = json!(seconds),
            Self::Windows => runs_windows(machine, "\r\nazimage: sealed ${nonce}\r\n", 70),
            Self::SilentWindows => runs_windows(machine, "", 600),
        }
    }

    /// The reasons for which the machine's object may be stalled.
    pub(crate) fn reasons(self) -> &'static [&'static str] {
        match self {
            // The port is looked at once more before anything is removed.
            Self::NoPort | Self::PortHangs => &["GuestUnsupported"],
            Self::ClockAhead(seconds) if seconds > MOST_AHEAD => &["SealFailed"],
            Self::BusyPackages(seconds) if seconds > PACKAGES_WAIT => &["SealFailed"],
            // All marks may be torn. The guest repeats its mark for a minute, which is about what is lost.
            Self::TornLines(_) | Self::LostLastMinute => &["GuestPreparationUnknown"],
            // A guest may take a day here, and a copy lives no longer: whichever ends first.
            // It runs on after its seal: one that was looked at late, or that was changed, may have been used.
            Self::Windows | Self::SilentWindows => &["GuestPreparationUnknown", "SealTimedOut", "CloneFailed"],
            Self::UnitDies(_) => &["SealTimedOut", "CloneFailed"],
            _ => &[],
        }
    }

    /// Whether the seal is begun several times.
    pub(crate) fn repeats(self) -> bool {
        match self {
            Self::ClockAhead(seconds) => seconds > MOST_AHEAD,
            Self::BusyPackages(seconds) => seconds > PACKAGES_WAIT,
            _ => false,
        }
    }
}
