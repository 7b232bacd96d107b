//! What is tried with each change: the seal of a copy of a running machine, two machines from its disk and the checks that prove it by
//! them, a seal in place, one failure, and a look into all disks.

use std::{fs, time::Duration};

use anyhow::Context as _;
use azimage_core::guest::{
    UserScript,
    checks::{self, Asked, Check, Expected, Report},
};
use azimage_test_guest::{
    cache::cache,
    cases::{Guests, Needles, Seen, case, liar, play_and_keep},
    clock::now,
    disk::Disk,
    image::{Image, Provisioner, Suite},
    machine::{Identity, Key, Machine, PROVISIONING},
    provisioned,
};
use futures::future::try_join;
use tokio::time::Instant;

/// Kinds of needles that stand in every guest's disk before it is sealed, so that not finding them means something.
const FOUND_BEFORE: [&str; 8] = [
    "account",
    "address",
    "admin's key",
    "hardware address",
    "host key ed25519",
    "host name",
    "machine-id",
    "private host key ed25519",
];

/// Checks, told as they are made.
struct Checks {
    begin: Instant,
    wrong: usize,
}

impl Checks {
    fn check(&mut self, right: bool, what: &str) {
        self.wrong += usize::from(!right);
        let verdict = if right { "ok   " } else { "WRONG" };
        println!("{:>4} s  {verdict} {what}", self.begin.elapsed().as_secs());
    }

    fn seen(&mut self, name: &str, seen: &Seen) {
        self.check(seen.wrong.is_empty(), &format!("{name}: {} ({} s)", seen.outcome, seen.seconds));
        for words in &seen.wrong {
            println!("              {words}");
        }
    }
}

/// Tries it all. True when everything is as it has to be.
pub async fn run(suite: Suite) -> anyhow::Result<bool> {
    let mut checks = Checks { begin: Instant::now(), wrong: 0 };
    let image = Image::get(suite, Provisioner::CloudInit).await?;
    let guests = Guests::of(std::slice::from_ref(&image)).await?;
    println!("{:>4} s  a guest is provisioned and ready", checks.begin.elapsed().as_secs());
    let (copied, plain) = (case("copied")?, case("plain")?);
    let fails = case("findings")?;
    let liar = liar();
    // Two at a time.
    let others = async {
        let failed = play_and_keep(&guests, &fails).await?;
        let lied = play_and_keep(&guests, &liar).await?;
        anyhow::Ok((failed, lied, play_and_keep(&guests, &plain).await?))
    };
    let ((seen, mut sealed, needles), (failed, lied, in_place)) =
        try_join(play_and_keep(&guests, &copied), others).await?;
    let (failed, failed_machine, _) = failed;
    let (lied, mut liar_machine, liar_needles) = lied;
    let (plainly, plain_machine, _) = in_place;
    checks.seen("a seal of a copy of a machine that ran", &seen);
    checks.seen("a seal in place", &plainly);
    checks.seen("a failure", &failed);
    let found = liar_needles.kinds_found(&liar_machine.disk()?.look().await?)?;
    let missed: Vec<&str> = FOUND_BEFORE.into_iter().filter(|kind| !found.iter().any(|found| found == kind)).collect();
    checks.check(
        missed.is_empty() && lied.wrong.len() >= FOUND_BEFORE.len() && lied.outcome == liar.expected,
        &format!(
            "the look finds what a script left that only says it seals: {} lines; missed: {missed:?}",
            lied.wrong.len()
        ),
    );
    if seen.outcome == copied.expected {
        clones(&mut checks, &image, &mut sealed, &needles).await?;
    }
    copies_of_one(&mut checks, &image).await?;
    println!("{:>4} s  {} checks failed", checks.begin.elapsed().as_secs(), checks.wrong);
    for machine in [sealed, failed_machine, liar_machine, plain_machine] {
        if checks.wrong == 0 {
            fs::remove_dir_all(machine.folder())?;
        } else {
            println!("        its files: {}", machine.folder().display());
        }
    }
    Ok(checks.wrong == 0)
}

