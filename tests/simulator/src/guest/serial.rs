//! What a guest writes to its serial port, and when it can be read (behaviour section 19).

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    clock::later,
    scenario::{LastMinute, SerialPort},
};

/// How much later the last bytes come where they come late.
const LATE: f64 = 600.0;

/// All that was written while somebody recorded it, in order.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Serial(Vec<Written>);

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Written {
    at: Timestamp,
    text: String,
    /// It comes later than others, or never.
    #[serde(skip)]
    last_minute: LastMinute,
}

impl Serial {
    /// Text appears on the port, with the line ends of a terminal.
    pub(crate) fn write(&mut self, at: Timestamp, text: &str) {
        self.0.push(Written { at, text: text.replace('\n', "\r\n"), last_minute: LastMinute::Kept });
    }

    /// A program's text, into which the kernel may write a line of its own.
    pub(crate) fn write_torn(&mut self, at: Timestamp, text: &str, port: &SerialPort, seed: &str) {
        let number = self.0.len();
        let hash = format!("{seed}/{number}")
            .bytes()
            .fold(2_166_136_261_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(16_777_619));
        let chance = f64::from((hash >> 8) % 10_000) / 10_000.0;
        let places: Vec<usize> = text.char_indices().skip(1).map(|(at, _)| at).collect();
        if chance >= port.torn || places.is_empty() || !port.console {
            return self.write(at, text);
        }
        let place = places[usize::try_from(hash).unwrap_or_default() % places.len()];
        let line = format!(
            "[  {:>3}.{:06}] audit: type=1400 apparmor=\"STATUS\" operation=\"profile_load\"\n",
            300 + number,
            hash % 1_000_000
        );
        self.write(at, &format!("{}{line}{}", &text[..place], &text[place..]));
    }

    /// The guest has stopped: what becomes of the last minute.
    pub(crate) fn stops(&mut self, at: Timestamp, last_minute: LastMinute) {
        for written in self.0.iter_mut().filter(|written| written.at >= later(at, -60.0)) {
            written.last_minute = last_minute;
        }
    }

    /// The log begins anew.
    pub(crate) fn begins(&mut self) {
        self.0.clear();
    }

    /// What was written until then, if anything was.
    pub(crate) fn until(&self, then: Timestamp) -> Option<String> {
        let shown = self.0.iter().filter(|written| match written.last_minute {
            LastMinute::Kept => written.at <= then,
            LastMinute::Late => later(written.at, LATE) <= then,
            LastMinute::Lost => false,
        });
        let texts: Vec<&str> = shown.map(|one| one.text.as_str()).collect();
        (!texts.is_empty()).then(|| texts.concat())
    }
}
