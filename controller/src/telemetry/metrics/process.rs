//! What the process takes of its machine, with the names that client libraries of Prometheus give it.

use std::fmt;

use procfs::{
    ProcResult,
    process::{LimitValue, Process},
};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{counter::ConstCounter, gauge::ConstGauge},
};

/// Read anew from `/proc` whenever the metrics are read.
#[derive(Debug)]
pub(super) struct ProcessMetrics;

/// Sizes in bytes, times in seconds.
struct Taken {
    cpu: f64,
    resident: u64,
    size: u64,
    open_files: u64,
    most_files: u64,
    /// Since 1970.
    began: f64,
}

fn taken() -> ProcResult<Taken> {
    let process = Process::myself()?;
    let stat = process.stat()?;
    let most_files = match process.limits()?.max_open_files.soft_limit {
        LimitValue::Value(most) => most,
        LimitValue::Unlimited => u64::MAX,
    };
    Ok(Taken {
        cpu: seconds(stat.utime.saturating_add(stat.stime)),
        resident: stat.rss.saturating_mul(procfs::page_size()),
        size: stat.vsize,
        open_files: u64::try_from(process.fd_count()?).unwrap_or(u64::MAX),
        most_files,
        began: float(procfs::boot_time_secs()?) + seconds(stat.starttime),
    })
}

/// Ticks of the kernel's clock.
fn seconds(ticks: u64) -> f64 {
    float(ticks) / float(procfs::ticks_per_second())
}

#[allow(clippy::cast_precision_loss, reason = "no clock is as exact as that")]
fn float(number: u64) -> f64 {
    number as f64
}

impl Collector for ProcessMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        // What can't be read isn't served; nothing else depends on it.
        let Ok(taken) = taken() else { return Ok(()) };
        let mut tell = |name, help, metric: &dyn Told| metric.tell(&mut encoder, name, help);
        tell("process_cpu_seconds", "Time that processors spent on the process", &ConstCounter::new(taken.cpu))?;
        tell("process_resident_memory_bytes", "Resident memory", &ConstGauge::new(taken.resident))?;
        tell("process_virtual_memory_bytes", "Virtual memory", &ConstGauge::new(taken.size))?;
        tell("process_open_fds", "Open files", &ConstGauge::new(taken.open_files))?;
        tell("process_max_fds", "How many files may be open", &ConstGauge::new(taken.most_files))?;
        tell(
            "process_start_time_seconds",
            "When the process began, in seconds since 1970",
            &ConstGauge::new(taken.began),
        )
    }
}

/// A metric that is told under a name.
trait Told {
    fn tell(&self, encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str) -> fmt::Result;
}

impl<M: EncodeMetric> Told for M {
    fn tell(&self, encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str) -> fmt::Result {
        self.encode(encoder.encode_descriptor(name, help, None, self.metric_type())?)
    }
}

#[cfg(test)]
mod tests {
    use std::{process::Command, time::Duration};

    use crate::telemetry::metrics::Metrics;

    /// What `ps` says of this process.
    fn ps(column: &str) -> f64 {
        let asked =
            Command::new("ps").args(["-o", &format!("{column}="), "-p", &std::process::id().to_string()]).output();
        String::from_utf8(asked.unwrap().stdout).unwrap().trim().parse().unwrap()
    }

    fn served(name: &str) -> f64 {
        let text = Metrics::new().text().unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{name} is missing in\n{text}")).parse().unwrap()
    }

    fn is_near(served: f64, known: f64) -> bool {
        (served - known).abs() <= known / 4.0
    }

    #[test]
    fn it_is_what_the_system_says() {
        let before = served("process_cpu_seconds_total");
        let mut sum = 0_u64;
        while served("process_cpu_seconds_total") < before + 0.1 {
            sum = (0..100_000_u64).fold(sum, |sum, number| sum.wrapping_mul(31).wrapping_add(number));
        }
        assert!(is_near(served("process_resident_memory_bytes"), ps("rss") * 1024.0), "{} {sum}", ps("rss"));
        assert!(is_near(served("process_virtual_memory_bytes"), ps("vsz") * 1024.0), "{}", ps("vsz"));
        let files = std::fs::read_dir("/proc/self/fd").unwrap().count();
        assert!((served("process_open_fds") - f64::from(u32::try_from(files).unwrap())).abs() <= 16.0, "{files}");
        let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
        let most = limits.lines().find_map(|line| line.strip_prefix("Max open files")?.split_whitespace().next());
        let most: f64 = most.unwrap().parse().unwrap();
        assert!((served("process_max_fds") - most).abs() < 0.5, "{most}");
        let alive = Duration::from_secs_f64(ps("etimes"));
        let uptime = std::fs::read_to_string("/proc/uptime").unwrap();
        let uptime: f64 = uptime.split(' ').next().unwrap().parse().unwrap();
        let booted = std::fs::read_to_string("/proc/stat").unwrap();
        let booted: f64 = booted.lines().find_map(|line| line.strip_prefix("btime ")).unwrap().parse().unwrap();
        let began = booted + uptime - alive.as_secs_f64();
        assert!((served("process_start_time_seconds") - began).abs() < 5.0, "{began}");
    }
}
