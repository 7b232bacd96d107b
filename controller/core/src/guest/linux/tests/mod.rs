mod guest;
mod hygiene;
mod run_command;
mod texts;
mod unit;

use std::time::Duration;

use crate::guest::{Preparation, UserScript, hygiene::Policy};

const NONCE: &str = "0a1b2c3d-0000-4000-8000-00000000abcd";

/// One that is for now, whenever that is, without a script.
fn preparation() -> Preparation {
    Preparation {
        nonce: NONCE.to_owned(),
        asked_at: "2099-01-01T00:00:00Z".parse().unwrap(),
        not_before: "2020-01-01T00:00:00Z".parse().unwrap(),
        not_after: "2100-01-01T00:00:00Z".parse().unwrap(),
        delay: Duration::from_secs(60),
        packages_wait: Duration::from_secs(60),
        repeat_mark: Duration::from_secs(60),
        mask_units: Vec::new(),
        user_script: None,
        hygiene: Policy::default(),
    }
}

fn with_script(text: &str, seconds: u64) -> Preparation {
    let user_script = Some(UserScript { text: text.to_owned(), time_limit: Duration::from_secs(seconds) });
    Preparation { user_script, ..preparation() }
}
