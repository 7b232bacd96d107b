//! Texts of others in the script, and the script as a text.

use std::process::Command;

use proptest::prelude::*;

use super::{NONCE, preparation, with_script};
use crate::guest::{
    Preparation,
    checks::{Asked, Check},
    hygiene::Policy,
    linux::*,
};

/// Nasty pieces, and anything else.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        proptest::sample::select(vec![
            "'",
            "\"",
            "`touch x`",
            "$(touch x)",
            "${HOME}",
            "\\",
            "\n",
            "\r\n",
            "AZIMAGE_END_OF_FILE",
            "\nAZIMAGE_END_OF_FILE\n",
            "EOF",
            "';exit 7;'",
            "\n. /etc/passwd\n",
            "*",
            "?",
            "#",
            "%s",
            "\0",
            "é",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// What a shell makes of the assignments at the beginning of the script.
fn evaluated(shell: &str, preparation: &Preparation, show: &str) -> Vec<u8> {
    let head = head(preparation);
    let mut words = shell.split(' ');
    let output =
        Command::new(words.next().unwrap()).args(words).args(["-c", &format!("{head}{show}")]).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{head}");
    output.stdout
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn texts_of_others_arrive_byte_for_byte_and_are_never_read_as_shell(
        text in text(), allowed in proptest::collection::vec(text(), 0..4), nonce in text()
    ) {
        let nonce = nonce.replace('\0', "");
        let mut preparation = with_script(&text, 5);
        preparation.nonce.clone_from(&nonce);
        preparation.hygiene = Policy { allowed: allowed.clone(), ..Policy::default() };
        let allowed: Vec<&String> = allowed.iter().filter(|path| !path.is_empty() && !path.contains('\n')).collect();
        let allowed = allowed.into_iter().map(String::as_str).collect::<Vec<_>>().join("\n");
        for shell in super::guest::shells() {
            let show = |name: &str| evaluated(shell, &preparation, &format!("printf %s \"${name}\" | base64 -d"));
            prop_assert_eq!(show("SCRIPT"), text.as_bytes());
            prop_assert_eq!(show("ALLOWED"), allowed.as_bytes());
            prop_assert_eq!(evaluated(shell, &preparation, "printf %s \"$NONCE\""), nonce.as_bytes());
        }
        // Whatever stands in them, the rest of the script is the same.
        let rest = |script: &str| script.split_once("\n# Is this the time").unwrap().1.to_owned();
        prop_assert_eq!(rest(&script(&preparation)), rest(&script(&super::preparation())));
    }
}

#[test]
fn the_script_doesnt_hold_the_words_that_prove_the_seal() {
    let script = script(&preparation());
    assert_eq!(script.matches(NONCE).count(), 1);
    for words in [crate::guest::console::MARK, "azimage: sealed", "azimage: failed 0"] {
        assert!(!script.contains(words), "{words}");
    }
    // Azure's handler takes 256 KiB at most, with the user's script.
    assert!(script.len() < 80 * 1024, "{}", script.len());
}

/// As one text each: what runs as the command, and what runs as the unit.
fn joined() -> [String; 2] {
    let head = head(&with_script("true", 5));
    let command = [BEGIN.join("\n"), SHARED.join("\n"), PREPARE.join("\n")].join("\n");
    let unit = UNIT.join("\n").replace(". \"$FOLDER/shared.sh\"\n", &SHARED.join("\n"));
    [head + &command, format!("#!/bin/sh\n{unit}")]
}

/// What stands behind each of these words in a text, up to a sign that isn't of `is`.
fn after<'a>(text: &'a str, word: &str, is: fn(char) -> bool) -> std::collections::BTreeSet<&'a str> {
    text.split(word)
        .skip(1)
        .map(|rest| rest.split(|sign| !is(sign)).next().unwrap())
        .filter(|found| !found.is_empty())
        .collect()
}

#[test]
fn each_exit_code_and_each_step_is_explained_and_no_other() {
    let page = include_str!("../../../../../../docs/guest-linux.md");
    let (_, tables) = page.split_once("### Before anything is removed").unwrap();
    let (codes, steps) = tables.split_once("### While it seals").unwrap();
    let (steps, _) = steps.split_once("\n## ").unwrap();
    let whole = script(&with_script("true", 5));
    let mut told = after(&whole, " refuse ", |sign| sign.is_ascii_digit());
    // The end of one that is under way is no refusal, and an error of the script itself has a row of its own.
    told.remove("0");
    told.remove("1");
    assert_eq!(
        told,
        after(codes, "\n| ", |sign| sign.is_ascii_digit()).into_iter().filter(|code| *code != "1").collect()
    );
    let named = after(steps, "\n| `", |sign| sign.is_ascii_lowercase() || sign == '-');
    assert_eq!(after(&whole, " step=", |sign| sign.is_ascii_lowercase() || sign == '-'), named);
}

/// What looks into a machine that was made from a version.
fn checks() -> String {
    let check = Check { name: "web".to_owned(), script: with_script("true", 5).user_script.unwrap() };
    crate::guest::checks::script(&Asked { ignored_units: &[], allowed_accounts: &[], checks: &[check] })
}

#[test]
fn each_shell_takes_the_texts() {
    let folder = tempfile::tempdir().unwrap();
    let whole = script(&with_script("true", 5));
    let runner = include_str!("../run-script.sh").to_owned();
    for (number, text) in joined().into_iter().chain([whole, runner, checks()]).enumerate() {
        let file = folder.path().join(format!("{number}.sh"));
        std::fs::write(&file, &text).unwrap();
        for shell in ["dash", "bash --posix", "busybox sh"] {
            let mut words = shell.split(' ');
            let Ok(output) = Command::new(words.next().unwrap()).args(words).arg("-n").arg(&file).output() else {
                continue;
            };
            assert!(output.status.success(), "{shell} {number}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
}

/// `shellcheck` is Debian's package of that name; CI installs it.
#[test]
fn shellcheck_has_nothing_to_say() {
    let folder = tempfile::tempdir().unwrap();
    let runner = format!("#!/bin/sh\n{}", include_str!("../run-script.sh"));
    for (number, text) in joined().into_iter().chain([runner, checks()]).enumerate() {
        let file = folder.path().join(format!("{number}.sh"));
        std::fs::write(&file, text).unwrap();
        // Said of single quotes that are meant, of `ls` where `find` would be slower, and of two line breaks for `tr`.
        let checked = Command::new("shellcheck").args(["-s", "dash", "-e", "SC2012,SC2016,SC2020"]).arg(&file).output();
        let Ok(output) = checked else {
            eprintln!("shellcheck is not installed");
            return;
        };
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}
