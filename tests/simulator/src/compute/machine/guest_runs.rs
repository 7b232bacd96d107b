//! Running guests: effects of their programs on the platform, and of the platform on them (behaviour section 8).

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    clock::later,
    guest::{
        process::{Process, Progress, Purpose, written},
        shell::{Shell, stream::Stream},
        system::{Effect, Identity},
        tools,
        units::Activity,
    },
    resources::{
        Resources,
        disk::Habits,
        event::{Event, GuestChange, ScriptPoint},
        machine::{Power, VirtualMachine},
    },
    scenario::{AgentState, Port},
};

/// The agent's unit.
const AGENT: &str = "walinuxagent.service";

impl VirtualMachine {
    /// Who the platform says this machine is.
    pub(in crate::compute) fn identity(&self) -> Identity {
        let profile = &self.properties["osProfile"];
        let keys = profile["linuxConfiguration"]["ssh"]["publicKeys"].as_array().into_iter().flatten();
        let mut keys: Vec<String> =
            keys.filter_map(|key| key["keyData"].as_str()).map(|key| key.trim().to_owned()).collect();
        let password = profile["adminPassword"].is_string();
        if keys.is_empty() && !password && !self.admin().is_empty() {
            let vm_id = self.vm_id.to_string();
            keys.push(format!("ssh-ed25519 {} owner", crate::guest::linux::public_key([&vm_id, "owner"])));
        }
        Identity {
            vm_id: self.vm_id.to_string(),
            name: profile["computerName"].as_str().unwrap_or(&self.name).to_owned(),
            admin: self.admin().to_owned(),
            keys,
            password,
            arm: self.architecture.eq_ignore_ascii_case("arm64"),
            windows: self.os_type() == "Windows",
        }
    }

    /// How the guest behaves, for copies of its disk.
    pub(in crate::compute) fn habits(&self) -> Habits {
        let system = &self.guest.system;
        Habits {
            setup: system.setup.clone(),
            serial: system.serial.clone(),
            seal: system.seal,
            script_fails: self.guest.script_fails.clone(),
        }
    }

    /// The guest is one that comes with a disk.
    pub(in crate::compute) fn takes_on(&mut self, habits: Habits) {
        let Habits { setup, serial, seal, script_fails } = habits;
        let system = &mut self.guest.system;
        (system.setup, system.serial, system.seal) = (setup, serial, seal);
        self.guest.script_fails = script_fails;
    }

    /// The system comes up.
    pub(in crate::compute) fn system_boots(&mut self, now: jiff::Timestamp) {
        self.guest.off_since_sealed = false;
        self.guest.system.identity = self.identity();
        self.guest.system.boots(now);
    }

    /// The system is no longer running: of its own accord, or because its power went away.
    pub(crate) fn system_stops(&mut self, now: jiff::Timestamp) {
        self.guest.boot += 1;
        let last_minute = self.guest.system.serial.last_minute;
        if self.guest.system.booted.is_some() {
            self.guest.system.shut_down();
            self.guest.serial.stops(now, last_minute);
            self.guest.off_since_sealed = self.guest.system.contents.is_deprovisioned();
        }
        self.guest.system.goes_off();
        self.lose_agent(now);
    }

    /// The agent runs and reports.
    pub(crate) fn agent_appears(&mut self) {
        self.guest.agent = AgentState::Ready;
        self.guest.agent_lost_since = None;
        if self.guest.system.booted.is_some() {
            self.guest.system.units.load(AGENT, Activity::Active, "Azure Linux Agent");
        }
    }
}

/// A program begins in a guest.
pub(crate) fn process_begins(resources: &mut Resources, process: Process) {
    resources.process_count += 1;
    let id = resources.process_count;
    resources.processes.insert(id, process);
    process_goes_on(resources, id);
}

/// All programs of a machine end with its boot.
pub(crate) fn processes_end(resources: &mut Resources, machine: &str) {
    resources.processes.retain(|_, process| process.machine != machine);
}

