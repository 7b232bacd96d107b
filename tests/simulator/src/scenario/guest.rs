//! What a machine's guest and its serial port are like.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A guest, where it isn't an ordinary one (behaviour section 8).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Guest {
    /// Files besides or instead of the usual ones, by path; `null` takes away what is there.
    pub files: BTreeMap<String, Option<FileSetup>>,
    /// Folders that are mounted read-only.
    pub read_only: Vec<String>,
    /// Folders without space.
    pub full: Vec<String>,
    /// Tools that aren't installed, by name.
    pub missing: Vec<String>,
    /// Commands that do nothing and end so, by how their line begins: `cloud-init clean`.
    pub failing: BTreeMap<String, i32>,
    /// Seconds that commands take before they do anything, by how their line begins.
    pub slow: BTreeMap<String, f64>,
    /// For so many seconds after its start a package manager is at work and holds its locks.
    pub busy_packages: f64,
    /// Packages that are only half configured.
    pub half_configured: Vec<String>,
    /// The account of the provisioning is logged in.
    pub logged_in: bool,
    /// cloud-init is installed and provisions; else the agent does.
    pub cloud_init: bool,
    /// systemd's version; 0 is a guest without it.
    pub systemd: u32,
    /// A transient unit is killed so many seconds after its start.
    pub unit_dies_after: Option<f64>,
    /// By how much the guest's clock is ahead.
    pub clock_ahead_seconds: f64,
    /// What a Windows guest is like.
    pub windows: Windows,
}

impl Default for Guest {
    fn default() -> Self {
        Self {
            files: BTreeMap::new(),
            read_only: Vec::new(),
            full: Vec::new(),
            missing: Vec::new(),
            failing: BTreeMap::new(),
            slow: BTreeMap::new(),
            busy_packages: 0.0,
            half_configured: Vec::new(),
            logged_in: false,
            cloud_init: true,
            systemd: 255,
            unit_dies_after: None,
            clock_ahead_seconds: 0.0,
            windows: Windows::default(),
        }
    }
}

/// One file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FileSetup {
    /// A file with this text.
    Text(String),
    /// A file, a link or a folder.
    Entry(FileEntry),
}

/// A file with a mode, a link, or a folder.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FileEntry {
    /// The file's text.
    pub text: Option<String>,
    /// Mode, as a number in octal: `0600`.
    pub mode: Option<String>,
    /// A link, and where it leads.
    pub link: Option<String>,
    /// An empty folder.
    pub folder: bool,
}

/// What a Windows guest is like before it is generalized.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Windows {
    /// How Sysprep ends, for scripts that aren't in the table.
    pub sysprep: Sysprep,
    /// What scripts do: the first row that fits counts.
    pub scripts: Vec<WindowsScript>,
}

/// What scripts of one kind do.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct WindowsScript {
    /// Regular expression on the script. What its groups catch can be used below: `$1`, `$name`, `${name}`.
    pub matching: String,
    /// How long the script takes.
    pub seconds: Option<f64>,
    /// Exit code.
    pub exit_code: i32,
    /// What it prints.
    pub output: String,
    /// What it writes to the serial port when it ends.
    pub console: String,
    /// `ImageState` when it ends.
    pub image_state: Option<String>,
    /// The agent dies with it, so that its end isn't reported.
    pub agent_dies: bool,
    /// The machine powers off so many seconds after its end.
    pub powers_off_after: Option<f64>,
}

/// How a Sysprep that a run command has started ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sysprep {
    /// The system is generalized, and what the command line says (`/shutdown`, `/reboot`, `/quit`) is done.
    #[default]
    Succeeds,
    /// It ends at once, and the system is as it was (`IMAGE_STATE_COMPLETE`).
    Refuses,
    /// It breaks off on its way (`IMAGE_STATE_UNDEPLOYABLE`).
    BreaksOff,
    /// It never ends.
    Hangs,
}

/// A machine's serial port and what Azure keeps of it (behaviour section 19).
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own, as a person writes it")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SerialPort {
    /// What the guest has.
    pub port: Port,
    /// The kernel's console is on it.
    pub console: bool,
    /// The kernel says nothing while it boots. Its last words it says all the same.
    pub quiet: bool,
    /// From 0 to 1: how many of the guest's writes are torn by a line of the kernel.
    pub torn: f64,
    /// What the guest wrote in the last minute before it stopped.
    pub last_minute: LastMinute,
    /// A new start begins a new log.
    pub restarts_log: bool,
    /// The prompt is printed once more when the guest shuts down.
    pub prompt_again: bool,
    /// Seconds until what was written can be read, instead of `durations.serialLogLag`.
    pub lag: Option<f64>,
}

impl Default for SerialPort {
    fn default() -> Self {
        Self {
            port: Port::Works,
            console: true,
            quiet: false,
            torn: 0.0,
            last_minute: LastMinute::Kept,
            restarts_log: false,
            prompt_again: false,
            lag: None,
        }
    }
}

/// A serial port as the guest finds it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Port {
    /// It can be written.
    #[default]
    Works,
    /// There is none.
    Absent,
    /// A write never ends.
    Hangs,
    /// A write fails.
    Broken,
}

/// What becomes of the last bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LastMinute {
    /// They are shown like all others.
    #[default]
    Kept,
    /// Ten minutes later than others.
    Late,
    /// Never.
    Lost,
}

/// Details of Azure's behaviour that are unknown outside of Azure, chosen for a whole scenario.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Unknowns {
    /// The instance view of a run command when its agent is gone.
    pub run_command_view: RunCommandView,
    /// The serial log of a deallocated machine.
    pub deallocated_log: DeallocatedLog,
    /// A new Linux machine whose system was never deprovisioned.
    pub unprepared_system: UnpreparedSystem,
    /// A read below a gallery, image definition or machine that is not there.
    pub absent_parent: AbsentParent,
}

/// The instance view of a run command when nothing reports it any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunCommandView {
    /// As last reported.
    #[default]
    Kept,
    /// There is none.
    Gone,
    /// `executionState` is `Unknown`, and the rest is empty.
    Unknown,
    /// One of these for each machine, by the scenario's seed.
    BySeed,
}

/// What a read below something tells that is not there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AbsentParent {
    /// `ParentResourceNotFound`, which names the parent.
    #[default]
    Told,
    /// `ResourceNotFound`.
    Untold,
    /// One of these, by the scenario's seed.
    BySeed,
}

/// What becomes of a new Linux machine whose system was never deprovisioned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum UnpreparedSystem {
    /// It comes up like any other.
    #[default]
    ComesUp,
    /// Its creation fails in the end with `OSProvisioningTimedOut`.
    TimesOut,
    /// One of these for each machine, by the scenario's seed.
    BySeed,
}

/// The serial log of a deallocated machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeallocatedLog {
    /// It can be read as before.
    #[default]
    Kept,
    /// There is none.
    Gone,
    /// One of these for each machine, by the scenario's seed.
    BySeed,
}
