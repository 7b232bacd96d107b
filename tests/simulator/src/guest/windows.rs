//! A Windows guest. There is no PowerShell here: what a script does is read from a table that the scenario brings, and of scripts
//! that aren't in it only that they start Sysprep (behaviour section 8).

use regex::Regex;

use super::disk::{Contents, WINDOWS_STATE};
use crate::scenario::{Sysprep, WindowsScript};

/// `ImageState` of a system that is in use.
pub(crate) const COMPLETE: &str = "IMAGE_STATE_COMPLETE";
const RESEALED: &str = "IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE";
const UNDEPLOYABLE: &str = "IMAGE_STATE_UNDEPLOYABLE";

/// The disk of a Windows machine.
pub(crate) fn disk(generalized: bool) -> Contents {
    let mut contents = Contents::default();
    set_state(&mut contents, if generalized { RESEALED } else { COMPLETE });
    contents
}

/// What Windows says about its own set-up.
pub(crate) fn set_state(contents: &mut Contents, state: &str) {
    contents.put(WINDOWS_STATE, format!("[State]\r\nImageState={state}\r\n"), 0o644);
}

/// What a script does.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) seconds: f64,
    pub(crate) exit_code: i32,
    pub(crate) output: String,
    pub(crate) console: String,
    pub(crate) image_state: Option<String>,
    /// The agent dies with it, so that its end isn't reported.
    pub(crate) agent_dies: bool,
    /// So many seconds after its end.
    pub(crate) powers_off_after: Option<f64>,
}

/// The outcome of a script: that of the first row of the table that it fits, else by what it says to Sysprep.
pub(crate) fn outcome(script: &str, table: &[WindowsScript], sysprep: Sysprep, deprovision: f64) -> Outcome {
    for row in table {
        let Ok(pattern) = Regex::new(&row.matching) else { continue };
        let Some(found) = pattern.captures(script) else { continue };
        let filled = |text: &str| {
            let mut done = String::new();
            found.expand(text, &mut done);
            done
        };
        return Outcome {
            seconds: row.seconds.unwrap_or_default(),
            exit_code: row.exit_code,
            output: filled(&row.output),
            console: filled(&row.console),
            image_state: row.image_state.clone(),
            agent_dies: row.agent_dies,
            powers_off_after: row.powers_off_after,
        };
    }
    let lower = script.to_lowercase();
    let word =
        |text: &str| lower.split(|one: char| one.is_whitespace() || "'\",;()".contains(one)).any(|one| one == text);
    if !lower.contains("sysprep") || !word("/generalize") {
        return Outcome::default();
    }
    let state =
        |state: &str| Outcome { seconds: deprovision, image_state: Some(state.to_owned()), ..Outcome::default() };
    match sysprep {
        Sysprep::Succeeds => Outcome { powers_off_after: word("/shutdown").then_some(5.0), ..state(RESEALED) },
        Sysprep::Refuses => state(COMPLETE),
        Sysprep::BreaksOff => state(UNDEPLOYABLE),
        Sysprep::Hangs => Outcome { seconds: 1.0e9, ..Outcome::default() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_the_table_fills_in_what_the_script_says() {
        let row = WindowsScript {
            matching: "(?m)^\\$Word = '(?<word>[^']*)'".to_owned(),
            output: "done $word\r\n".to_owned(),
            exit_code: 3,
            ..WindowsScript::default()
        };
        let got = outcome("$Word = 'abc'\nStart-Process Sysprep.exe", &[row], Sysprep::Succeeds, 15.0);
        assert_eq!((got.output.as_str(), got.exit_code), ("done abc\r\n", 3));
    }

    #[test]
    fn sysprep_alone_generalizes() {
        let script =
            "Start-Process \"$env:windir\\System32\\Sysprep\\Sysprep.exe\" -ArgumentList '/oobe /generalize /shutdown'";
        let got = outcome(script, &[], Sysprep::Succeeds, 15.0);
        assert_eq!((got.image_state.as_deref(), got.powers_off_after), (Some(RESEALED), Some(5.0)));
        assert_eq!(outcome(script, &[], Sysprep::BreaksOff, 15.0).image_state.as_deref(), Some(UNDEPLOYABLE));
        assert_eq!(outcome("Get-ChildItem", &[], Sysprep::Succeeds, 15.0), Outcome::default());
    }
}
