//! A running guest: its disk, its units, and what it has begun but the world outside has not seen yet.

use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
};

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::{disk::Contents, units::Units};
use crate::{
    clock::later,
    scenario::{self, Port, Seal},
};

/// Who the platform says this machine is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) vm_id: String,
    pub(crate) name: String,
    /// The account that provisioning makes.
    pub(crate) admin: String,
    /// Keys with which its owner logs in.
    pub(crate) keys: Vec<String>,
    pub(crate) password: bool,
    pub(crate) arm: bool,
    pub(crate) windows: bool,
}

/// Something that a guest does and that others see.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Effect {
    /// Bytes on the serial port.
    Serial(String),
    /// The guest goes down for good, or comes up again.
    ShutsDown { comes_back: bool },
    /// A unit is to be started then.
    UnitDue { unit: String, at: Timestamp, turn: u64 },
}

/// A guest.
#[derive(Debug, Clone, Default)]
pub(crate) struct System {
    pub(crate) contents: Contents,
    pub(crate) identity: Identity,
    pub(crate) setup: Arc<scenario::Guest>,
    pub(crate) serial: Arc<scenario::SerialPort>,
    /// How a deprovisioning ends.
    pub(crate) seal: Seal,
    pub(crate) units: Units,
    /// Accounts that are logged in.
    pub(crate) sessions: Vec<String>,
    /// When it was booted; `None` while it is off.
    pub(crate) booted: Option<Timestamp>,
    /// When it was provisioned anew, by its own clock; `None` for what it came with.
    pub(crate) provisioned_at: Option<Timestamp>,
    /// How often the processes of a unit or scope were ended from outside.
    pub(crate) kills: BTreeMap<String, u64>,
    /// Numbers of processes that live.
    pub(crate) processes: BTreeMap<u32, (String, Weak<u32>)>,
    pub(crate) last_process: u32,
    /// Seconds that deprovisioning takes.
    pub(crate) deprovision: f64,
    pub(crate) effects: Vec<Effect>,
    /// A package manager holds its locks until then.
    pub(crate) busy_until: Option<Timestamp>,
}

/// What only exists while a system runs.
const VOLATILE: [&str; 5] = ["/dev", "/proc", "/run", "/sys", "/mnt"];

impl System {
    /// The serial port's file.
    pub(crate) fn port_name(&self) -> &'static str {
        if self.identity.arm { "ttyAMA0" } else { "ttyS0" }
    }

    /// The guest's own clock.
    pub(crate) fn clock(&self, now: Timestamp) -> Timestamp {
        later(now, self.setup.clock_ahead_seconds)
    }

    pub(crate) fn writes_hang(&self) -> bool {
        self.serial.port == Port::Hangs
    }

    /// A number for a new process, which lives as long as somebody holds it.
    pub(crate) fn new_process(&mut self, name: &str) -> Arc<u32> {
        self.last_process = self.last_process.max(700) + 1;
        let number = Arc::new(self.last_process);
        self.processes.retain(|_, (_, process)| process.strong_count() > 0);
        self.processes.insert(self.last_process, (name.to_owned(), Arc::downgrade(&number)));
        number
    }

    pub(crate) fn lives(&self, process: u32) -> bool {
        process == 1 || self.processes.get(&process).is_some_and(|(_, process)| process.strong_count() > 0)
    }

    /// Numbers and names of all processes.
    pub(crate) fn living(&self) -> Vec<(u32, String)> {
        let living = self.processes.iter().filter(|(_, (_, process))| process.strong_count() > 0);
        living.map(|(number, (name, _))| (*number, name.clone())).collect()
    }

    /// The agent runs no more.
    pub(crate) fn agent_stops(&mut self) {
        if self.units.is_active("walinuxagent") {
            self.units.ended("walinuxagent", false);
        }
    }

    /// Ends all processes of a unit or scope.
    pub(crate) fn kill(&mut self, unit: &str) {
        *self.kills.entry(unit.to_owned()).or_default() += 1;
    }

    pub(crate) fn kills_of(&self, unit: &str) -> u64 {
        self.kills.get(unit).copied().unwrap_or_default()
    }

    /// What a capture takes: the disk, without what only exists while the system runs.
    pub(crate) fn disk(&self) -> Contents {
        let mut contents = self.contents.clone();
        contents.limit(super::disk::Limits::default());
        for folder in VOLATILE {
            contents.empty(folder).ok();
        }
        contents
    }

    /// The system is off: its processes and what only existed while it ran are gone.
    pub(crate) fn goes_off(&mut self) {
        self.contents = self.disk();
        self.units = Units::default();
        self.sessions.clear();
        self.processes.clear();
        self.effects.clear();
        self.booted = None;
    }
}

impl Serialize for System {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.contents.facts().serialize(serializer)
    }
}