/// Two machines from the sealed disk: one with another account, one with the same account and another key.
async fn clones(checks: &mut Checks, image: &Image, sealed: &mut Machine, needles: &Needles) -> anyhow::Result<()> {
    let disk = sealed.disk()?;
    let first = Identity::new("web-1", "deployer", 51);
    let second = Identity::new("web-2", &provisioned::identity().admin, 52);
    let old_key = sealed.key().clone();
    let (one, two) = try_join(clone(image, &disk, &first, &old_key), clone(image, &disk, &second, &old_key)).await?;
    for (who, seen) in
        [("a machine from it, with another account", &one), ("a machine from it, with the same account", &two)]
    {
        checks.check(seen.state == "running", &format!("{who} is up, without a failed unit: {}", seen.state));
        checks.check(seen.logs_in, &format!("{who} lets its user in"));
        checks.check(
            seen.lets_in.is_empty(),
            &format!("{who} doesn't let the first machine's user in: {:?}", seen.lets_in),
        );
        checks.check(seen.name_right, &format!("{who} has its own name"));
    }
    checks.check(
        one.ids.len() == 4 && two.ids.len() == 4 && one.ids.iter().all(|id| !two.ids.contains(id)),
        "their ids and host keys differ from each other",
    );
    let found = judged([&first.name, &second.name], [&one.report, &two.report]);
    checks.check(
        found == ["1 fails", "1 hangs", "2 fails", "2 hangs"],
        &format!("azimage's checks pass on both, and of ours those fail that have to: {found:?}"),
    );
    for (who, seen) in [("first", &one), ("second", &two)] {
        let Report { timings, clock, agent_version, root, .. } = &seen.report;
        let ordered = [timings.kernel_seconds, timings.agent_start_seconds, timings.first_boot_seconds];
        let ordered = ordered.iter().all(Option::is_some) && ordered.is_sorted() && timings.boot_seconds.is_some();
        checks
            .check(clock.is_some() && ordered, &format!("the {who} tells its time, and how long it took: {timings:?}"));
        checks.check(
            agent_version.as_ref().is_some_and(|version| version.starts_with("2.")),
            &format!("the {who} tells its agent's version: {agent_version:?}"),
        );
        let grown =
            root.is_some_and(|root| root.device == LARGER_SECTORS && root.file_system > LARGER_SECTORS / 10 * 9);
        checks.check(grown, &format!("the root file system of the {who} has grown to the larger disk: {root:?}"));
    }
    let said = one.report.checks.iter().find(|check| check.name == "fails").map(|check| check.says.as_str());
    checks.check(said == Some("no such page"), &format!("a check that fails says what it printed: {said:?}"));
    for (who, seen) in [("first", &one), ("second", &two)] {
        let mut left = needles.search(&Disk::of(seen.folder.join("disk.qcow2")).look().await?)?;
        // The second one has an account of the same name, and logs tell that its user was tried and not let in.
        left.retain(|line| !line.ends_with(" has the account") || (who == "first" && !line.starts_with("/var/log/")));
        checks.check(
            left.is_empty(),
            &format!("nothing of the sealed machine is in the disk of the {who} machine: {left:?}"),
        );
        if checks.wrong == 0 {
            fs::remove_dir_all(&seen.folder)?;
        }
    }
    Ok(())
}

/// The disks of the machines, larger than what they are made from (3 GiB), in sectors of 512 bytes.
const LARGER_SECTORS: u64 = 4 * 2 * 1024 * 1024;

/// Checks of a user's: one that passes and leaves something running, one that fails, one that hangs.
fn of_the_user() -> [Check; 3] {
    let check = |name: &str, text: &str, seconds| Check {
        name: name.to_owned(),
        script: UserScript { text: text.to_owned(), time_limit: Duration::from_secs(seconds) },
    };
    [
        check("passes", "sleep 1000 & systemctl is-active ssh", 20),
        check("fails", "#!/bin/bash\necho no such page; exit 3", 20),
        check("hangs", "sleep 600", 2),
    ]
}

/// Here machines have accounts of other names than azimage gives them.
fn allowed() -> [String; 2] {
    ["deployer".to_owned(), provisioned::identity().admin]
}

