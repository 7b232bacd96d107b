//! How and where a version is proven.

use std::time::Duration;

use azimage_crds::{ImageVersion, MayWarn, SlowdownAction, ValidationRegions};
use azimage_names::{ResourceIdError, RunCommandId, VirtualMachineId};
use kube::ResourceExt as _;

use super::{Violation, WorkspaceSpec, invalid::Invalid};
use crate::{
    guest::{
        UserScript,
        checks::{self, Check},
    },
    temporary::{Part, TemporaryId, Twin},
};

/// How and where a version is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidationSpec {
    /// Where the machines are made.
    pub workspace: WorkspaceSpec,
    /// Whether it is proven in each region that has a copy, and counts only where it was.
    pub everywhere: bool,
    /// Their sizes, at least one.
    pub sizes: Vec<String>,
    /// How long a machine may take until its agent reports.
    pub boot_timeout: Duration,
    /// Whether machines with Trusted Launch start with secure boot.
    pub secure_boot: bool,
    /// Units that may have failed.
    pub ignored_units: Vec<String>,
    /// Accounts of the image that people may log in with.
    pub allowed_accounts: Vec<String>,
    /// The user's checks.
    pub checks: Vec<Check>,
    /// Checks of azimage's own that only warn.
    pub warn_only: Vec<MayWarn>,
    /// How much slower the machines may be than those of the last good versions, if that is looked at.
    pub max_slowdown: Option<SlowdownSpec>,
    /// How long the machines of a version that failed are kept.
    pub keep_on_failure: Duration,
    /// The machines, in the order of [`Twin`].
    machines: [VirtualMachineId; 2],
    /// The run commands that look into them, in the same order.
    commands: [RunCommandId; 2],
}

/// How much slower machines may be than those of the last good versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlowdownSpec {
    /// By how many percent.
    pub percent: i32,
    /// What becomes of a version that is slower.
    pub action: SlowdownAction,
    /// How many good versions there must be.
    pub minimum_samples: usize,
}

impl ValidationSpec {
    /// A machine.
    pub fn machine(&self, twin: Twin) -> &VirtualMachineId {
        let [first, second] = &self.machines;
        match twin {
            Twin::First => first,
            Twin::Second => second,
        }
    }

    /// The run command that looks into a machine.
    pub fn command(&self, twin: Twin) -> &RunCommandId {
        let [first, second] = &self.commands;
        match twin {
            Twin::First => first,
            Twin::Second => second,
        }
    }

    /// From the raw object, if it asks for a validation.
    ///
    /// # Errors
    /// When a field can't be used, most of which the definition of the kind rules out.
    pub fn of(object: &ImageVersion) -> Result<Option<Self>, Violation> {
        let Some(asked) = &object.spec.validation else { return Ok(None) };
        let workspace = object.spec.workspace.as_ref().ok_or(Invalid::NoPlaceToValidate)?;
        let workspace = WorkspaceSpec::of(workspace, &object.uid().unwrap_or_default())?;
        let span = |field: &str, text: &str| match text.parse::<kube::core::Duration>() {
            Ok(span) => Ok(Duration::from(span)),
            Err(problem) => Err(Violation::field(&format!("spec.validation.{field}"), problem)),
        };
        if asked.vm_sizes.is_empty() {
            return Err(Violation::field("spec.validation.vmSizes", "there is none"));
        }
        let mut checks: Vec<Check> = Vec::new();
        for check in &asked.checks {
            let script = UserScript { text: check.script.clone(), time_limit: span("checks.timeout", &check.timeout)? };
            checks.push(Check { name: check.name.clone(), script });
        }
        let all: Duration = checks.iter().map(|check| check.script.time_limit).sum();
        if all > checks::MOST {
            return Err(Violation::field(
                "spec.validation.checks.timeout",
                "the checks may take at most 60 minutes together; give them less time",
            ));
        }
        let machines = [machine(&workspace, Twin::First)?, machine(&workspace, Twin::Second)?];
        let command = |machine: &VirtualMachineId| machine.run_command("azimage-checks").map_err(named);
        let [first, second] = &machines;
        let commands = [command(first)?, command(second)?];
        Ok(Some(Self {
            everywhere: asked.regions == ValidationRegions::All,
            sizes: asked.vm_sizes.clone(),
            boot_timeout: span("bootTimeout", &asked.boot_timeout)?,
            secure_boot: asked.secure_boot,
            ignored_units: asked.ignore_failed_units.clone(),
            allowed_accounts: asked.allow_accounts.clone(),
            checks,
            warn_only: asked.warn_only.clone(),
            max_slowdown: asked.max_slowdown.as_ref().map(|limit| SlowdownSpec {
                percent: limit.percent,
                action: limit.action,
                minimum_samples: usize::try_from(limit.minimum_samples).unwrap_or_default(),
            }),
            keep_on_failure: span("keepOnFailure", &asked.keep_on_failure)?,
            machines,
            commands,
            workspace,
        }))
    }
}

#[allow(clippy::needless_pass_by_value, reason = "it is what map_err takes")]
fn named(problem: ResourceIdError) -> Violation {
    Violation::field("metadata.uid", problem)
}

fn machine(workspace: &WorkspaceSpec, twin: Twin) -> Result<VirtualMachineId, Violation> {
    match TemporaryId::of(&workspace.group, &workspace.uid, Part::ValidationMachine(twin)).map_err(named)? {
        TemporaryId::Machine(machine) => Ok(machine),
        other => Err(Violation::field("metadata.uid", format!("{other} is no machine"))),
    }
}
