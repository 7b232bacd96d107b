//! Facts of public recordings of the real Azure, row by row, asked of the simulator.
//!
//! A row tells what was recorded, in our own words: no body of a recording is kept. `source` names the recording and its
//! month, or how many exchanges agree.

mod boot_diagnostics;
mod disks;
mod galleries;
mod limits;
mod locks;
mod machines;
mod missing;
mod network;
mod power;
mod run_commands;
mod version_writes;
mod versions;

use serde_json::Value;

use crate::azure::{Answer, Azure};

/// One recorded exchange.
struct Row {
    /// Method, kind of resource and its state.
    request: &'static str,
    source: &'static str,
    /// Brings a new simulator into that state and sends the request.
    ask: fn(&mut Azure) -> Answer,
    status: u16,
    /// Which of the headers of [`HEADERS`] are there, by their letters: `A L R=10`. `R?`: it isn't recorded.
    headers: &'static str,
    /// Members that are there, as JSON pointers.
    has: &'static [&'static str],
    /// Members that are not.
    lacks: &'static [&'static str],
    /// Members and their values as text; the code of an error is one of them.
    is: &'static [(&'static str, &'static str)],
}

const HEADERS: [(&str, &str); 4] =
    [("A", "azure-asyncoperation"), ("L", "location"), ("R", "retry-after"), ("E", "etag")];

/// What a row leaves out.
const BLANK: Row = Row {
    request: "",
    source: "",
    ask: |_| panic!("a row without a request"),
    status: 200,
    headers: "",
    has: &[],
    lacks: &[],
    is: &[],
};

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl Row {
    /// How the answer differs from the recorded one.
    fn differences(&self, answer: &Answer) -> Vec<String> {
        let mut all = Vec::new();
        if answer.status != self.status {
            all.push(format!("status {} instead of {}: {}", answer.status, self.status, answer.body));
        }
        let tokens: Vec<&str> = self.headers.split_whitespace().collect();
        for (letter, name) in HEADERS {
            let found = answer.header(name);
            let wanted = tokens.iter().find(|token| token.starts_with(letter)).map(|token| &token[letter.len()..]);
            let fits = match wanted {
                None => found.is_none(),
                Some("?") => true,
                Some("") => found.is_some(),
                Some(value) => found.as_deref() == value.strip_prefix('='),
            };
            if !fits {
                // The addresses of operations are credentials of a kind, and long.
                let shown: Option<String> = found.map(|found| found.chars().take(60).collect());
                all.push(format!("header {name}: {shown:?}, recorded {:?}", self.headers));
            }
        }
        let member = |pointer: &str| answer.body.pointer(pointer);
        all.extend(self.has.iter().filter(|place| member(place).is_none()).map(|place| format!("{place} is missing")));
        let unwanted = |place: &&&str| member(place).is_some();
        all.extend(self.lacks.iter().filter(unwanted).map(|place| format!("{place} is there")));
        for (place, wanted) in self.is {
            let found = member(place).map(text);
            if found.as_deref() != Some(wanted) {
                all.push(format!("{place} is {found:?}, recorded {wanted}"));
            }
        }
        all
    }
}

/// Asks each row of a simulator of its own.
fn replay(scenario: &str, rows: &[Row]) {
    let mut wrong = Vec::new();
    for row in rows {
        let mut azure = Azure::with(scenario);
        let answer = (row.ask)(&mut azure);
        let differences = row.differences(&answer);
        if !differences.is_empty() {
            wrong.push(format!("{} ({}): {}", row.request, row.source, differences.join("; ")));
        }
    }
    assert!(wrong.is_empty(), "{} of {} rows differ:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

#[test]
fn a_row_tells_every_difference() {
    let mut azure = Azure::new();
    let answer = azure.get(&crate::azure::machine("builder", ""));
    let same =
        Row { headers: "E", has: &["/properties/vmId"], lacks: &["/plan"], is: &[("/name", "builder")], ..BLANK };
    assert_eq!(same.differences(&answer), Vec::<String>::new());
    for other in [
        Row { status: 404, headers: "E", ..BLANK },
        Row { headers: "", ..BLANK },
        Row { headers: "E A", ..BLANK },
        Row { headers: "E=7", ..BLANK },
        Row { headers: "E", has: &["/plan"], ..BLANK },
        Row { headers: "E", lacks: &["/name"], ..BLANK },
        Row { headers: "E", is: &[("/name", "other")], ..BLANK },
    ] {
        assert_eq!(other.differences(&answer).len(), 1, "{:?}", other.differences(&answer));
    }
}
