//! systemd's units, as far as scripts meet them.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// What a unit is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Activity {
    Active,
    Inactive,
    Failed,
}

impl Activity {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Failed => "failed",
        }
    }
}

/// A unit that is loaded.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Unit {
    pub(crate) activity: Activity,
    /// Made by `systemd-run`; it goes when it has ended.
    pub(crate) transient: Option<Transient>,
    pub(crate) description: String,
}

/// What `systemd-run` was told.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Transient {
    pub(crate) command: Vec<String>,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) folder: Option<String>,
    /// A unit that failed goes, too.
    pub(crate) collect: bool,
    /// For a timer: when it elapses.
    pub(crate) due: Option<Timestamp>,
    /// Tells one start from the next of the same name.
    pub(crate) turn: u64,
}

/// All units by their names.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Units {
    all: BTreeMap<String, Unit>,
    turns: u64,
}

/// The name with its kind: a service where none is given.
pub(crate) fn full_name(name: &str) -> String {
    const KINDS: [&str; 8] = [".service", ".timer", ".scope", ".socket", ".target", ".slice", ".mount", ".path"];
    if KINDS.iter().any(|kind| name.ends_with(kind)) { name.to_owned() } else { format!("{name}.service") }
}

impl Units {
    pub(crate) fn get(&self, name: &str) -> Option<&Unit> {
        self.all.get(&self.known_as(name))
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Unit> {
        let name = self.known_as(name);
        self.all.get_mut(&name)
    }

    /// The agent's unit has a second name on some distributions.
    fn known_as(&self, name: &str) -> String {
        let name = full_name(name);
        let aliases = [
            ("waagent.service", "walinuxagent.service"),
            ("sshd.service", "ssh.service"),
            ("syslog.service", "rsyslog.service"),
        ];
        match aliases.into_iter().find(|(alias, _)| *alias == name) {
            Some((_, real)) if self.all.contains_key(real) => real.to_owned(),
            _ => name,
        }
    }

    pub(crate) fn is_active(&self, name: &str) -> bool {
        self.get(name).is_some_and(|unit| unit.activity == Activity::Active)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Unit)> {
        self.all.iter()
    }

    /// A unit that the system brings.
    pub(crate) fn load(&mut self, name: &str, activity: Activity, description: &str) {
        let unit = Unit { activity, transient: None, description: description.to_owned() };
        self.all.insert(full_name(name), unit);
    }

    /// A transient unit; answers which turn it is.
    pub(crate) fn run(&mut self, name: &str, mut transient: Transient, description: &str) -> u64 {
        self.turns += 1;
        transient.turn = self.turns;
        let unit = Unit { activity: Activity::Active, transient: Some(transient), description: description.to_owned() };
        self.all.insert(full_name(name), unit);
        self.turns
    }

    /// A unit has ended. A transient one is forgotten, unless it failed and is kept for a look at it.
    pub(crate) fn ended(&mut self, name: &str, failed: bool) {
        let name = self.known_as(name);
        let Some(unit) = self.all.get_mut(&name) else { return };
        unit.activity = if failed { Activity::Failed } else { Activity::Inactive };
        if unit.transient.as_ref().is_some_and(|transient| !failed || transient.collect) {
            self.all.remove(&name);
        }
    }

    /// Failed units are as if they had never been started; transient ones are forgotten.
    pub(crate) fn reset(&mut self, name: &str) -> bool {
        let name = self.known_as(name);
        let Some(unit) = self.all.get_mut(&name) else { return false };
        if unit.activity == Activity::Failed {
            unit.activity = Activity::Inactive;
            if unit.transient.is_some() {
                self.all.remove(&name);
            }
        }
        true
    }
}