/// A program goes on, and those that it starts beside itself.
pub(crate) fn process_goes_on(resources: &mut Resources, id: u64) {
    let Some(mut process) = resources.processes.remove(&id) else { return };
    let (now, key, boot) = (resources.now, process.machine.clone(), process.boot);
    let deprovision = resources.durations.deprovision;
    let Some(machine) = resources.machines.get_mut(&key).filter(|machine| machine.guest.boot == boot) else { return };
    let system = &mut machine.guest.system;
    system.deprovision = deprovision;
    system.refresh(now);
    let reported = system.units.is_active(AGENT);
    let Progress { ended, wake, spawned } = process.goes_on(system, now);
    let reports = system.units.is_active(AGENT);
    let effects = std::mem::take(&mut system.effects);
    if reported && !reports {
        machine.lose_agent(now);
    } else if reports && !reported {
        let event = Event::Guest { machine: key.clone(), boot, change: GuestChange::AgentAgain };
        resources.plan(resources.durations.agent_boot / 4.0, event);
    }
    let goes_down = effects.iter().any(|effect| matches!(effect, Effect::ShutsDown { .. }));
    for effect in effects {
        guest_effect(resources, &key, boot, effect);
    }
    let purpose = process.purpose.clone();
    if let Purpose::Script { command, run } = &purpose
        && let Some(command) = resources.run_commands.get_mut(command).filter(|command| command.run == *run)
    {
        command.execution.output = written(&process.output);
        command.execution.error = written(&process.error);
    }
    let unit = process.unit.clone();
    let over = ended.is_some() && unit_ends_with(resources, &purpose);
    match ended {
        Some(code) => process_has_ended(resources, &key, &purpose, &unit, code),
        None if goes_down => {}
        None => {
            resources.processes.insert(id, process);
            if let Some(wake) = wake {
                let seconds = wake.duration_since(now).as_secs_f64();
                resources.plan(seconds, Event::Process(id));
            }
        }
    }
    if goes_down {
        return processes_end(resources, &key);
    }
    // With its main program a unit's other programs end, too.
    for process in spawned.into_iter().filter(|process| !(over && process.unit == unit)) {
        process_begins(resources, process);
    }
}

/// Whether this program's end is that of its unit. The action form's extension lets go of what its script leaves behind.
fn unit_ends_with(resources: &Resources, purpose: &Purpose) -> bool {
    match purpose {
        Purpose::Aside => false,
        Purpose::Unit { .. } => true,
        Purpose::Script { command, .. } => resources.run_commands.get(command).is_none_or(|command| !command.action),
    }
}

fn guest_effect(resources: &mut Resources, key: &str, boot: u64, effect: Effect) {
    let now = resources.now;
    let shutdown = resources.durations.guest_shutdown;
    let event = |change| Event::Guest { machine: key.to_owned(), boot, change };
    match effect {
        Effect::Serial(text) => {
            if let Some(machine) = resources.machines.get_mut(key) {
                machine.program_writes_to_serial_port(now, &text);
            }
        }
        Effect::ShutsDown { comes_back } => {
            resources.plan(shutdown, event(if comes_back { GuestChange::Restarts } else { GuestChange::PowersOff }));
        }
        Effect::UnitDue { unit, at, turn } => {
            let seconds = at.duration_since(now).as_secs_f64();
            resources.plan(seconds, event(GuestChange::UnitStarts { unit, turn }));
        }
    }
}

fn process_has_ended(resources: &mut Resources, key: &str, purpose: &Purpose, unit: &str, code: i32) {
    let Some(machine) = resources.machines.get_mut(key) else { return };
    let system = &mut machine.guest.system;
    match purpose {
        Purpose::Aside => return,
        Purpose::Unit { name, turn } => {
            let same =
                system.units.get(name).and_then(|unit| unit.transient.as_ref()).is_some_and(|unit| unit.turn == *turn);
            if same {
                system.units.ended(name, code != 0);
                if let Some(stem) = name.strip_suffix(".service") {
                    system.units.ended(&format!("{stem}.timer"), false);
                }
            }
        }
        Purpose::Script { command, run } => {
            let Some(record) = resources.run_commands.get_mut(command).filter(|record| record.run == *run) else {
                return;
            };
            record.execution.exit_code = Some(code);
            let seconds = resources.durations.run_command / 2.0;
            let event = Event::Script { command: command.clone(), run: *run, point: ScriptPoint::Ends };
            resources.plan(seconds, event);
            if !unit_ends_with(resources, purpose) {
                return;
            }
        }
    }
    // What is left of the unit is killed.
    if let Some(machine) = resources.machines.get_mut(key) {
        machine.guest.system.kill(unit);
    }
    resources.processes.retain(|_, process| process.machine != key || process.unit != unit);
}

