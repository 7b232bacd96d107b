//! Tells the program what it is built from: see `src/build.rs`.

use std::{env, process::Command};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=AZIMAGE_COMMIT");
    // It isn't asked of Git here: whoever builds a release says it, and for all others each commit would mean to compile anew.
    let commit = env::var("AZIMAGE_COMMIT").ok().filter(|commit| !commit.is_empty());
    println!("cargo::rustc-env=AZIMAGE_BUILD_COMMIT={}", commit.as_deref().unwrap_or("unknown"));
    println!("cargo::rustc-env=AZIMAGE_BUILD_TARGET={}", variable("TARGET"));
    let rustc = Command::new(variable("RUSTC")).arg("--version").output().expect("rustc says its version");
    let rustc = String::from_utf8(rustc.stdout).expect("rustc's version is text");
    println!("cargo::rustc-env=AZIMAGE_BUILD_RUSTC={}", rustc.trim().trim_start_matches("rustc "));
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"))
}
