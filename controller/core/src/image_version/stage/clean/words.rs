//! What is said of what was made for the work alone.

use jiff::Timestamp;

use crate::message::{messages, phrases};

messages! {
    /// What becomes of temporary resources.
    pub(in crate::image_version) enum Words {
        Nothing => CleanedUp / Succeeded:
            "Nothing that was made for the work alone is left",
        Recalling => CleanedUp / CleaningUp:
            "Looking for what was made for the work alone, of which the status doesn't tell",
        Deleting => CleanedUp / CleaningUp:
            "Deleting what was made for the work alone (status.temporary)",
        Again => CleanedUp / CleaningUp:
            "Deleting the last copy of the machine before another one is made",
        Leaving => CleanedUp / Deleting:
            "Deleting what was made for the work alone (status.temporary) before this object goes",
        Kept { until: Timestamp } => CleanedUp / CloneFailed:
            "The copy that can't be captured is kept until {until} for you to look at \
             (spec.source.virtualMachine.clone.keepOnFailure), and then deleted. It is deleted at once when this object is, or when \
             the annotation azimage.dev/reconcile-requested-at asks for another attempt",
        Parts { until: Timestamp } => CleanedUp / WaitingForEarlierStep:
            "What was made for a copy of the machine is kept until {until} \
             (spec.source.virtualMachine.clone.keepOnFailure), and deleted if the work can't go on until then, or when this object is",
        Waiting { until: Timestamp } => CleanedUp / WaitingForEarlierStep:
            "What was made for a copy of the machine stays for the work to go on, and is deleted if it can't until {until}, or when \
             this object is",
        Stuck { id: String, why: String, count: usize } => CleanedUp / CleanUpFailed:
            "{count} temporary resources can't be deleted and go on costing; it is tried again every ten minutes. {id}: {why}",
    }
}

phrases! {
    /// What is said of a guest is of the copy's.
    pub(in crate::image_version) enum OfTheCopy ["at the end"] {
        AnotherOne =>
            ". All this is about the copy that azimage made. The machine itself is as it was, and another attempt is made with another \
             copy",
    }
}
