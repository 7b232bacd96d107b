//! What is said while a machine is deallocated and generalized.

use super::super::super::{Power, words::Detail};
use crate::message::messages;

messages! {
    /// What brings a machine on, or keeps it from being generalized.
    pub(in crate::image_version) enum Words {
        Changing => Generalized / SourceBusy:
            "The machine is being changed; waiting for Azure to finish",
        DeallocatingOff => Generalized / Deallocating:
            "The guest is sealed and off; deallocating the machine",
        DeallocatingOn => Generalized / Deallocating:
            "The guest is sealed; deallocating the machine",
        DeallocationFailed { detail: Detail } => Generalized / Deallocating:
            "Azure failed to deallocate the machine{detail}. It is tried again, with growing pauses",
        Waiting { power: Power } => Generalized / Deallocating:
            "The machine's power state is {power}; waiting until it is deallocated",
        Started => GuestPrepared / SourceRunning:
            "The machine was started after its guest was sealed, so the guest is no longer sealed: delete this object \
             and make a new one, which seals the guest again",
        Generalizing => Generalized / Progressing:
            "Marking the machine as generalized",
    }
}
