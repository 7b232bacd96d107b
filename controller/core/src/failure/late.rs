//! Whether an operation that Azure accepted, and that failed, may end well when it is asked for again.

use azimage_crds::StepFailure;

/// Codes of what stands in the request, the source or the image definition: the same request fails again.
const INCURABLE: [&str; 9] = [
    "BadRequest",
    "InvalidParameter",
    "InvalidParameterValue",
    "InvalidRequestContent",
    "LinkedAuthorizationFailed",
    "PropertyChangeNotAllowed",
    "RequestDisallowedByPolicy",
    "ScopeLocked",
    // Of a disk's snapshots (reported: Azure/azure-sdk-for-python issue 14282).
    SNAPSHOTS_LIMIT,
];

/// The code of a snapshot that isn't made because there are as many of its disk as may be.
pub(crate) const SNAPSHOTS_LIMIT: &str = "SnapshotsLimitReached";

/// The same by Azure's words, whose code may be one of what passes, such as `Conflict`. They are localised, so what isn't
/// recognised is tried again, as often as what may pass.
const WORDS: [&str; 7] = [
    "exceeds the max size",
    "different hypervisor generation",
    "different architecture",
    "different os type",
    "different security type",
    "exceeding approved",
    "exceeding the quota",
];

/// Whether no repetition helps.
pub(crate) fn is_incurable(failure: &StepFailure) -> bool {
    let message = failure.message.to_lowercase();
    INCURABLE.iter().any(|code| code.eq_ignore_ascii_case(&failure.code))
        || WORDS.iter().any(|words| message.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_request_or_its_source_is_not_repeated() {
        for (code, message, expected) in [
            ("InvalidParameter", "The GalleryImageVersion source resource size 2520 exceeds the max size 2048.", true),
            ("invalidparameter", "", true),
            ("Conflict", "The resource has a different Hypervisor generation ['V1'] than the parent.", true),
            ("OperationNotAllowed", "It results in exceeding approved quota.", true),
            ("RequestDisallowedByPolicy", "", true),
            ("SnapshotsLimitReached", "The snapshot count was exceeded for a disk.", true),
            ("Conflict", "Another operation is in progress.", false),
            ("OperationPreempted", "It was preempted by a more recent operation.", false),
            ("InternalOperationError", "Failed with internal server error.", false),
            ("DiskCopyFailed", "The disk copy did not finish.", false),
            ("ReplicationJobsNotCompleted", "Gallery replication jobs failed in one or more regions.", false),
            ("", "", false),
        ] {
            let failure = StepFailure { code: code.to_owned(), message: message.to_owned() };
            assert_eq!(is_incurable(&failure), expected, "{code}: {message}");
        }
    }
}
