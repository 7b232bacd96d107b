//! A case, played with the simulated guest as the rig plays it with real ones.

use azimage_core::{
    guest::{Preparation, console, linux::script},
    image_version::facts,
};
use azimage_test_guest::{
    cases::{Case, Event, Moment, Outcome, Power},
    image::Provisioner,
};
use azimage_test_simulated_guest::{Azure, preparation};
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{left, ways::Way};

/// Seconds that a seal may take, from the end of its run command.
const SEAL: usize = 1200;

/// What is wrong with a case; nothing where all is as it has to be.
pub fn play(case: &Case, way: &Way) -> Vec<String> {
    let mut play = Play::begin(case, way);
    if let Err(why) = play.run() {
        play.wrong.push(why);
    }
    if !play.wrong.is_empty() {
        play.wrong.push(format!("{}\nconsole: {}", play.said, play.azure.console()));
    }
    play.wrong
}

struct Play<'a> {
    case: &'a Case,
    way: &'a Way,
    azure: Azure,
    asked: Preparation,
    /// What the run command said.
    said: String,
    wrong: Vec<String>,
}

impl<'a> Play<'a> {
    fn begin(case: &'a Case, way: &'a Way) -> Self {
        let mut machine = (way.machine)();
        let (serial, console) = case.serial;
        if case.provisioner == Provisioner::Agent {
            machine["guest"]["cloudInit"] = json!(false);
        }
        if case.session {
            machine["guest"]["loggedIn"] = json!(true);
        }
        if !serial {
            machine["serial"]["port"] = json!("Absent");
        }
        if !console {
            machine["serial"]["console"] = json!(false);
        }
        let azure = Azure::new(&machine);
        let asked = preparation("n-1", azure.now);
        Self { case, way, azure, asked, said: String::new(), wrong: Vec::new() }
    }

    fn run(&mut self) -> Result<(), String> {
        let case = self.case;
        let set_up = self.way.set_up.unwrap_or(case.set_up);
        if !set_up.is_empty() {
            self.script("set-up", set_up)?;
        }
        self.asked = preparation("n-1", self.azure.now);
        (case.preparation)(&mut self.asked);
        let ended = self.azure.run("seal", &script(&self.asked), 600).ok_or("the run command never ended")?;
        self.said = format!("output: {}\nerrors: {}", ended.output, ended.error);
        let lacks = case.says.iter().filter(|words| !ended.output.contains(**words));
        self.wrong.extend(lacks.map(|words| format!("it doesn't say: {words}")));
        let mut second = None;
        if ended.exit == 0 {
            if let Some((moment, event)) = case.event.filter(|(moment, _)| *moment != Moment::Off) {
                self.wait_moment(moment)?;
                second = self.happen(event)?;
            }
            self.wait_end();
        }
        let mut console = self.read();
        if console == facts::Console::Sealed && self.is_off() {
            let files = self.azure.files();
            self.wrong.extend(left::wrong(case, &files, "n-1"));
        }
        let machine = self.see_machine(&mut console, &mut second)?;
        if let facts::Console::Failed(failure) = &mut console {
            failure.detail.clear();
        }
        let exit = i32::try_from(ended.exit).ok();
        let seen = Outcome { exit, console, machine, second };
        if seen != case.expected {
            self.wrong.insert(0, format!("expected: {}; seen: {seen}", case.expected));
        }
        Ok(())
    }

    /// A script as a run command that has to succeed.
    fn script(&mut self, name: &str, text: &str) -> Result<(), String> {
        match self.azure.run(name, &format!("set -eu\n{text}"), 120) {
            Some(ended) if ended.exit == 0 => Ok(()),
            other => Err(format!("{name} fails: {other:?}")),
        }
    }

    fn power(&mut self, change: &str) {
        self.azure.machine(&Method::POST, &format!("/{change}?api-version=2025-04-01"), &Value::Null);
    }

    fn stop(&mut self) {
        self.power("powerOff");
        // No start is taken before that has ended.
        self.azure.wait(120);
    }

    fn is_off(&mut self) -> bool {
        self.azure.power() != "running"
    }

    fn read(&mut self) -> facts::Console {
        match console::read(self.azure.console().as_bytes(), &self.asked.nonce) {
            facts::Console::Empty => facts::Console::NoMark,
            read => read,
        }
    }

