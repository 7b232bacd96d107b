//! What a guest writes to its serial port, and when (behaviour section 19).

use jiff::Timestamp;
use serde::Serialize;

/// Ports that a script may write to: that of x64 and that of Arm64.
pub(crate) const PORTS: [&str; 2] = ["/dev/ttyS0", "/dev/ttyAMA0"];

/// All that was written while somebody recorded it, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Serial(Vec<Written>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Written {
    at: Timestamp,
    text: String,
}

impl Serial {
    /// Text appears on the port, with the line ends of a terminal.
    pub(crate) fn write(&mut self, at: Timestamp, text: &str) {
        self.0.push(Written { at, text: text.replace('\n', "\r\n") });
    }

    /// What was written until then, if anything was.
    pub(crate) fn until(&self, then: Timestamp) -> Option<String> {
        let texts: Vec<&str> =
            self.0.iter().filter(|written| written.at <= then).map(|one| one.text.as_str()).collect();
        (!texts.is_empty()).then(|| texts.concat())
    }
}
