//! The machines that prove a version, as the model of Azure has them.

use std::{collections::BTreeMap, time::Duration};

use azimage_names::{Region, RunCommandId, VirtualMachineId};
use jiff::{SignedDuration, Timestamp};

use super::{super::*, fixtures::*};
use crate::temporary::TemporaryId;

/// What a machine prints that is well, by its name; NOW is its time.
fn well(name: &str) -> String {
    format!(
        "azimage: hostname {name}\nazimage: identity machine-id id-{name}\nazimage: clock NOW\nazimage: boot 3 20 7 31\nazimage: agent 2.15.0.1\n\
         azimage: name-server\nazimage: check web 0 1\nazimage: end\n"
    )
}

#[derive(Clone, Debug)]
pub(super) struct Twins {
    pub(super) machines: BTreeMap<VirtualMachineId, facts::Machine>,
    commands: BTreeMap<RunCommandId, facts::RunCommand>,
    /// What each of them is called.
    names: BTreeMap<VirtualMachineId, String>,
    /// What the checks print on a machine of a name.
    pub(super) says: fn(&str) -> String,
    /// Where machines were made.
    pub(super) regions: Vec<Region>,
    /// How often machines were made.
    pub(super) made: u32,
    /// Why the creation of a machine fails that Azure had accepted.
    pub(super) fails_with: Option<&'static str>,
    /// The agents never report.
    pub(super) silent: bool,
    /// The checks never end.
    pub(super) hangs: bool,
    /// How long Azure takes to make a machine, in seconds.
    pub(super) provisioning: i64,
    /// What the machines wrote to their serial consoles; nothing if it isn't there.
    pub(super) console: Option<&'static str>,
}

impl Default for Twins {
    fn default() -> Self {
        Self {
            machines: BTreeMap::new(),
            commands: BTreeMap::new(),
            names: BTreeMap::new(),
            says: well,
            regions: Vec::new(),
            made: 0,
            fails_with: None,
            silent: false,
            hangs: false,
            provisioning: 45,
            console: Some("login:"),
        }
    }
}

fn is_one(id: &VirtualMachineId) -> bool {
    id.name().contains("-validation-")
}

impl Twins {
    /// Answers what is asked of them.
    pub(super) fn read(&self, read: &Read, now: Timestamp, facts: &mut Facts) -> bool {
        match read {
            Read::Machine(id) if is_one(id) => {
                let found = self.machines.get(id).cloned().map(|it| facts::Machine { read_at: Some(now), ..it });
                let found = found.map_or(Reading::Missing(Absent::Resource), Reading::Found);
                facts.machines.put(id.clone(), found, Duration::ZERO);
            }
            Read::RunCommand(id) if is_one(id.virtual_machine()) => {
                let found = self.commands.get(id).cloned().map_or(Reading::Missing(Absent::Resource), Reading::Found);
                facts.run_commands.put(id.clone(), found, Duration::ZERO);
            }
            Read::ConsoleEnd(id) => {
                let end = |log: &str| facts::ConsoleEnd { log: log.to_owned(), has_screenshot: true };
                let found = self.console.map_or(Reading::Missing(Absent::Resource), |log| Reading::Found(end(log)));
                facts.console_ends.put(id.clone(), found, Duration::ZERO);
            }
            Read::Operation(of) if of.step.name == StepName::CreateValidationMachine => {
                let operation = match self.fails_with {
                    Some(code) => Operation::failed(code, "no luck"),
                    None => Operation::failed("AllocationFailed", "no room"),
                };
                facts.operations.put(of.clone(), Reading::Found(operation), Duration::ZERO);
            }
            _ => return false,
        }
        true
    }

    pub(super) fn make(&mut self, request: &NewMachineRequest, fails: bool) {
        let MadeFrom::Version(from) = &request.made_from else { panic!("it is made from a version") };
        assert!(!self.machines.contains_key(&request.id), "there is one already");
        self.made += 1;
        self.regions.push(request.location.clone());
        self.names.insert(request.id.clone(), from.computer_name.clone());
        let fails = fails || self.fails_with.is_some();
        let machine = facts::Machine {
            uid: format!("twin {}", self.made),
            tags: request.tags.clone(),
            size: Some(request.size.clone()),
            provisioning: if fails { Provisioning::Failed } else { Provisioning::Creating },
            power: Power::Starting,
            changed_at: None,
            agent_ready: fails,
            ..machine()
        };
        self.machines.insert(request.id.clone(), machine);
    }

    /// Whether a run command is for one of them; then it begins.
    pub(super) fn runs(&mut self, request: &RunCommandRequest) -> bool {
        let machine = request.id.virtual_machine();
        if !is_one(machine) {
            return false;
        }
        assert!(self.machines[machine].agent_ready, "nobody is there to run it");
        self.commands.insert(request.id.clone(), facts::RunCommand { nonce: None, ..seal(Execution::Running) });
        true
    }

    pub(super) fn delete(&mut self, id: &TemporaryId) {
        let TemporaryId::Machine(id) = id else { panic!("{id} is no machine") };
        self.machines.remove(id).expect("what isn't there can't be deleted");
        self.commands.retain(|command, _| command.virtual_machine() != id);
    }

    pub(super) fn tick(&mut self, now: Timestamp) {
        for machine in self.machines.values_mut() {
            if machine.provisioning == Provisioning::Creating {
                machine.provisioning = Provisioning::Succeeded;
                machine.agent_ready = !self.silent;
                machine.created_at = now.checked_sub(SignedDuration::from_secs(self.provisioning)).ok();
                (machine.changed_at, machine.agent_reported_at) = (Some(now), Some(now));
            }
            if machine.power == Power::Starting {
                machine.power = Power::Running;
            }
        }
        for (id, command) in &mut self.commands {
            if command.execution == Execution::Running && !self.hangs {
                let output =
                    (self.says)(&self.names[id.virtual_machine()]).replace("NOW", &now.as_second().to_string());
                *command = facts::RunCommand { output, nonce: None, ..seal(Execution::Succeeded) };
            }
        }
    }
}
