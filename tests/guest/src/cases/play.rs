//! A case, played.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, bail};
use azimage_core::{
    guest::{console, console::Aftermath, linux::script},
    image_version::facts,
};
use jiff::Timestamp;
use tokio::{process::Child, time::Instant};

use super::{ANY_STEP, Case, Event, Is, Moment, Needles, Outcome, Power, look};
use crate::{
    cache::cache,
    clock,
    image::{Image, Provisioner},
    machine::{Frozen, Identity, Machine, PROVISIONING},
    provisioned, seal,
    wait::until,
};

/// How long the seal itself may take, from the end of the run command.
const SEAL: Duration = Duration::from_secs(10 * 60);

/// The guests with which cases begin, by who provisioned them.
#[derive(Debug)]
pub struct Guests(BTreeMap<Provisioner, Frozen>);

/// What was seen of a case.
#[derive(Debug)]
pub struct Seen {
    /// What came of it.
    pub outcome: Outcome,
    /// What isn't as it has to be.
    pub wrong: Vec<String>,
    /// What the console said of a failure.
    pub detail: String,
    /// How long it took.
    pub seconds: u64,
}

impl Guests {
    /// Guests out of these images.
    ///
    /// # Errors
    /// When one doesn't get ready.
    pub async fn of(images: &[Image]) -> anyhow::Result<Self> {
        let mut guests = BTreeMap::new();
        for image in images {
            guests.insert(image.provisioner, provisioned::get(image).await?);
        }
        Ok(Self(guests))
    }

    fn get(&self, provisioner: Provisioner) -> anyhow::Result<&Frozen> {
        self.0.get(&provisioner).context("no guest for this case")
    }
}

/// Plays a case. Its folder stays when something is wrong.
///
/// # Errors
/// When the rig itself fails.
pub async fn play(guests: &Guests, case: &Case) -> anyhow::Result<Seen> {
    let (seen, machine, _) = play_and_keep(guests, case).await?;
    if seen.wrong.is_empty() {
        std::fs::remove_dir_all(machine.folder())?;
    }
    Ok(seen)
}

/// Plays a case, and gives its machine, which doesn't run any more, with what must not be in its disk.
///
/// # Errors
/// When the rig itself fails.
pub async fn play_and_keep(guests: &Guests, case: &Case) -> anyhow::Result<(Seen, Machine, Needles)> {
    let begin = Instant::now();
    let folder = cache()?.join("run").join(format!("{}-{}", std::process::id(), case.name));
    let mut play = Play::begin(guests, case, folder.clone()).await?;
    let seen = play.run().await;
    play.machine.kill().await?;
    let mut seen = seen.with_context(|| format!("{}; see {}", case.name, folder.display()))?;
    seen.seconds = begin.elapsed().as_secs();
    Ok((seen, play.machine, play.needles))
}

struct Play<'a> {
    case: &'a Case,
    machine: Machine,
    nonce: String,
    not_after: Timestamp,
    needles: Needles,
    /// Of the machine that it is a copy of.
    before: Option<Needles>,
    session: Option<Child>,
    outcome: Outcome,
    wrong: Vec<String>,
    detail: String,
}

/// A machine goes on from the guest and writes to its disk all the time, until it is no more there from one moment to the next: what is
/// on its disk then is what a snapshot has. Another machine is made around it. Also gives what belongs to the first one.
async fn copied(guest: &Frozen, folder: &Path) -> anyhow::Result<(Needles, Machine)> {
    let mut source = guest.resume(folder.join("source")).await?;
    let needles = Needles::of(&mut source, "no seal was asked for").await?;
    source
        .set_up(
            "mkdir -p /var/lib/writer; systemd-run --quiet --unit writer sh -c \
             'n=0; while :; do n=$((n+1)); echo $n >/var/lib/writer/count; echo $n >>/var/lib/writer/all; logger writes $n; done'; \
             sync; sleep 10; test -s /var/lib/writer/count",
        )
        .await?;
    source.kill().await?;
    let mut copy = source.copied(folder.to_owned(), &Identity::new("copy-of-builder", "nobody", 61)).await?;
    copy.start()?;
    copy.wait_agent(PROVISIONING).await.context("the agent of the copy")?;
    Ok((needles, copy))
}

