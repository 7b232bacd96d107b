//! What a process has taken.

use std::fs;

/// Ticks of the processor time in /proc in a second: on every architecture of Linux.
const TICKS: f64 = 100.0;

/// The seconds of processor time that a process has taken, in all its threads.
pub(crate) fn processor_seconds(id: u32) -> f64 {
    fs::read_to_string(format!("/proc/{id}/stat")).ok().and_then(|stat| ticks(&stat)).unwrap_or_default() / TICKS
}

/// User and system time: fields 14 and 15 of `proc_pid_stat(5)`, counted after the name, which may hold anything.
fn ticks(stat: &str) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<f64>().ok();
    Some(next()? + next()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_system_time_are_added_whatever_the_process_is_called() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194560 1 0 0 0 120 30 0 0 20 0 4 0 100 1 1";
        assert_eq!(ticks(stat), Some(150.0));
        assert_eq!(ticks("nonsense"), None);
    }
}
