//! One attempt at preparing a guest: its word, its run command and its tags.
//!
//! The attempt's nonce stands in a tag of the machine before anything is run in the guest. So a process that knows
//! nothing but Azure can tell which words on the serial console prove the attempt, also when its run command is gone.

use std::collections::BTreeMap;

use azimage_crds::{EXPIRES_TAG, OWNER_TAG, SEAL_TAG, STEP_TAG};
use azimage_names::{ResourceIdError, RunCommandId, VirtualMachineId};
use jiff::Timestamp;

use crate::image_version::StepName;

/// The run command of an object: its name is the same in every pass, so it is never there twice.
///
/// # Errors
/// When the uid can't be part of a resource's name, which no uid of Kubernetes is.
pub fn run_command(virtual_machine: &VirtualMachineId, uid: &str) -> Result<RunCommandId, ResourceIdError> {
    virtual_machine.run_command(&format!("azimage-seal-{uid}"))
}

/// The nonce of an attempt that begins now: of another object or another second it is another one.
pub fn nonce(uid: &str, now: Timestamp) -> String {
    format!("{}-{uid}", now.as_second())
}

/// When the attempt began, if the nonce is one of ours.
pub fn began(nonce: &str) -> Option<Timestamp> {
    let (seconds, _) = nonce.split_once('-')?;
    Timestamp::from_second(seconds.parse().ok()?).ok()
}

/// The tags of the run command. After `expires` it is of no more use to anybody.
pub fn tags(owner: &str, nonce: &str, expires: Timestamp) -> BTreeMap<String, String> {
    BTreeMap::from([
        (OWNER_TAG.to_owned(), owner.to_owned()),
        (STEP_TAG.to_owned(), StepName::Seal.to_string()),
        (SEAL_TAG.to_owned(), nonce.to_owned()),
        (EXPIRES_TAG.to_owned(), expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_tells_when_its_attempt_began_and_has_no_sign_that_a_shell_knows() {
        let now: Timestamp = "2026-06-01T12:00:00Z".parse().unwrap();
        let nonce = nonce("0a1b2c3d-0000-4000-8000-00000000abcd", now);
        assert_eq!(nonce, "1780315200-0a1b2c3d-0000-4000-8000-00000000abcd");
        assert_eq!(began(&nonce), Some(now));
        assert!(nonce.chars().all(|sign| sign.is_ascii_alphanumeric() || sign == '-'));
        for other in ["", "-", "0a1b2c3d-0000", "99999999999999999999-u", "1780315200"] {
            assert_eq!(began(other), None, "{other}");
        }
    }
}
