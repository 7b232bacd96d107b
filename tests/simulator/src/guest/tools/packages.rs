//! The package manager, as far as it is asked.

use super::{
    Call,
    options::Options,
    status::{self, Package},
};

fn busy(call: &Call<'_>) -> bool {
    let now = call.shell.host.now();
    call.system(|system| system.busy_until.is_some_and(|until| now < until))
}

/// All packages, in the order of their names. While a package manager works it has one in its hands.
fn packages(call: &Call<'_>) -> Vec<Package> {
    let text = call.system(|system| system.contents.text(status::FILE));
    let mut all = status::read(&text);
    if busy(call)
        && let Some(package) = all.iter_mut().find(|package| package.name() == "linux-base")
    {
        package.set("Status", "install ok half-configured");
    }
    all.sort_by(|one, other| one.name().cmp(other.name()));
    all
}

pub(super) fn dpkg(call: &mut Call<'_>) {
    let options = Options::read(call.words, "", false);
    if options.has(&["audit", "C"]) {
        let half: Vec<Package> =
            packages(call).into_iter().filter(|package| package.status().2 == "half-configured").collect();
        if !half.is_empty() {
            call.say("The following packages are only half configured, probably due to problems\nconfiguring them the first time.  The configuration should be retried using\ndpkg --configure <package> or the configure menu option in dselect:\n");
            for package in half {
                call.say(format!(" {:<20} {}\n", package.name(), package.synopsis()));
            }
            call.say("\n");
        }
    } else if options.has(&["configure", "i", "install", "r", "remove", "P", "purge"]) && busy(call) {
        call.complains("error: dpkg frontend lock was locked by another process with pid 4242", 2);
    } else if options.has(&["print-architecture"]) {
        let arm = call.system(|system| system.identity.arm);
        call.say(if arm { "arm64\n" } else { "amd64\n" });
    } else if options.has(&["s", "status", "W", "show"]) {
        query(call);
    }
}

/// `dpkg-query`, which `dpkg` hands such questions to.
pub(super) fn query(call: &mut Call<'_>) {
    let options = Options::read(call.words, "f showformat", false);
    let all = packages(call);
    let tells = options.has(&["s", "status"]);
    if !tells && !options.has(&["W", "show"]) {
        return call.complains("error: need an action option", 2);
    }
    if tells && options.rest.is_empty() {
        return call.complains("error: --status needs at least one package name argument", 2);
    }
    let format = options.value(&["f", "showformat"]).unwrap_or("${binary:Package}\\t${Version}\\n").to_owned();
    let there = |package: &Package| package.status().2 != "not-installed";
    let fits = |package: &Package, pattern: &str| {
        let glob = pattern.contains(['*', '?', '[', '\\']);
        if glob && !tells {
            crate::guest::shell::pattern::fits(pattern, package.name())
        } else {
            package.name() == pattern
        }
    };
    let asked =
        |package: &&Package| options.rest.is_empty() || options.rest.iter().any(|pattern| fits(package, pattern));
    for (number, package) in all.iter().filter(|package| there(package)).filter(asked).enumerate() {
        if tells {
            call.say(if number == 0 { package.text() } else { format!("\n{}", package.text()) });
            continue;
        }
        match package.shown(&format) {
            Ok(text) => call.say(text),
            Err(words) => return call.complains(&words, 1),
        }
    }
    for pattern in &options.rest {
        if all.iter().any(|package| there(package) && fits(package, pattern)) {
            continue;
        }
        let words = if tells {
            format!("package '{pattern}' is not installed and no information is available")
        } else {
            format!("no packages found matching {pattern}")
        };
        call.err.extend_from_slice(format!("dpkg-query: {words}\n").as_bytes());
        call.code = 1;
    }
}

pub(super) fn apt_get(call: &mut Call<'_>) {
    if busy(call) && !call.words.iter().any(|word| word == "--version") {
        call.err.extend(b"E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4242 (apt-get)\n");
        call.code = 100;
    }
}
