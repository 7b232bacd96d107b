//! Accounts.

use super::{Call, options::Options};
use crate::guest::disk::Contents;

fn field(line: &str, number: usize) -> &str {
    line.split(':').nth(number).unwrap_or_default()
}

pub(super) fn getent(call: &mut Call<'_>) {
    let options = Options::read(call.words, "s service", false);
    let Some(database) = options.rest.first() else { return call.complains("wrong number of arguments", 1) };
    let file = match database.as_str() {
        "passwd" | "group" | "shadow" | "gshadow" | "hosts" => format!("/etc/{database}"),
        _ => return call.complains(&format!("Unknown database: {database}"), 1),
    };
    let text = call.system(|system| system.contents.text(&file));
    if options.rest.len() == 1 {
        return call.say(text);
    }
    for key in &options.rest[1..] {
        let line = text.lines().find(|line| {
            field(line, 0) == key || (matches!(database.as_str(), "passwd" | "group") && field(line, 2) == key)
        });
        match line {
            Some(line) => call.say(format!("{line}\n")),
            None => call.code = 2,
        }
    }
}

pub(super) fn id(call: &mut Call<'_>) {
    let options = Options::read(call.words, "", false);
    let name = options.rest.first().cloned().unwrap_or_else(|| "root".to_owned());
    let text = call.system(|system| system.contents.text("/etc/passwd"));
    let Some(line) = text.lines().find(|line| field(line, 0) == name) else {
        return call.fails(&format!("'{name}': no such user"));
    };
    let (user, group) = (field(line, 2), field(line, 3));
    let shown = match (options.has(&["n", "name"]), options.has(&["u", "user"]), options.has(&["g", "group", "G"])) {
        (true, ..) => name.clone(),
        (_, true, _) => user.to_owned(),
        (_, _, true) => group.to_owned(),
        _ => format!("uid={user}({name}) gid={group}({name}) groups={group}({name})"),
    };
    call.say(format!("{shown}\n"));
}

/// Takes lines out of a file, and keeps it as it was beside it, as the tools for accounts do.
fn without(
    contents: &mut Contents,
    file: &str,
    goes: impl Fn(&str) -> bool,
) -> Result<(), crate::guest::disk::Refusal> {
    let before = contents.text(file);
    if before.is_empty() {
        return Ok(());
    }
    let after: String = before.lines().filter(|line| !goes(line)).map(|line| format!("{line}\n")).collect();
    if after != before {
        contents.write(&format!("{file}-"), &before, 0o600)?;
        contents.write(file, after, 0o644)?;
    }
    Ok(())
}

/// Removes an account: its lines, its groups, its home and its mail where `home` says so.
pub(super) fn remove_account(
    contents: &mut Contents,
    name: &str,
    home: bool,
) -> Result<bool, crate::guest::disk::Refusal> {
    let accounts = contents.text("/etc/passwd");
    let Some(line) = accounts.lines().find(|line| field(line, 0) == name) else { return Ok(false) };
    let folder = field(line, 5).to_owned();
    let named = |line: &str| field(line, 0) == name;
    for file in ["/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow", "/etc/subuid", "/etc/subgid"] {
        without(contents, file, named)?;
        // As a member of others.
        let before = contents.text(file);
        if file.contains("group") || file.contains("gshadow") {
            let after: String = before
                .lines()
                .map(|line| {
                    let (head, members) = line.rsplit_once(':').unwrap_or((line, ""));
                    let members: Vec<&str> = members.split(',').filter(|member| *member != name).collect();
                    format!("{head}:{}\n", members.join(","))
                })
                .collect();
            if after != before {
                contents.write(&format!("{file}-"), &before, 0o600)?;
                contents.write(file, after, 0o644)?;
            }
        }
    }
    if home && folder.len() > 1 {
        contents.take(&folder).ok();
        contents.take(&format!("/var/mail/{name}")).ok();
    }
    Ok(true)
}

pub(super) fn userdel(call: &mut Call<'_>) {
    let options = Options::read(call.words, "R root P prefix", false);
    let Some(name) = options.rest.first().cloned() else { return call.complains("missing operand", 2) };
    let logged_in = call.system(|system| system.sessions.contains(&name));
    if logged_in && !options.has(&["f", "force"]) {
        return call.complains(&format!("user {name} is currently used by process 1204"), 8);
    }
    match call.system(|system| remove_account(&mut system.contents, &name, options.has(&["r", "remove"]))) {
        Ok(true) => {}
        Ok(false) => call.complains(&format!("user '{name}' does not exist"), 6),
        Err(refusal) => call.complains(&format!("cannot open /etc/passwd: {refusal}"), 1),
    }
}

pub(super) fn groupdel(call: &mut Call<'_>) {
    let options = Options::read(call.words, "", false);
    let Some(name) = options.rest.first().cloned() else { return call.complains("missing operand", 2) };
    let there = call.system(|system| system.contents.text("/etc/group").lines().any(|line| field(line, 0) == name));
    if !there {
        return call.complains(&format!("group '{name}' does not exist"), 6);
    }
    let result = call.system(|system| {
        without(&mut system.contents, "/etc/group", |line| field(line, 0) == name)?;
        without(&mut system.contents, "/etc/gshadow", |line| field(line, 0) == name)
    });
    if result.is_err() {
        call.complains("cannot open /etc/group", 10);
    }
}

pub(super) fn useradd(call: &mut Call<'_>) {
    let options = Options::read(call.words, "u g G s d c uid gid groups shell home-dir comment", false);
    let Some(name) = options.rest.first().cloned() else { return call.complains("missing operand", 2) };
    let there = call.system(|system| system.contents.text("/etc/passwd").lines().any(|line| field(line, 0) == name));
    if there {
        return call.complains(&format!("user '{name}' already exists"), 9);
    }
    let password = "!".to_owned();
    call.system(|system| crate::guest::linux::accounts::add(&mut system.contents, &name, &password));
    if let Some(groups) = options.value(&["G", "groups"]).map(str::to_owned) {
        call.system(|system| {
            for group in groups.split(',') {
                crate::guest::linux::accounts::join(&mut system.contents, &name, group);
            }
        });
    }
}
