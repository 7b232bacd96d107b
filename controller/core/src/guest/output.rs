//! What the run command printed, understood: the guest's report, and its last words.

use azimage_crds::{GuestStatus, HygieneFinding, HygieneStatus};

use super::redact::redact;

const PREFIX: &str = "azimage: ";

/// As many findings are kept in the status.
const MOST_FINDINGS: usize = 32;

/// The longest text that is kept of a script's output or evidence, in bytes.
const TEXT_LIMIT: usize = 1000;

/// The longest path that is kept, in bytes.
const PATH_LIMIT: usize = 256;

/// The longest last words that are kept, in bytes.
const WORDS_LIMIT: usize = 600;

/// What the run command printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Printed {
    /// What it reports of script and hygiene; nothing if it didn't come so far.
    pub report: Option<GuestStatus>,
    /// Its last line for a person, or its last lines if it printed none for a person.
    pub words: String,
    /// The end of its error output: on Windows that of Sysprep's log of errors, if the seal failed.
    pub errors: String,
}

/// Understands what a run command printed. What isn't understood is left out: the guest may print anything.
pub fn read(output: &str, error: &str) -> Printed {
    let mut script = Lines::default();
    let mut evidence = Lines::default();
    let mut hygiene: Option<HygieneStatus> = None;
    let mut findings = Vec::new();
    let mut exit_code = None;
    let mut words = None;
    for line in output.lines().filter_map(|line| line.strip_prefix(PREFIX)) {
        let line = line.trim_end();
        let (head, rest) = line.split_once(' ').unwrap_or((line, ""));
        match (head, rest.split_once(' ')) {
            ("script", Some(("says", text))) => script.push(text),
            ("script", Some(("exit", code))) => exit_code = code.parse().ok(),
            ("evidence", _) => evidence.push(rest),
            ("found", Some((kind, path))) => {
                if let (Some(finding), true) = (finding(kind, path), findings.len() < MOST_FINDINGS) {
                    findings.push(finding);
                }
            }
            ("findings", _) => hygiene = counts(rest).or(hygiene),
            _ => words = Some(line),
        }
    }
    let hygiene = hygiene.map(|counts| HygieneStatus { findings, ..counts });
    let report =
        GuestStatus { script_exit_code: exit_code, script_output: script.text(), evidence: evidence.text(), hygiene };
    Printed {
        errors: tail(&redact(error.trim()), WORDS_LIMIT),
        report: (report != GuestStatus::default()).then_some(report),
        words: match words {
            Some(words) => tail(&redact(words), WORDS_LIMIT),
            None => tail(&redact(format!("{}\n{}", output.trim(), error.trim()).trim()), WORDS_LIMIT),
        },
    }
}

fn finding(kind: &str, path: &str) -> Option<HygieneFinding> {
    let kind = kind.parse::<super::hygiene::Kind>().ok()?;
    Some(HygieneFinding { kind: kind.to_string(), path: tail(path, PATH_LIMIT) })
}

fn counts(text: &str) -> Option<HygieneStatus> {
    let mut numbers = text.split(' ').map(|number| number.parse::<i32>().ok().filter(|number| *number >= 0));
    let (total, enforced, allowed) = (numbers.next()??, numbers.next()??, numbers.next()??);
    Some(HygieneStatus { total, enforced, allowed, findings: Vec::new() })
}

#[derive(Default)]
struct Lines(Option<String>);

impl Lines {
    fn push(&mut self, line: &str) {
        let text = self.0.get_or_insert_default();
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(line);
    }

    fn text(self) -> Option<String> {
        self.0.map(|text| tail(&redact(&text), TEXT_LIMIT))
    }
}

/// The end of a text, from the start of a character on, with what precedes it told by an ellipsis.
fn tail(text: &str, limit: usize) -> String {
    let plain: String = text.chars().filter(|sign| *sign == '\n' || !sign.is_control()).collect();
    if plain.len() <= limit {
        return plain;
    }
    let mut start = plain.len() - limit;
    while !plain.is_char_boundary(start) {
        start += 1;
    }
    format!("…{}", &plain[start..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_report_is_understood_line_by_line() {
        let output = "some noise\nazimage: script says installing\nazimage: script says done\nazimage: script exit 0\n\
            azimage: evidence CIS level 1: 212 of 214\nazimage: found PrivateKey /etc/app/tls.key\nazimage: found Lease /var/lib/dhcp/a b\n\
            azimage: found Unheard /x\nazimage: findings 3 1 0\nazimage: seal is scheduled\n";
        let printed = read(output, "");
        let report = printed.report.unwrap();
        assert_eq!(report.script_exit_code, Some(0));
        assert_eq!(report.script_output.as_deref(), Some("installing\ndone"));
        assert_eq!(report.evidence.as_deref(), Some("CIS level 1: 212 of 214"));
        let hygiene = report.hygiene.unwrap();
        assert_eq!((hygiene.total, hygiene.enforced, hygiene.allowed), (3, 1, 0));
        let found: Vec<_> = hygiene.findings.iter().map(|found| (found.kind.as_str(), found.path.as_str())).collect();
        assert_eq!(found, [("PrivateKey", "/etc/app/tls.key"), ("Lease", "/var/lib/dhcp/a b")]);
        assert_eq!(printed.words, "seal is scheduled");
    }

    #[test]
    fn last_words_are_those_for_a_person_or_else_the_end_of_what_was_printed() {
        for (output, error, expected) in [
            ("", "", ""),
            ("azimage: the agent is not installed", "", "the agent is not installed"),
            ("whatever", "sh: 3: Syntax error", "whatever\nsh: 3: Syntax error"),
            ("azimage: findings x", "", "azimage: findings x"),
        ] {
            assert_eq!(read(output, error).words, expected, "{output}");
            assert_eq!(read(output, error).report, None, "{output}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_guest_prints_fits_into_the_status(
            output in prop_oneof![any::<String>(), "(azimage: (script says|script exit|evidence|found PrivateKey|findings) [ -~]{0,400}\n){0,80}"],
            error in any::<String>(),
        ) {
            let printed = read(&output, &error);
            prop_assert!(printed.words.chars().count() <= WORDS_LIMIT + 1);
            if let Some(report) = printed.report {
                for text in [&report.script_output, &report.evidence].into_iter().flatten() {
                    prop_assert!(text.chars().count() <= 1024);
                }
                for finding in report.hygiene.iter().flat_map(|hygiene| &hygiene.findings) {
                    prop_assert!(!finding.path.is_empty() && finding.path.chars().count() <= 300);
                }
                prop_assert!(report.hygiene.is_none_or(|hygiene| hygiene.findings.len() <= MOST_FINDINGS));
            }
        }
    }
}
