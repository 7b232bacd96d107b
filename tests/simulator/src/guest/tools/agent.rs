//! `waagent` and `cloud-init`, as their public sources have them.

use super::{Call, accounts::remove_account, options::Options};
use crate::{
    guest::{
        disk::{Contents, Refusal},
        shell::{Shell, pattern::fits},
        system::Effect,
        units::Activity,
    },
    scenario::Seal,
};

/// The agent's state.
pub(crate) const FOLDER: &str = "/var/lib/waagent";

/// `waagent`: only its version, and deprovisioning.
pub(super) async fn waagent(shell: &mut Shell, words: &[String]) -> i32 {
    let options: Vec<&str> = words[1..].iter().map(|word| word.trim_start_matches('-')).collect();
    let say = |text: String| (shell.stream(1), text);
    let asked = options.iter().find_map(|option| match *option {
        "deprovision" => Some(false),
        "deprovision+user" => Some(true),
        _ => None,
    });
    let Some(user) = asked else {
        let text = match options.first() {
            Some(&"version") => {
                "WALinuxAgent-2.15.0.1 running on ubuntu 24.04\nPython: 3.12.3\nGoal state agent: 2.15.0.1\n"
            }
            _ => {
                "usage: waagent [-verbose] [-force] [-help] -configuration-path:<path to configuration file>-deprovision[+user]|-register-service|-version|-daemon|-start|-run-exthandlers]\n"
            }
        };
        let (output, text) = say(text.to_owned());
        output.write(&shell.host, text.as_bytes()).await.ok();
        return 0;
    };
    let account = shell.host.with(|system| provisioned_account(&system.contents));
    let mut text = "WARNING! The waagent service will be stopped.\nWARNING! All SSH host key pairs will be deleted.\nWARNING! Cached DHCP leases will be deleted.\nWARNING! root password will be disabled. You will not be able to login as root.\nWARNING! /etc/resolv.conf will NOT be removed, this is a behavior change to earlier versions of Ubuntu.\n".to_owned();
    match (&account, user) {
        (_, false) => {}
        (Some(name), true) => {
            text.push_str(&format!("WARNING! {name} account and entire home directory will be deleted.\n"));
        }
        (None, true) => text.push_str("WARNING! ovf-env.xml is not found.\nWARNING! Skip delete user.\n"),
    }
    let (output, text) = say(text);
    output.write(&shell.host, text.as_bytes()).await.ok();
    if !options.contains(&"force") {
        let answer = shell.stream(0).read(&shell.host, 100, Some(b'\n'));
        if !answer.to_ascii_lowercase().starts_with(b"y") {
            return 0;
        }
    }
    let (seconds, seal) = shell.host.with(|system| {
        system.units.load("walinuxagent", Activity::Inactive, "Azure Linux Agent");
        (system.deprovision, system.seal)
    });
    if seal == Seal::Hangs {
        shell.host.hangs().await;
    }
    shell.host.sleep(seconds).await;
    // What fails is only logged, the rest is left undone, and the exit code says nothing of it.
    let result = shell.host.with(|system| deprovision(&mut system.contents, account.as_deref().filter(|_| user)));
    if let Err(refusal) = result {
        let text = format!("ERROR: Failed to run 'deprovision': {refusal}\n");
        shell.stream(1).write(&shell.host, text.as_bytes()).await.ok();
    }
    0
}

/// The account of the last provisioning.
fn provisioned_account(contents: &Contents) -> Option<String> {
    let text = contents.text(&format!("{FOLDER}/ovf-env.xml"));
    let (_, rest) = text.split_once("UserName>")?;
    rest.split_once('<').map(|(name, _)| name.trim().to_owned())
}

fn remove_fitting(contents: &mut Contents, folder: &str, pattern: &str) -> Result<(), Refusal> {
    for name in contents.list(folder).unwrap_or_default() {
        if fits(pattern, &name) {
            contents.unlink(&format!("{folder}/{name}"))?;
        }
    }
    Ok(())
}

fn remove_file(contents: &mut Contents, path: &str) -> Result<(), Refusal> {
    if contents.read(path).is_ok() { contents.unlink(path) } else { Ok(()) }
}