/// What a machine tells when it is looked into.
async fn look_into(machine: &mut Machine) -> anyhow::Result<Report> {
    let (own, allowed) = (of_the_user(), allowed());
    let asked = Asked { ignored_units: &[], allowed_accounts: &allowed, checks: &own };
    let view = machine.run_command("checks", &checks::script(&asked), Duration::from_secs(6 * 60)).await?;
    let report = checks::read(&view.output);
    if !report.is_whole || !view.error.is_empty() {
        println!("        the checks printed: {}{}", view.output, view.error);
    }
    Ok(report)
}

/// The checks that don't pass, each with the number of its machine.
fn judged(names: [&str; 2], reports: [&Report; 2]) -> Vec<String> {
    let expected = Expected {
        ignored_units: &[],
        allowed_accounts: &allowed(),
        warn_only: &[],
        checks: &of_the_user(),
        period: (now() - Duration::from_secs(600), now()),
    };
    let [first, second] = [0, 1].map(|at| checks::Identity { computer_name: names[at], report: reports[at] });
    let judged = checks::judge([first, second], &expected);
    let failed = judged.iter().zip(["1", "2"]).flat_map(|(checks, number)| {
        checks.iter().filter(|check| !check.passed).map(move |check| format!("{number} {}", check.name))
    });
    failed.collect()
}

/// Two copies of one machine that was never sealed: the checks tell.
async fn copies_of_one(checks: &mut Checks, image: &Image) -> anyhow::Result<()> {
    let frozen = provisioned::get(image).await?;
    let mut reports = Vec::new();
    for number in ["first", "second"] {
        let folder = cache()?.join("run").join(format!("copy-{}-{number}", std::process::id()));
        let mut machine = frozen.resume(folder.clone()).await?;
        reports.push(look_into(&mut machine).await?);
        machine.kill().await?;
        fs::remove_dir_all(folder)?;
    }
    let [first, second] = &reports[..] else { return Ok(()) };
    let found = judged([&provisioned::identity().name, "web-2"], [first, second]);
    let wanted = ["1 Identity", "1 fails", "1 hangs", "2 Hostname", "2 Identity", "2 fails", "2 hangs"];
    checks.check(found == wanted, &format!("two copies of a machine that wasn't sealed are told: {found:?}"));
    Ok(())
}

/// What is seen of a machine from a sealed disk.
struct Clone {
    folder: std::path::PathBuf,
    state: String,
    logs_in: bool,
    lets_in: Vec<String>,
    name_right: bool,
    ids: Vec<String>,
    report: Report,
}

async fn clone(image: &Image, disk: &Disk, identity: &Identity, old_key: &Key) -> anyhow::Result<Clone> {
    let folder = cache()?.join("run").join(format!("{}-{}", std::process::id(), identity.name));
    let mut machine = Machine::create(folder.clone(), image, disk.file(), identity).await?;
    machine.enlarge_disk(&(LARGER_SECTORS * 512).to_string()).await?;
    machine.start()?;
    machine.wait_ready(PROVISIONING).await.with_context(|| format!("{}; see {}", identity.name, folder.display()))?;
    let ask = machine
        .set_up(
            "systemctl is-system-running --wait || systemctl list-units --failed --no-legend; echo; hostname; cat /etc/machine-id; \
             for kind in rsa ecdsa ed25519; do cut -d' ' -f2 /etc/ssh/ssh_host_${kind}_key.pub; done",
        )
        .await?;
    let (state, rest) = ask.split_once("\n\n").unwrap_or((&ask, ""));
    let mut lines = rest.lines();
    let name_right = lines.next() == Some(&identity.name);
    let minute = Duration::from_secs(60);
    let user = machine.ssh(&identity.admin, machine.key(), "sudo -n id -un", minute).await?;
    let mut lets_in = Vec::new();
    for name in [identity.admin.as_str(), &provisioned::identity().admin, "root"] {
        // A key that is refused ends ssh with 255; a forced command, as root's, with another code.
        if machine.ssh(name, old_key, "true", minute).await?.code != Some(255) {
            lets_in.push(name.to_owned());
        }
    }
    let report = look_into(&mut machine).await?;
    let seen = Clone {
        report,
        folder,
        state: state.trim().to_owned(),
        logs_in: user.out.trim() == "root",
        lets_in,
        name_right,
        ids: lines.map(str::to_owned).collect(),
    };
    machine.press_power_button().await?;
    machine.wait_off(Duration::from_secs(2 * 60)).await?;
    Ok(seen)
}