/// Nothing was seen yet.
const NOTHING: Outcome = Outcome { exit: None, console: facts::Console::NoMark, machine: Power::Off, second: None };

impl<'a> Play<'a> {
    async fn begin(guests: &Guests, case: &'a Case, folder: PathBuf) -> anyhow::Result<Self> {
        let guest = guests.get(case.provisioner)?;
        let mut before = None;
        let mut machine = if case.copied {
            let (source, copy) = copied(guest, &folder).await?;
            before = Some(source);
            copy
        } else if case.serial == (true, true) {
            guest.resume(folder).await?
        } else {
            let mut machine = guest.copy(folder).await?;
            machine.set_serial(case.serial.0, case.serial.1);
            machine.start_anew().await?;
            machine
        };
        let nonce = seal::nonce(case.name, clock::now());
        let needles = Needles::of(&mut machine, &nonce).await?;
        Ok(Self {
            case,
            machine,
            nonce,
            not_after: clock::now(),
            needles,
            before,
            session: None,
            outcome: NOTHING,
            wrong: Vec::new(),
            detail: String::new(),
        })
    }

    async fn run(&mut self) -> anyhow::Result<Seen> {
        let case = self.case;
        if case.session {
            self.session = Some(self.log_in().await?);
        }
        self.machine.set_up(case.set_up).await.with_context(|| format!("the set-up of {}", case.name))?;
        let mut preparation = seal::preparation(&self.nonce);
        (case.preparation)(&mut preparation);
        self.not_after = preparation.not_after;
        self.machine.create_run_command("seal", &(case.script)(&preparation), 600)?;
        match self.machine.wait_run_command("seal", Duration::from_secs(8 * 60)).await {
            Ok(view) => {
                self.outcome.exit = Some(view.exit_code);
                for words in case.says {
                    if !view.output.contains(words) {
                        self.wrong.push(format!("the output lacks {words:?}: {:?}", view.output));
                    }
                }
                if view.output.len() > 4000 {
                    self.wrong.push(format!("the output has {} bytes", view.output.len()));
                }
            }
            Err(error) => self.wrong.push(format!("{error:#}")),
        }
        if self.outcome.exit == Some(0) {
            if let Some((moment, event)) = case.event.filter(|(moment, _)| *moment != Moment::Off) {
                self.wait_moment(moment).await?;
                self.happen(event).await?;
            }
            self.wait_end().await?;
        }
        self.outcome.console = self.read();
        if let Some(mut session) = self.session.take() {
            let _ = session.kill().await;
        }
        if self.outcome.console == facts::Console::Sealed && !self.machine.running()? {
            self.look_at_disk().await?;
        }
        self.see_machine().await?;
        if let facts::Console::Failed(failure) = &mut self.outcome.console {
            self.detail = std::mem::take(&mut failure.detail);
            if matches!(&case.expected.console, facts::Console::Failed(expected) if expected.step == ANY_STEP) {
                ANY_STEP.clone_into(&mut failure.step);
            }
        }
        if self.outcome != case.expected {
            self.wrong.insert(0, format!("expected: {}; seen: {}", case.expected, self.outcome));
        }
        Ok(Seen {
            outcome: std::mem::replace(&mut self.outcome, NOTHING),
            wrong: std::mem::take(&mut self.wrong),
            detail: std::mem::take(&mut self.detail),
            seconds: 0,
        })
    }

    /// What the controller reads in the console. For a seal it comes to the same whether a log is empty or has no mark.
    fn read(&self) -> facts::Console {
        match console::read(&self.machine.console(), &self.nonce) {
            facts::Console::Empty => facts::Console::NoMark,
            read => read,
        }
    }

