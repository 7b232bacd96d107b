//! The names of the steps, and what holds for each.

use crate::{failure::About, temporary::Part};

/// The name of a step, as it stands in `status.steps`.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::Display,
    strum::EnumString,
    strum::EnumIter,
    strum::IntoStaticStr,
)]
pub enum StepName {
    /// Write our claim into the machine's tags, and have its serial console recorded.
    ClaimSource,
    /// Start the preparation of the guest, which ends with its seal.
    Seal,
    /// Remove the run command of a seal that has done its work.
    ForgetSeal,
    /// Remove the run command of an earlier attempt, which stands where that of the seal comes.
    ForgetLastSeal,
    /// Record in the machine's tags that the seal was proven.
    MarkSealed,
    /// Take our claim from the machine's tags.
    ReleaseSource,
    /// Make the snapshot of the machine's OS disk that is kept for a while, before anything is changed in its guest.
    KeepDisk,
    /// Make a snapshot of a disk of the machine that is cloned.
    CreateSnapshot,
    /// Make the collection for the restore point of the machine that is cloned.
    CreateRestorePointCollection,
    /// Make a restore point: all disks of the machine as they are at one moment.
    CreateRestorePoint,
    /// Make a disk from a snapshot, or from a restore point.
    CreateDisk,
    /// Make the security group that closes the network of a temporary machine.
    CreateSecurityGroup,
    /// Make the network interface of a temporary machine.
    CreateInterface,
    /// Make a temporary machine.
    CreateMachine,
    /// Make a part of the network of the machines that prove a version.
    CreateValidationNetwork,
    /// Make a machine from the version, to prove it.
    CreateValidationMachine,
    /// Run the checks on such a machine.
    RunChecks,
    /// Delete a temporary resource.
    DeleteTemporary,
    /// Delete the machine that was captured itself, or something that belonged to it.
    DeleteSource,
    /// Deallocate the machine.
    Deallocate,
    /// Mark the machine as generalized, for ever.
    Generalize,
    /// Create the gallery image version.
    Publish,
    /// Change the gallery image version's regions or settings.
    Update,
    /// Write the gallery image version again, or without a failed region, to repair regions.
    Repair,
    /// Delete the gallery image version.
    Delete,
}

/// What holds for the steps of a name. Times are in seconds.
struct Row {
    /// Completes "Could not …".
    doing: &'static str,
    /// How long Azure may take to show the effect. Until then it is not begun again.
    grace: i64,
    /// How long the operation usually takes at most. Longer is reported, nothing is given up.
    expected: i64,
    /// For how long it may be carried out under the record that announces it; then it is announced anew. By the time of
    /// these records it is judged whether anybody else changed the machine since, so they must not be older than the write.
    announced: Option<i64>,
    /// Whether the version must exist in Azure once it is finished.
    proves_existence: bool,
    /// What may be busy when Azure refuses it.
    about: About,
    /// Of an attempt that it begins, the steps that come later: what was done of them before belongs to an earlier attempt.
    begins_anew: &'static [StepName],
}

const USUAL: Row = Row {
    doing: "",
    grace: 60,
    expected: 600,
    announced: None,
    proves_existence: false,
    about: About::Source,
    begins_anew: &[],
};

/// How old the record of a write may be by whose time a proof is judged.
const JUDGED: Option<i64> = Some(45);

/// What a write of a version takes.
const REPLICATION: i64 = 6 * 3600;

impl StepName {
    #[expect(clippy::too_many_lines, reason = "a table")]
    const fn row(self) -> Row {
        match self {
            Self::ClaimSource => Row {
                doing: "claim the virtual machine that is captured",
                begins_anew: &[Self::Seal, Self::ForgetSeal, Self::ForgetLastSeal],
                ..USUAL
            },
            Self::Seal => Row {
                doing: "start the seal in the guest",
                grace: 180,
                about: About::Seal,
                begins_anew: &[Self::ForgetSeal],
                ..USUAL
            },
            Self::ForgetSeal => Row { doing: "remove the run command of the seal", about: About::Seal, ..USUAL },
            Self::ForgetLastSeal => {
                Row { doing: "remove the run command of the last seal", about: About::Seal, ..USUAL }
            }
            Self::MarkSealed => {
                Row { doing: "record the seal on the virtual machine that is captured", announced: JUDGED, ..USUAL }
            }
            Self::ReleaseSource => Row { doing: "release the source virtual machine", ..USUAL },
            Self::KeepDisk => {
                Row { doing: "make a snapshot of the machine's OS disk before its guest is sealed", ..USUAL }
            }
            Self::CreateSnapshot => {
                Row { doing: "make a snapshot of a disk of the machine", about: About::Cloning, ..USUAL }
            }
            Self::CreateRestorePointCollection => {
                Row { doing: "make the collection for a restore point of the machine", about: About::Cloning, ..USUAL }
            }
            Self::CreateRestorePoint => Row {
                doing: "make a restore point of the machine",
                grace: 180,
                expected: 1200,
                about: About::RestorePoint,
                ..USUAL
            },
            Self::CreateDisk => Row { doing: "make a disk of the copy", about: About::Cloning, ..USUAL },
            Self::CreateSecurityGroup => {
                Row { doing: "make the security group of the copy of the machine", about: About::CloneNetwork, ..USUAL }
            }
            Self::CreateInterface => Row {
                doing: "make the network interface of the copy of the machine",
                about: About::CloneNetwork,
                ..USUAL
            },
            Self::CreateMachine => Row {
                doing: "make the copy of the machine",
                grace: 180,
                expected: 1200,
                about: About::CloneMachine,
                ..USUAL
            },
            Self::CreateValidationNetwork => Row {
                doing: "make the network of the machines that prove the version",
                about: About::ValidationNetwork,
                ..USUAL
            },
            Self::CreateValidationMachine => Row {
                doing: "make a machine from the version, to prove it",
                grace: 180,
                expected: 2700,
                about: About::ValidationMachine,
                ..USUAL
            },
            Self::RunChecks => Row {
                doing: "start the checks on a machine that was made from the version",
                grace: 180,
                about: About::Validation,
                ..USUAL
            },
            Self::DeleteTemporary => {
                Row { doing: "delete a temporary resource", expected: 900, about: About::CleanUp, ..USUAL }
            }
            Self::DeleteSource => Row {
                doing: "delete the source virtual machine and what belonged to it",
                expected: 900,
                about: About::CleanUp,
                ..USUAL
            },
            Self::Deallocate => Row {
                doing: "deallocate the virtual machine that is captured",
                expected: 1800,
                announced: JUDGED,
                ..USUAL
            },
            Self::Generalize => Row { doing: "generalize the virtual machine that is captured", ..USUAL },
            // A version may answer 404 for minutes after it was accepted (seen by Terraform's azurerm provider).
            Self::Publish => Row {
                doing: "create the gallery image version",
                grace: 300,
                expected: REPLICATION,
                proves_existence: true,
                about: About::Creation,
                ..USUAL
            },
            Self::Update => Row {
                doing: "update the gallery image version",
                expected: REPLICATION,
                proves_existence: true,
                about: About::Update,
                ..USUAL
            },
            Self::Repair => Row {
                doing: "repair the gallery image version",
                expected: REPLICATION,
                proves_existence: true,
                about: About::Update,
                ..USUAL
            },
            Self::Delete => {
                Row { doing: "delete the gallery image version", expected: 1800, about: About::Deletion, ..USUAL }
            }
        }
    }

