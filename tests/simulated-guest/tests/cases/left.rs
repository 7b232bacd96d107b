//! What a sealed disk has to be like.

use std::collections::BTreeMap;

use azimage_test_guest::cases::{Case, GONE, Is};

/// What of the machine is left, and what of the case isn't as it has to be.
pub fn wrong(case: &Case, files: &BTreeMap<String, String>, nonce: &str) -> Vec<String> {
    let mut wrong = left(files, nonce);
    for (path, is) in case.sealed_disk {
        let there = files.get(*path);
        let fits = match is {
            Is::Absent => there.is_none(),
            Is::Link => there.is_some_and(|there| there.starts_with("-> ")),
            Is::With(words) => there.is_some_and(|there| there.contains(words)),
        };
        if !fits {
            wrong.push(format!("{path} isn't {is:?}: {there:?}"));
        }
    }
    wrong
}

fn left(files: &BTreeMap<String, String>, nonce: &str) -> Vec<String> {
    let empty = ["/var/lib/waagent/", "/etc/ssh/ssh_host_", "/var/log/journal/", "/var/lib/dhcp/", "/home/azureuser"];
    let gone: Vec<&str> = empty.into_iter().chain(GONE).collect();
    let mut wrong: Vec<String> = files
        .keys()
        .filter(|path| gone.iter().any(|gone| path.starts_with(gone)))
        .map(|path| format!("{path} is left"))
        .collect();
    for (path, text) in files {
        for needle in ["azureuser", "builder", nonce, "00:0d:3a", "Please login as the user"] {
            if text.contains(needle) {
                wrong.push(format!("{path} has {needle}"));
            }
        }
    }
    if files.get("/etc/machine-id").is_none_or(|id| !id.is_empty()) {
        wrong.push("/etc/machine-id isn't empty".to_owned());
    }
    wrong
}
