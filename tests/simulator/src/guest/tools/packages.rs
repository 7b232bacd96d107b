//! The package manager, as far as it is asked.

use super::{Call, options::Options};

fn busy(call: &Call<'_>) -> bool {
    let now = call.shell.host.now();
    call.system(|system| system.busy_until.is_some_and(|until| now < until))
}

pub(super) fn dpkg(call: &mut Call<'_>) {
    let options = Options::read(call.words, "", false);
    if options.has(&["audit", "C"]) {
        let mut names = call.system(|system| system.setup.half_configured.clone());
        if busy(call) {
            names.push("linux-base".to_owned());
        }
        if !names.is_empty() {
            call.say("The following packages are only half configured, probably due to problems\nconfiguring them the first time.  The configuration should be retried using\ndpkg --configure <package> or the configure menu option in dselect:\n");
            for name in names {
                call.say(format!(" {name:<20} a package\n"));
            }
            call.say("\n");
        }
    } else if options.has(&["configure", "i", "install", "r", "remove", "P", "purge"]) && busy(call) {
        call.complains("error: dpkg frontend lock was locked by another process with pid 4242", 2);
    } else if options.has(&["print-architecture"]) {
        let arm = call.system(|system| system.identity.arm);
        call.say(if arm { "arm64\n" } else { "amd64\n" });
    } else if options.has(&["s", "status"]) {
        let name = options.rest.first().cloned().unwrap_or_default();
        call.complains(&format!("package '{name}' is not installed and no information is available"), 1);
    }
}

pub(super) fn apt_get(call: &mut Call<'_>) {
    if busy(call) && !call.words.iter().any(|word| word == "--version") {
        call.err.extend(b"E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4242 (apt-get)\n");
        call.code = 100;
    }
}