    /// Of an attempt that a step of this name begins, the steps that come later: what was done of them before belongs to
    /// an earlier attempt.
    pub(super) fn begins_anew(self) -> &'static [Self] {
        self.row().begins_anew
    }

    /// Whether steps of this name make a part of a temporary machine, or the snapshot that is kept.
    pub(crate) fn makes_a_part(self) -> bool {
        matches!(
            self,
            Self::KeepDisk
                | Self::CreateSnapshot
                | Self::CreateRestorePointCollection
                | Self::CreateRestorePoint
                | Self::CreateDisk
                | Self::CreateSecurityGroup
                | Self::CreateInterface
                | Self::CreateMachine
        )
    }

    /// The step that makes a part.
    pub(super) fn that_makes(part: Part) -> Self {
        match part {
            Part::Snapshot(_) => Self::CreateSnapshot,
            Part::RestorePoints => Self::CreateRestorePointCollection,
            Part::Disk(_) => Self::CreateDisk,
            Part::SecurityGroup => Self::CreateSecurityGroup,
            Part::Interface => Self::CreateInterface,
            Part::Machine => Self::CreateMachine,
            Part::ValidationSecurityGroup | Part::ValidationInterface(_) => Self::CreateValidationNetwork,
            Part::ValidationMachine(_) => Self::CreateValidationMachine,
        }
    }

    /// Whether steps of this name make a part of what proves a version.
    pub(super) fn makes_a_validation(self) -> bool {
        matches!(self, Self::CreateValidationNetwork | Self::CreateValidationMachine)
    }

    /// Whether steps of this name are about what proves a version.
    pub(super) fn is_about_a_validation(self) -> bool {
        self.makes_a_validation() || self == Self::RunChecks
    }

    /// Whether steps of this name delete what isn't needed any more, which holds up nothing else.
    pub(super) fn cleans_up(self) -> bool {
        matches!(self, Self::DeleteTemporary | Self::DeleteSource)
    }

    /// Whether steps of this name are about the machine that is captured.
    pub(super) fn is_about_a_machine(self) -> bool {
        matches!(
            self,
            Self::ClaimSource
                | Self::Seal
                | Self::ForgetSeal
                | Self::ForgetLastSeal
                | Self::MarkSealed
                | Self::Deallocate
                | Self::Generalize
        )
    }

    /// Whether steps of this name are each about one part of a temporary machine.
    pub(super) fn is_about_a_part(self) -> bool {
        self.makes_a_part() || self.is_about_a_validation() || self == Self::DeleteTemporary
    }

    /// What may be busy when Azure refuses the step.
    pub(crate) fn about(self) -> About {
        self.row().about
    }

    /// Completes "Could not …".
    pub(crate) fn doing(self) -> &'static str {
        self.row().doing
    }

    /// Whether the version must exist in Azure once this step is finished.
    pub(super) fn proves_existence(self) -> bool {
        self.row().proves_existence
    }

    /// How long Azure may take to show the effect of the step, in seconds. Until then it is not begun again.
    pub(super) fn grace_seconds(self) -> i64 {
        self.row().grace
    }

    /// For how long the step may be carried out under the record that announces it, in seconds, if there is a limit.
    pub(super) fn announced_seconds(self) -> Option<i64> {
        self.row().announced
    }

    /// How long the step's operation usually takes at most, in seconds. Longer is reported, nothing is given up.
    pub(super) fn expected_seconds(self) -> i64 {
        self.row().expected
    }
}
