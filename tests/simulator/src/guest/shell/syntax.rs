//! What a script consists of, as the POSIX shell's grammar has it.

use std::sync::Arc;

pub(crate) type List = Vec<Item>;

/// Pipelines tied by `&&` and `||`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item {
    pub(crate) first: Pipeline,
    /// Each further one, and whether it runs after success (`&&`) or failure.
    pub(crate) rest: Vec<(bool, Pipeline)>,
    /// Ended by `&`.
    pub(crate) background: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pipeline {
    pub(crate) negated: bool,
    pub(crate) commands: Vec<Command>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Command {
    Simple(Simple),
    Compound(Compound, Vec<Redirect>),
    Function(String, Arc<Command>),
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Simple {
    pub(crate) assignments: Vec<(String, Word)>,
    pub(crate) words: Vec<Word>,
    pub(crate) redirects: Vec<Redirect>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Compound {
    Group(List),
    Subshell(List),
    If {
        arms: Vec<(List, List)>,
        otherwise: Option<List>,
    },
    /// Without words it goes through the arguments.
    For {
        name: String,
        words: Option<Vec<Word>>,
        body: List,
    },
    Case {
        word: Word,
        arms: Vec<(Vec<Word>, List)>,
    },
    Loop {
        until: bool,
        condition: List,
        body: List,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Redirect {
    pub(crate) descriptor: u32,
    pub(crate) kind: RedirectKind,
    /// The file, the other descriptor, or the text of a here-document.
    pub(crate) target: Word,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RedirectKind {
    Read,
    Write,
    Append,
    ReadWrite,
    Duplicate,
    Here,
}

/// Parts that are put together to one word before it is split.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Word(pub(crate) Vec<Part>);

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Part {
    /// Text as it stands; quoted text is no pattern and isn't split.
    Text {
        text: String,
        quoted: bool,
    },
    /// `~` or `~name` at the beginning of a word.
    Home(String),
    Parameter {
        name: String,
        change: Change,
        quoted: bool,
    },
    Command {
        list: Arc<List>,
        quoted: bool,
    },
    Arithmetic {
        text: Word,
        quoted: bool,
    },
}

/// What is made of a parameter's value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Change {
    None,
    Length,
    /// `-`, `=`, `?`, `+`; with a colon empty counts as unset.
    Default {
        sign: char,
        empty_too: bool,
        word: Word,
    },
    /// `#`, `##`, `%`, `%%`.
    Strip {
        front: bool,
        longest: bool,
        pattern: Word,
    },
}
