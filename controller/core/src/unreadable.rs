//! What is said of an object that this release can't read, because a later one or another hand wrote it.

use crate::message::messages;

messages! {
    /// Why nothing is done for an object.
    pub enum Unreadable {
        /// It doesn't have the form of its kind.
        Object {
            /// What the decoder says.
            problem: String,
        } => Ready / InvalidSpec:
            "This release of azimage can't read the object: {problem}; upgrade azimage or correct the field",
    }
}