/// What the agent removes, in its order. Of folders it removes what is in them.
fn deprovision(contents: &mut Contents, account: Option<&str>) -> Result<(), Refusal> {
    remove_fitting(contents, "/etc/ssh", "ssh_host_*key*")?;
    let emptied = |contents: &mut Contents, folder: &str| {
        if contents.is_folder(folder) { contents.empty(folder) } else { Ok(()) }
    };
    for folder in ["/var/lib/dhclient", "/var/lib/dhcpcd", "/var/lib/dhcp"] {
        emptied(contents, folder)?;
    }
    remove_fitting(contents, "/var/lib/NetworkManager", "dhclient-*.lease")?;
    remove_fitting(contents, "/run/systemd/netif/leases", "*")?;
    contents.write("/etc/hostname", "localhost.localdomain", 0o644)?;
    let shadow = contents.text("/etc/shadow");
    let others = shadow.lines().filter(|line| !line.starts_with("root:"));
    let locked = std::iter::once("root:*LOCK*:14600::::::").chain(others).map(|line| format!("{line}\n"));
    contents.write("/etc/shadow", locked.collect::<String>(), 0o640)?;
    // It ends at the first thing that it can't remove (Azure/WALinuxAgent `fileutil.rm_dirs`, `do_actions`). In which order a
    // folder is listed is up to the file system; here what can't be removed comes last, as on the real guest that was tried.
    for folder in [FOLDER, "/var/log/azure"] {
        let names = contents.list(folder).unwrap_or_default();
        let ends: Vec<_> = names.iter().map(|name| contents.take(&format!("{folder}/{name}"))).collect();
        ends.into_iter().collect::<Result<(), _>>()?;
    }
    for file in ["/root/.bash_history", "/var/log/waagent.log"] {
        remove_file(contents, file)?;
    }
    if let Some(account) = account {
        remove_account(contents, account, true)?;
        let rules = contents.text("/etc/sudoers.d/waagent");
        if !rules.is_empty() {
            let kept: Vec<&str> = rules.lines().filter(|line| !line.contains(account)).collect();
            contents.write("/etc/sudoers.d/waagent", kept.join("\n"), 0o440)?;
        }
    }
    for file in [
        "/etc/systemd/system/waagent-network-setup.service",
        "/usr/lib/systemd/system/azure-walinuxagent-logcollector.slice",
    ] {
        remove_file(contents, file)?;
    }
    Ok(())
}

/// What `cloud-init clean`, `waagent -deprovision+user` and an emptied machine-id leave.
pub(crate) fn deprovision_all(contents: &mut Contents) {
    let account = provisioned_account(contents);
    clean(contents, &Options::default()).ok();
    deprovision(contents, account.as_deref()).ok();
    contents.write("/etc/machine-id", b"", 0o444).ok();
}

pub(super) fn cloud_init(call: &mut Call<'_>) {
    let options = Options::read(call.words, "c configs", false);
    match options.rest.first().map(String::as_str) {
        Some("clean") => {
            if let Err(refusal) = call.system(|system| clean(&mut system.contents, &options)) {
                call.fails(&format!("Could not remove /var/lib/cloud: {refusal}"));
                return;
            }
            if options.has(&["r", "reboot"]) {
                call.system(|system| system.effects.push(Effect::ShutsDown { comes_back: true }));
            }
        }
        Some("status") => {
            let done = call.system(|system| system.contents.exists("/var/lib/cloud/instance/boot-finished"));
            call.say(if done { "status: done\n" } else { "status: not started\n" });
        }
        _ if options.has(&["version", "v"]) => call.say("/usr/bin/cloud-init 24.4-0ubuntu1~24.04.2\n"),
        _ => call.complains("the following arguments are required: subcommand", 2),
    }
}

fn clean(contents: &mut Contents, options: &Options) -> Result<(), Refusal> {
    if options.has(&["l", "logs"]) {
        for file in ["/var/log/cloud-init.log", "/var/log/cloud-init-output.log"] {
            remove_file(contents, file)?;
        }
    }
    let configs: Vec<&str> = options.values(&["c", "configs"]).collect();
    if configs.contains(&"all") || configs.contains(&"network") {
        remove_file(contents, "/etc/netplan/50-cloud-init.yaml")?;
        remove_fitting(contents, "/etc/NetworkManager/system-connections", "cloud-init-*.nmconnection")?;
        remove_fitting(contents, "/etc/systemd/network", "10-cloud-init-*.network")?;
        remove_file(contents, "/etc/network/interfaces.d/50-cloud-init.cfg")?;
    }
    if configs.contains(&"all") || configs.contains(&"ssh_config") {
        remove_file(contents, "/etc/ssh/sshd_config.d/50-cloud-init.conf")?;
    }
    let folder = "/var/lib/cloud";
    for name in contents.list(folder).unwrap_or_default() {
        if &*name != "seed" || options.has(&["s", "seed"]) {
            contents.take(&format!("{folder}/{name}"))?;
        }
    }
    if options.has(&["machine-id"]) {
        contents.write("/etc/machine-id", "uninitialized\n", 0o444)?;
    }
    Ok(())
}