/// A unit's time has come.
pub(crate) fn unit_starts(resources: &mut Resources, key: &str, name: &str, turn: u64) {
    let Some(machine) = resources.machines.get_mut(key) else { return };
    let boot = machine.guest.boot;
    let system = &mut machine.guest.system;
    let unit = system.units.get(name).filter(|unit| unit.activity == Activity::Active);
    let Some(unit) = unit.filter(|unit| unit.transient.as_ref().is_some_and(|transient| transient.turn == turn)) else {
        return;
    };
    let Some(mut transient) = unit.transient.clone() else { return };
    let description = unit.description.clone();
    let mut service = name.to_owned();
    if let Some(stem) = name.strip_suffix(".timer") {
        service = format!("{stem}.service");
        if system.units.is_active(&service) {
            return;
        }
        transient.due = None;
        transient.turn = system.units.run(&service, transient.clone(), &description);
    }
    machine.guest.units_started += 1;
    if let Some(seconds) = system_dies_after(machine) {
        let change = GuestChange::UnitDies { unit: service.clone(), turn: transient.turn };
        resources.plan(seconds, Event::Guest { machine: key.to_owned(), boot, change });
    }
    let purpose = Purpose::Unit { name: service.clone(), turn: transient.turn };
    let process = Process::new(key, boot, purpose, &service, |host, _, _| {
        let unit = service.clone();
        Box::pin(async move {
            let mut shell = Shell::new(host, &unit, nowhere());
            for (name, value) in &transient.environment {
                shell.export(name, value);
            }
            if let Some(folder) = transient.folder {
                shell.folder = folder;
            }
            shell.program(&transient.command).await
        })
    });
    process_begins(resources, process);
}

/// A unit is killed from outside.
pub(crate) fn unit_dies(resources: &mut Resources, key: &str, name: &str, turn: u64) {
    let Some(machine) = resources.machines.get_mut(key) else { return };
    let units = &machine.guest.system.units;
    let lives = units.get(name).and_then(|unit| unit.transient.as_ref()).is_some_and(|unit| unit.turn == turn);
    if lives {
        machine.guest.system.kill(name);
        let purpose = Purpose::Unit { name: name.to_owned(), turn };
        process_has_ended(resources, key, &purpose, name, 137);
    }
}

/// A run command's script begins.
pub(crate) fn guest_script_begins(resources: &mut Resources, key: &str, machine_key: &str) {
    let (Some(command), Some(machine)) = (resources.run_commands.get(key), resources.machines.get_mut(machine_key))
    else {
        return;
    };
    let (text, parameters, run) = (command.script(), command.all_parameters(), command.run);
    let unit = format!("run-command-{}-{run}.scope", command.name);
    let folder = format!("{}/run-command-handler/download/{}/{run}", tools::AGENT_FOLDER, command.name);
    let path = format!("{folder}/script.sh");
    let system = &mut machine.guest.system;
    system.contents.put(&path, &text, 0o500);
    if !command.action {
        system.contents.put(&state_of(&command.name), run.to_string(), 0o600);
    }
    let boot = machine.guest.boot;
    let purpose = Purpose::Script { command: key.to_owned(), run };
    let process = Process::new(machine_key, boot, purpose, &unit, |host, output, error| {
        let unit = unit.clone();
        Box::pin(async move {
            let descriptors =
                BTreeMap::from([(0, Stream::Null), (1, Stream::Buffer(output)), (2, Stream::Buffer(error))]);
            let mut shell = Shell::new(host, &unit, descriptors);
            shell.folder = folder;
            let mut arguments = Vec::new();
            for (name, value) in &parameters {
                if name.is_empty() {
                    arguments.push(value.clone());
                } else {
                    shell.export(name, value);
                }
            }
            tools::script(&mut shell, &path, &text, &arguments).await
        })
    });
    process_begins(resources, process);
}