    /// Waits for the moment; in the guest, where looking again is quick.
    async fn wait_moment(&mut self, moment: Moment) -> anyhow::Result<()> {
        let unit = "/sys/fs/cgroup/system.slice/azimage-seal.service";
        let condition = match moment {
            Moment::Scheduled | Moment::Off => return Ok(()),
            Moment::Begun => format!("[ -d {unit} ]"),
            Moment::AgentStopped => {
                format!("[ -d {unit} ] && [ ! -d /sys/fs/cgroup/azure.slice/walinuxagent.service ]")
            }
            Moment::Deprovisioned => "! grep -q '^azureuser:' /etc/passwd".to_owned(),
            Moment::IdEmptied => "[ ! -s /etc/machine-id ]".to_owned(),
            Moment::Marked => {
                let (machine, nonce) = (&self.machine, &self.nonce);
                let marked =
                    async || Ok((console::read(&machine.console(), nonce) == facts::Console::Sealed).then_some(()));
                return until("the mark", SEAL, marked).await;
            }
        };
        let answer = self.machine.door(&format!("until {condition}; do sleep 0.05; done"), SEAL).await?;
        if answer.code != Some(0) {
            bail!("the moment {moment:?} didn't come");
        }
        Ok(())
    }

    async fn happen(&mut self, event: Event) -> anyhow::Result<()> {
        match event {
            Event::Script(script) => {
                self.machine.set_up(script).await.with_context(|| format!("the event of {}", self.case.name))?;
            }
            Event::Reset => {
                self.machine.pause().await?;
                self.wait_for_start().await;
                self.machine.reset().await?;
                self.forget();
            }
            Event::ResetItself(script) => {
                let starts = |machine: &Machine| {
                    let console = machine.console();
                    console.windows(14).filter(|part| part == b"Linux version ").count()
                };
                let before = starts(&self.machine);
                self.machine.set_up(script).await.with_context(|| format!("the event of {}", self.case.name))?;
                let machine = &self.machine;
                let reset = async || Ok((starts(machine) > before).then_some(()));
                until("the reset", SEAL, reset).await?;
                self.forget();
            }
            Event::Stop => self.machine.press_power_button().await?,
            Event::HostDies => self.machine.kill().await?,
            Event::Start => self.machine.start()?,
            Event::AnotherSeal => {
                let nonce = seal::nonce("another", clock::now());
                let script = script(&seal::preparation(&nonce));
                let view = self.machine.run_command("another", &script, Duration::from_secs(2 * 60)).await?;
                self.outcome.second = Some(view.exit_code);
            }
        }
        Ok(())
    }

    /// Waits until the time of the run command is over, so that it does nothing when it comes again.
    async fn wait_for_start(&self) {
        if self.case.at_once {
            return;
        }
        let left = self.not_after.duration_since(clock::now());
        tokio::time::sleep(Duration::try_from(left).unwrap_or_default() + Duration::from_secs(1)).await;
    }

    /// What the guest said before a restart isn't believed after it.
    fn forget(&self) {
        self.machine.reports().forget_status();
    }