    fn wait_moment(&mut self, moment: Moment) -> Result<(), String> {
        let begins = self.azure.now + SignedDuration::try_from(self.asked.delay).unwrap_or_default();
        for _ in 0..SEAL {
            let there = match moment {
                Moment::Scheduled | Moment::Off => true,
                Moment::Begun => self.azure.now >= begins,
                Moment::AgentStopped => self.azure.truth()["guest"]["agent"] == "Lost",
                Moment::Deprovisioned => {
                    self.azure.files().get("/etc/passwd").is_some_and(|text| !text.contains("azureuser"))
                }
                Moment::IdEmptied => self.azure.files().get("/etc/machine-id").is_some_and(String::is_empty),
                Moment::Marked => self.read() == facts::Console::Sealed,
            };
            if there {
                return Ok(());
            }
            self.azure.wait(1);
        }
        Err(format!("the moment {moment:?} didn't come"))
    }

    /// Does what happens, and gives the exit code of a second seal.
    fn happen(&mut self, event: Event) -> Result<Option<i32>, String> {
        if let Some(happens) = self.way.event {
            happens(&mut self.azure);
            return Ok(None);
        }
        match event {
            Event::Script(text) | Event::ResetItself(text) => self.script("event", text)?,
            // It can't be held for so long as a real one, so it is off meanwhile.
            Event::Reset => {
                self.stop();
                self.wait_for_start();
                self.power("start");
                self.azure.wait(120);
            }
            // Its programs end at once, whoever stops it.
            Event::Stop | Event::HostDies => self.stop(),
            Event::Start => self.power("start"),
            Event::AnotherSeal => {
                let another = preparation("another", self.azure.now);
                let ended = self.azure.run("another", &script(&another), 120).ok_or("another seal never ends")?;
                return Ok(i32::try_from(ended.exit).ok());
            }
        }
        Ok(None)
    }

    /// Until the time of the run command is over, so that it does nothing when it comes again.
    fn wait_for_start(&mut self) {
        let left = self.asked.not_after.duration_since(self.azure.now).as_secs();
        if !self.case.at_once && left >= 0 {
            self.azure.wait(left + 1);
        }
    }

    /// Off, or told of a failure, or nothing comes any more.
    fn wait_end(&mut self) {
        if matches!(self.case.event, Some((_, Event::Reset | Event::ResetItself(_)))) {
            return;
        }
        for _ in 0..SEAL {
            if self.is_off() || matches!(self.read(), facts::Console::Failed(_)) {
                return;
            }
            self.azure.wait(1);
        }
    }

    fn see_machine(&mut self, console: &mut facts::Console, second: &mut Option<i32>) -> Result<Power, String> {
        let was_off = self.is_off();
        if was_off {
            if self.case.expected.machine != Power::UsableAfterStart {
                return Ok(Power::Off);
            }
            self.wait_for_start();
            self.power("start");
        }
        let usable = self.usable();
        if was_off && *console == facts::Console::Sealed {
            *console = self.read();
        }
        if self.case.at_once || *console == facts::Console::StartedSince {
            *second = self.azure.ended("seal").and_then(|again| i32::try_from(again.exit).ok());
        }
        let machine = match (usable, was_off) {
            (true, false) => Power::Usable,
            (true, true) => Power::UsableAfterStart,
            (false, _) if self.is_off() => Power::Off,
            (false, _) => Power::Running,
        };
        if self.case.mended_by.is_some() && machine == Power::Usable {
            *second = self.seal_again()?;
        }
        let holds = self.way.holds.unwrap_or(self.case.holds);
        if !holds.is_empty() {
            self.script("holds", holds)?;
        }
        Ok(machine)
    }

    /// Whether the machine's account is there, and a run command is run.
    fn usable(&mut self) -> bool {
        // A guest that restarts itself needs a moment, and one that ran a command before runs it again.
        self.azure.wait(600);
        let probe = self.azure.run("probe", "grep -q '^azureuser:' /etc/passwd; echo alive", 300);
        probe.is_some_and(|ended| ended.exit == 0 && ended.output.trim() == "alive")
    }

    /// Another seal with another nonce, after what was the matter is mended.
    fn seal_again(&mut self) -> Result<Option<i32>, String> {
        let mend = self.way.mended_by.ok_or("there is no way to mend this guest")?;
        mend(&mut self.azure);
        self.asked = preparation("n-2", self.azure.now);
        let ended = self.azure.run("again", &script(&self.asked), 600).ok_or("the second seal never ends")?;
        self.wait_end();
        if !self.is_off() || self.read() != facts::Console::Sealed {
            return Err(format!("another seal ends otherwise: {}", ended.output));
        }
        let files = self.azure.files();
        self.wrong.extend(left::wrong(self.case, &files, "n-2"));
        Ok(i32::try_from(ended.exit).ok())
    }
}
