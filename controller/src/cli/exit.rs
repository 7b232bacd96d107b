//! How a command ends.

use std::process::ExitCode;

use azimage_view::Standing;

/// How a command ended, which a script may go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ended {
    /// It did what it was asked for; of an object: it is Ready.
    Well,
    /// An object isn't Ready yet.
    Working,
    /// An object waits for a person.
    Stalled,
    /// Time was up before.
    TimedOut,
    /// Something is wrong with the command, the rights or the API server.
    Failed,
}

impl Ended {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Well, Self::Failed, Self::Stalled, Self::Working, Self::TimedOut];

    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Well => 0,
            Self::Failed => 1,
            Self::Stalled => 2,
            Self::Working => 3,
            // As that of `timeout` of coreutils.
            Self::TimedOut => 124,
        }
    }

    /// What the code means, for people.
    pub fn about(self) -> &'static str {
        match self {
            Self::Well => "done; of an object: it is Ready",
            Self::Failed => "the command, a right or the API server is at fault; the message says which",
            Self::Stalled => "an object is stalled: it waits for a person",
            Self::Working => "an object isn't Ready yet, and azimage goes on by itself",
            Self::TimedOut => "--timeout was up before",
        }
    }
}

impl From<Standing> for Ended {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Ready => Self::Well,
            Standing::Working | Standing::Unobserved => Self::Working,
            Standing::Stalled => Self::Stalled,
        }
    }
}

impl From<Ended> for ExitCode {
    fn from(ended: Ended) -> Self {
        Self::from(ended.code())
    }
}