/// The agent takes up work: run commands that are still there and whose state is gone run again.
pub(crate) fn agent_takes_up_work(resources: &mut Resources, machine_key: &str) {
    let Some(machine) = resources.machines.get(machine_key) else { return };
    if machine.os_type() == "Windows" {
        return;
    }
    let boot = machine.guest.boot;
    let again: Vec<String> = resources
        .run_commands
        .iter()
        .filter(|(_, command)| {
            command.machine == machine_key && !command.action && command.provisioning_state != "Deleting"
        })
        .filter(|(_, command)| command.boot != boot && command.execution.started.is_some())
        .filter(|(_, command)| !machine.guest.system.contents.exists(&state_of(&command.name)))
        .map(|(key, _)| key.clone())
        .collect();
    let seconds = resources.durations.run_command / 2.0;
    for key in again {
        let Some(command) = resources.run_commands.get_mut(&key) else { continue };
        resources.run_count += 1;
        command.run = resources.run_count;
        command.boot = boot;
        command.execution = crate::resources::run_command::Execution::pending();
        let run = command.run;
        resources.plan(seconds, Event::Script { command: key, run, point: ScriptPoint::Starts });
    }
}

/// A run command is removed by the agent, with what it has left in the guest.
pub(crate) fn guest_forgets(resources: &mut Resources, key: &str) {
    let Some(command) = resources.run_commands.get(key) else { return };
    let (machine, name) = (command.machine.clone(), command.name.clone());
    resources
        .processes
        .retain(|_, process| !matches!(&process.purpose, Purpose::Script { command, .. } if command == key));
    if let Some(machine) = resources.machines.get_mut(&machine) {
        let contents = &mut machine.guest.system.contents;
        contents.take(&state_of(&name)).ok();
        contents.take(&format!("{}/run-command-handler/download/{name}", tools::AGENT_FOLDER)).ok();
    }
}

/// Whether nothing reports about a machine any more, as far as the platform has noticed.
pub(crate) fn is_silent(resources: &Resources, machine: &VirtualMachine) -> bool {
    let noticed = machine
        .guest
        .agent_lost_since
        .is_some_and(|since| resources.now >= later(since, resources.durations.agent_heartbeat_lag));
    machine.guest.agent == AgentState::Lost && (machine.power != Power::Running || noticed)
}

/// One of so many ways, for a machine, by the scenario's seed.
pub(crate) fn way(resources: &Resources, machine: &VirtualMachine, question: &str, ways: usize) -> usize {
    let text = format!("{}/{}/{question}", resources.seed, machine.id.to_lowercase());
    let hash = text
        .bytes()
        .fold(14_695_981_039_346_656_037_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(1_099_511_628_211));
    usize::try_from((hash >> 17) % 1_000_003).unwrap_or_default() % ways
}

fn nowhere() -> BTreeMap<u32, Stream> {
    BTreeMap::from([(0, Stream::Null), (1, Stream::Null), (2, Stream::Null)])
}

fn system_dies_after(machine: &VirtualMachine) -> Option<f64> {
    machine.guest.system.setup.unit_dies_after
}

/// Where the run-command handler keeps which run of a command was the last.
fn state_of(name: &str) -> String {
    format!("{}/Microsoft.CPlat.Core.RunCommandHandlerLinux-1.3.28/{name}.mrseq", tools::AGENT_FOLDER)
}

impl VirtualMachine {
    /// A program writes to the serial port, where its lines may be torn.
    pub(in crate::compute) fn program_writes_to_serial_port(&mut self, at: jiff::Timestamp, text: &str) {
        if self.boot_diagnostics() && self.guest.system.serial.port == Port::Works {
            let (port, seed) = (self.guest.system.serial.clone(), self.vm_id.to_string());
            self.guest.serial.write_torn(at, text, &port, &seed);
        }
    }
}

/// The values of a run command's parameters, in their order.
pub(in crate::compute) fn parameters_of(properties: &Value) -> Vec<(String, String)> {
    let entries = properties["parameters"].as_array().into_iter().flatten();
    entries
        .filter_map(|entry| {
            Some((entry["name"].as_str().unwrap_or_default().to_owned(), entry["value"].as_str()?.to_owned()))
        })
        .collect()
}
