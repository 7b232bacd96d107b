//! What is going to happen.

use uuid::Uuid;

/// What happens at a point of simulated time without anybody asking.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Event {
    /// A long-running operation has taken its time.
    OperationEnds(Uuid),
    /// A version's regions may have come to an end.
    VersionMoves(String),
    /// A script in a guest reaches a point; the number tells runs of the same command apart.
    Script { command: String, run: u64, point: ScriptPoint },
    /// A program in a guest goes on.
    Process(u64),
    /// Something happens inside a guest; the number tells its boots apart.
    Guest { machine: String, boot: u64, change: GuestChange },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScriptPoint {
    Starts,
    Ends,
    TimesOut,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GuestChange {
    AgentReady,
    /// The machine gets its power although its creation goes on.
    Starts,
    /// The agent was started again.
    AgentAgain,
    /// A unit's time has come; the number tells its turns apart.
    UnitStarts {
        unit: String,
        turn: u64,
    },
    UnitDies {
        unit: String,
        turn: u64,
    },
    /// What a script in a Windows guest leaves behind.
    WindowsEnds {
        image_state: Option<String>,
        console: String,
        agent_dies: bool,
    },
    PowersOff,
    Restarts,
}
