//! Programs that tell about the system.

use jiff::{Timestamp, tz::TimeZone};

use super::{Call, options::Options};

pub(super) fn date(call: &mut Call<'_>) {
    let options = Options::read(call.words, "d date r reference s set", false);
    let now = call.shell.host.now();
    let mut at = call.system(|system| system.clock(now));
    if let Some(text) = options.value(&["d", "date"]) {
        let parsed = match text.strip_prefix('@') {
            Some(seconds) => seconds.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok()),
            None if text == "now" => Some(at),
            None => text.parse::<Timestamp>().ok(),
        };
        match parsed {
            Some(parsed) => at = parsed,
            None => return call.fails(&format!("invalid date '{text}'")),
        }
    }
    let format =
        options.rest.iter().find_map(|word| word.strip_prefix('+')).unwrap_or("%a %b %e %H:%M:%S UTC %Y").to_owned();
    let zoned = at.to_zoned(TimeZone::UTC);
    let text = jiff::fmt::strtime::format(format.replace("%N", "000000000"), &zoned);
    match text {
        Ok(text) => call.say(format!("{text}\n")),
        Err(_) => call.say(format!("{format}\n")),
    }
}

pub(super) fn uname(call: &mut Call<'_>) {
    let options = Options::read(call.words, "", false);
    let machine = if call.system(|system| system.identity.arm) { "aarch64" } else { "x86_64" };
    let name = call.system(|system| system.contents.text("/etc/hostname")).trim().to_owned();
    let release = "6.8.0-1021-azure";
    let text = if options.has(&["a", "all"]) {
        format!("Linux {name} {release} #25-Ubuntu SMP {machine} GNU/Linux")
    } else if options.has(&["m", "p", "i", "machine"]) {
        machine.to_owned()
    } else if options.has(&["r", "kernel-release"]) {
        release.to_owned()
    } else if options.has(&["n", "nodename"]) {
        name
    } else {
        "Linux".to_owned()
    };
    call.say(format!("{text}\n"));
}

pub(super) fn hostname(call: &mut Call<'_>) {
    let options = Options::read(call.words, "", false);
    if options.rest.is_empty() {
        let name = call.system(|system| system.contents.text("/etc/hostname"));
        call.say(format!("{}\n", name.trim()));
    }
}

pub(super) fn ps(call: &mut Call<'_>) {
    let processes = call.system(|system| system.living());
    if call.name == "pgrep" {
        let options = Options::read(call.words, "u f x", false);
        let wanted = options.rest.first().cloned().unwrap_or_default();
        let found: Vec<u32> =
            processes.iter().filter(|(_, name)| name.contains(&wanted)).map(|(number, _)| *number).collect();
        call.code = i32::from(found.is_empty());
        for number in found {
            call.say(format!("{number}\n"));
        }
        return;
    }
    call.say("    PID TTY          TIME CMD\n");
    for (number, name) in processes {
        call.say(format!("{number:>7} ?        00:00:00 {name}\n"));
    }
}

/// `mountpoint`, and with `-d` the numbers of the device that is mounted there.
pub(super) fn mountpoint(call: &mut Call<'_>) {
    let options = Options::read(call.words, "", false);
    let known =
        [("/", "8:1"), ("/dev", "0:5"), ("/proc", "0:21"), ("/run", "0:23"), ("/sys", "0:20"), ("/mnt", "8:17")];
    let path = options.rest.first().map(|path| call.path(path)).unwrap_or_default();
    let device = known.into_iter().find(|(folder, _)| *folder == path);
    call.code = i32::from(device.is_none());
    if let Some((_, device)) = device.filter(|_| options.has(&["d", "fs-devno"])) {
        call.say(format!("{device}\n"));
    }
}

/// `swapoff` and `swapon`: what the kernel swaps to stands in `/proc/swaps`.
pub(super) fn swap(call: &mut Call<'_>) {
    let options = Options::read(call.words, "p", false);
    if call.name == "swapon" {
        let text = call.system(|system| system.contents.text("/proc/swaps"));
        for line in text.lines().skip(1) {
            let name = line.split_whitespace().next().unwrap_or_default().to_owned();
            call.say(format!("{name}\n"));
        }
        return;
    }
    let head = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";
    call.system(|system| {
        let text = system.contents.text("/proc/swaps");
        let all = options.has(&["a", "all"]);
        let kept = text.lines().skip(1).filter(|line| {
            let name = line.split_whitespace().next().unwrap_or_default();
            !all && !options.rest.iter().any(|file| file == name)
        });
        let text = kept.fold(head.to_owned(), |text, line| text + line + "\n");
        system.contents.write("/proc/swaps", text, 0o444).ok();
    });
}
