//! Between Azure and the decisions: answers become observations, steps become calls.

mod convert;
mod definition;
mod failure;
mod lists;
mod read;
mod regions;
mod write;

pub(crate) use convert::kind;
pub(crate) use definition::{Answer, put_definition, read_of_definition};
pub(crate) use failure::words;
pub(crate) use lists::Lists;
pub(crate) use read::Reader;
pub(crate) use write::execute;

/// A failed call, as far as the reconcile needs it.
#[derive(Debug)]
pub(crate) struct CallError {
    /// For decisions and status: no ids, no times.
    pub(crate) failure: azimage_core::Failure,
    /// How long Azure asks to wait.
    pub(crate) wait: Option<std::time::Duration>,
    /// For the log.
    pub(crate) error: azimage_azure::Error,
}

impl CallError {
    /// How long to wait, if that is all that is wrong.
    pub(crate) fn throttled(&self) -> Option<std::time::Duration> {
        self.wait.filter(|_| self.failure == azimage_core::Failure::Throttled)
    }

    /// Whether Azure may have got the request: one that the budget held back was never sent.
    pub(crate) fn was_sent(&self) -> bool {
        !matches!(self.error.kind(), azimage_azure::ErrorKind::Throttled { sent: false, .. })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use azimage_azure::rights::{Job, RIGHTS};
    use azimage_core::image_version::{
        foreseen_actions, foreseen_clone_actions, foreseen_deletion_actions, foreseen_validation_actions,
    };

    /// Of what is read before the machine is touched the reads themselves tell. Of a run command nothing is there yet.
    #[test]
    fn each_right_that_a_capture_takes_later_is_looked_for_before_the_machine_is_touched() {
        let later = |action: &str| !action.ends_with("/read") || action.contains("/runCommands/");
        let needed: BTreeSet<&str> = RIGHTS
            .iter()
            .filter(|right| matches!(right.job, Job::Capture | Job::Publish) && !right.optional)
            .map(|right| right.action)
            .filter(|action| later(action))
            .collect();
        assert_eq!(foreseen_actions().collect::<BTreeSet<_>>(), needed);
    }

    #[test]
    fn each_right_that_the_deletion_of_a_machine_takes_is_looked_for_before_it_is_touched() {
        let needed = RIGHTS.iter().filter(|right| right.job == Job::DeleteSource && !right.optional);
        let needed: BTreeSet<&str> =
            needed.map(|right| right.action).filter(|action| !action.ends_with("/read")).collect();
        assert_eq!(foreseen_deletion_actions().collect::<BTreeSet<_>>(), needed);
    }

    /// Of what the copy is made of nothing is there yet either. What machines take to be captured is looked for with it.
    #[test]
    fn each_right_that_a_copy_takes_in_the_workspace_is_looked_for_before_it_is_made() {
        // Nothing of these is read before it is made.
        let unread = ["/runCommands/", "/restorePointCollections/"];
        let needed: BTreeSet<&str> = RIGHTS
            .iter()
            .filter(|right| right.job == Job::Workspace && !right.optional)
            .map(|right| right.action)
            .filter(|action| !action.ends_with("/read") || unread.iter().any(|kind| action.contains(kind)))
            .collect();
        // These are needed elsewhere: on the gallery, and on the disks of the machine that the object names.
        let elsewhere = |action: &&str| action.contains("/galleries/") || action.contains("/disks/beginGetAccess/");
        let looked_for = foreseen_actions().filter(|action| !elsewhere(action)).chain(foreseen_clone_actions());
        assert_eq!(looked_for.collect::<BTreeSet<_>>(), needed);
    }

    #[test]
    fn each_right_that_a_validation_takes_in_the_workspace_is_looked_for_before_it_begins() {
        let needed: BTreeSet<&str> = RIGHTS
            .iter()
            .filter(|right| right.job == Job::Validate && !right.optional)
            .map(|right| right.action)
            .filter(|action| !action.ends_with("/read") || action.contains("/runCommands/"))
            .collect();
        assert_eq!(foreseen_validation_actions().collect::<BTreeSet<_>>(), needed);
    }
}
