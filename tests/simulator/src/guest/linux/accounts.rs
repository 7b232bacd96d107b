//! Accounts in the files that hold them.

use crate::guest::disk::Contents;

fn append(contents: &mut Contents, file: &str, line: &str, mode: u32) {
    let before = contents.text(file);
    contents.put(&format!("{file}-"), &before, 0o600);
    contents.put(file, format!("{before}{line}\n"), mode);
}

fn knows(contents: &Contents, file: &str, name: &str) -> bool {
    contents.text(file).lines().any(|line| line.split(':').next() == Some(name))
}

/// A person's account with a home; the next free number.
pub(crate) fn add(contents: &mut Contents, name: &str, password: &str) {
    if name.is_empty() || name.contains([':', '\n', '/']) || knows(contents, "/etc/passwd", name) {
        return;
    }
    let numbers = contents.text("/etc/passwd");
    let used = numbers.lines().filter_map(|line| line.split(':').nth(2)?.parse::<u32>().ok());
    let id = used.filter(|id| (1000..60_000).contains(id)).max().map_or(1000, |last| last + 1);
    append(contents, "/etc/passwd", &format!("{name}:x:{id}:{id}:Ubuntu:/home/{name}:/bin/bash"), 0o644);
    append(contents, "/etc/shadow", &format!("{name}:{password}:19700:0:99999:7:::"), 0o640);
    append(contents, "/etc/group", &format!("{name}:x:{id}:"), 0o644);
    append(contents, "/etc/gshadow", &format!("{name}:!::"), 0o640);
    let first = 100_000 + (id - 1000) * 65_536;
    append(contents, "/etc/subuid", &format!("{name}:{first}:65536"), 0o644);
    append(contents, "/etc/subgid", &format!("{name}:{first}:65536"), 0o644);
    let home = format!("/home/{name}");
    for (file, text) in
        [(".bashrc", "# ~/.bashrc\n"), (".profile", "# ~/.profile\n"), (".bash_logout", "# ~/.bash_logout\n")]
    {
        let path = format!("{home}/{file}");
        contents.put(&path, text, 0o644);
        contents.set_owner(&path, id).ok();
    }
    contents.set_mode(&home, 0o750).ok();
    contents.set_owner(&home, id).ok();
}

/// The account becomes a member of a group.
pub(crate) fn join(contents: &mut Contents, name: &str, group: &str) {
    for file in ["/etc/group", "/etc/gshadow"] {
        let before = contents.text(file);
        let after: String = before
            .lines()
            .map(|line| {
                if line.split(':').next() != Some(group) {
                    return format!("{line}\n");
                }
                let separator = if line.ends_with(':') { "" } else { "," };
                format!("{line}{separator}{name}\n")
            })
            .collect();
        if after != before {
            contents.put(&format!("{file}-"), before, 0o600);
            contents.put(file, after, if file == "/etc/group" { 0o644 } else { 0o640 });
        }
    }
}

/// Keys with which an account's owner logs in.
pub(crate) fn authorize(contents: &mut Contents, home: &str, owner: u32, lines: &str) {
    let folder = format!("{home}/.ssh");
    let file = format!("{folder}/authorized_keys");
    let text = contents.text(&file) + lines;
    contents.put(&file, text, 0o600);
    contents.set_mode(&folder, 0o700).ok();
    contents.set_owner(&folder, owner).ok();
    contents.set_owner(&file, owner).ok();
}
