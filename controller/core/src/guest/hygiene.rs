//! What belongs to one machine alone and is looked for in a guest.

/// What to do about findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// How strict it is.
    pub mode: Mode,
    /// Paths that may stay: whole, or with a `*` at the end for all that begins so.
    pub allowed: Vec<String>,
}

/// How strict it is about findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// A finding of an enforced kind stops everything while nothing is lost.
    #[default]
    Enforce,
    /// Findings are told, and nothing stops.
    Report,
    /// Nothing is looked for.
    Off,
}

/// A kind of finding, as it stands in the guest's output and in the status.
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
    strum::EnumIter,
    strum::EnumMessage,
    strum::EnumString,
    strum::IntoStaticStr,
)]
pub enum Kind {
    /// A private key, by its header, or in a folder where tools keep theirs.
    PrivateKey,
    /// Keys with which somebody can log in (`authorized_keys`).
    AuthorizedKeys,
    /// Stored credentials of a cloud's or a tool's command line (`.azure`, `.aws`, `.kube/config`, `.docker/config.json` …).
    CloudCredentials,
    /// A token or password in a file of a tool (`.git-credentials`, `.netrc`, `.npmrc` …).
    Token,
    /// A certificate that is stored together with its private key.
    Certificate,
    /// An account with which a person can log in, besides the one that the seal removes.
    Account,
    /// A rule that lets an account become root without a password.
    SudoRule,
    /// The machine is a member of a domain or directory.
    DomainMembership,
    /// What an agent identifies this machine by (Defender, monitoring, Arc, other vendors' agents).
    AgentIdentity,
    /// A package that is installed for one user alone (Windows), with which Sysprep fails.
    UserPackage,
    /// A file of a shell's, an editor's or a database client's history.
    History,
    /// Mail of this machine.
    Mail,
    /// A crash dump or core file.
    CrashDump,
    /// A lease of an address, or a network's file that names a hardware address.
    Lease,
    /// An id of this machine besides the one that the seal empties.
    MachineId,
    /// Swap that was meant for the temporary disk, or lies in the image.
    Swap,
    /// An entry of `fstab` for a disk that a new machine doesn't have.
    Mount,
    /// An extension of the machine that keeps state in the guest.
    Extension,
}

impl Kind {
    /// Whether a finding of this kind stops everything in mode `Enforce`: secrets, ways to log in, and identities. The
    /// others are only told.
    pub fn is_enforced(self) -> bool {
        match self {
            Self::PrivateKey
            | Self::AuthorizedKeys
            | Self::CloudCredentials
            | Self::Token
            | Self::Certificate
            | Self::Account
            | Self::SudoRule
            | Self::DomainMembership
            | Self::AgentIdentity
            | Self::UserPackage => true,
            Self::History
            | Self::Mail
            | Self::CrashDump
            | Self::Lease
            | Self::MachineId
            | Self::Swap
            | Self::Mount
            | Self::Extension => false,
        }
    }
}