    /// The end of a seal: the machine is off, or the console tells of a failure, or nothing comes any more.
    async fn wait_end(&mut self) -> anyhow::Result<()> {
        if matches!(self.case.event, Some((_, Event::Reset | Event::ResetItself(_)))) {
            return Ok(());
        }
        let limit =
            if self.case.expected.console == facts::Console::NoMark { Duration::from_secs(4 * 60) } else { SEAL };
        let begin = Instant::now();
        while begin.elapsed() < limit {
            // A machine that was stopped is waited for.
            let stopped = matches!(self.case.event, Some((_, Event::Stop)));
            let failed = !stopped && matches!(self.read(), facts::Console::Failed(_));
            if failed || !self.machine.running()? {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        Ok(())
    }

    /// Off, running or usable; and what the case wants of a machine that runs.
    async fn see_machine(&mut self) -> anyhow::Result<()> {
        let case = self.case;
        // A guest that says it restarts needs a moment to do so.
        if matches!(&self.outcome.console, facts::Console::Failed(failure) if failure.aftermath == Aftermath::Restarting)
            && self.machine.running()?
        {
            self.forget();
        }
        let was_off = !self.machine.running()?;
        if was_off {
            self.outcome.machine = Power::Off;
            if case.expected.machine != Power::UsableAfterStart {
                return Ok(());
            }
            self.wait_for_start().await;
            self.forget();
            self.machine.start()?;
        }
        let usable = self.usable().await;
        if was_off && self.outcome.console == facts::Console::Sealed {
            self.outcome.console = self.read();
        }
        if self.case.at_once || self.outcome.console == facts::Console::StartedSince {
            let again = self.machine.run_command_view("seal").filter(|view| !view.end_time.is_empty());
            self.outcome.second = again.map(|view| view.exit_code);
        }
        self.outcome.machine = match (usable, was_off) {
            (Ok(()), false) => Power::Usable,
            (Ok(()), true) => Power::UsableAfterStart,
            (Err(error), _) => {
                self.wrong.push(format!("the machine can't be used: {error:#}"));
                if self.machine.running()? { Power::Running } else { Power::Off }
            }
        };
        if let Some(mend) = case.mended_by.filter(|_| self.outcome.machine == Power::Usable) {
            self.seal_again(mend).await?;
        }
        if !case.holds.is_empty() {
            let answer = self.machine.door(case.holds, Duration::from_secs(30)).await?;
            if answer.code != Some(0) {
                self.wrong.push(format!("in the guest {:?} doesn't hold: {}{}", case.holds, answer.out, answer.err));
            }
        }
        Ok(())
    }

    /// Another seal with another nonce, after what was the matter is mended.
    async fn seal_again(&mut self, mend: &str) -> anyhow::Result<()> {
        self.machine.set_up(mend).await.context("what was the matter can't be mended")?;
        self.nonce = seal::nonce("again", clock::now());
        let script = script(&seal::preparation(&self.nonce));
        let view = self.machine.run_command("again", &script, Duration::from_secs(4 * 60)).await?;
        self.outcome.second = Some(view.exit_code);
        let off = self.machine.wait_off(SEAL).await.is_ok();
        if !off || self.read() != facts::Console::Sealed {
            self.wrong.push(format!("another seal: off {off}, console {}: {}", seal::words(&self.read()), view.output));
            return Ok(());
        }
        self.look_at_disk().await
    }

    /// Whether the machine's user can log in, and a run command is run.
    async fn usable(&mut self) -> anyhow::Result<()> {
        self.machine.wait_ready(PROVISIONING).await?;
        let admin = self.machine.instance().admin.clone();
        // After a reset the clock may be wrong, as the case wants it.
        let view = self.machine.run_command("probe", "echo alive", Duration::from_secs(5 * 60)).await?;
        if view.exit_code != 0 || view.output.trim() != "alive" {
            bail!("a run command answers {view:?}");
        }
        let (machine, key) = (&self.machine, self.machine.key());
        let log_in = async || {
            let answer = machine.ssh(&admin, key, "sudo -n true && echo in", Duration::from_secs(150)).await?;
            Ok((answer.out.trim() == "in").then_some(()))
        };
        until("a login of the machine's user", Duration::from_secs(6 * 60), log_in).await
    }

    async fn look_at_disk(&mut self) -> anyhow::Result<()> {
        let disk = self.machine.disk()?;
        let look_in = disk.look().await?;
        let (needles, before) = (self.needles.clone(), self.before.clone());
        // Other cases go on meanwhile.
        let (look_in, found, left) = tokio::task::spawn_blocking(move || {
            let found = look(&look_in, &needles);
            let left = before.map_or(Ok(Vec::new()), |before| before.search(&look_in));
            (look_in, found, left)
        })
        .await?;
        let left = left?.into_iter().map(|left| format!("{left} of the machine that it was copied from"));
        self.wrong.extend(found?.into_iter().chain(left).map(|found| format!("in the sealed disk: {found}")));
        for (path, is) in self.case.sealed_disk {
            let at = look_in.root().join(path.trim_start_matches('/'));
            let right = match is {
                Is::Absent => at.symlink_metadata().is_err(),
                Is::Link => at.is_symlink(),
                Is::With(words) => std::fs::read_to_string(&at).is_ok_and(|text| text.contains(words)),
            };
            if !right {
                self.wrong.push(format!("in the sealed disk {path} isn't {is:?}"));
            }
        }
        Ok(())
    }

    /// A session that stays until it is ended from the other side.
    async fn log_in(&mut self) -> anyhow::Result<Child> {
        let machine = &self.machine;
        let session: Child = machine.ssh_session("echo here; exec sleep 1800")?;
        let there = async || {
            let answer =
                machine.door("loginctl list-sessions --no-legend | grep -q azureuser", Duration::from_secs(10));
            Ok((answer.await?.code == Some(0)).then_some(()))
        };
        until("a session", Duration::from_secs(60), there).await?;
        Ok(session)
    }
}
