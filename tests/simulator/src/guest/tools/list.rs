//! Programs that tell about files.

use super::{Call, options::Options};
use crate::guest::disk::{Node, base_name, folder_of};

fn letters(node: &Node) -> String {
    let kind = match node.kind() {
        'f' => '-',
        other => other,
    };
    let mode = node.mode();
    let bits = (0..9).rev().map(|bit| if mode >> bit & 1 == 1 { "xwr".as_bytes()[bit % 3] as char } else { '-' });
    std::iter::once(kind).chain(bits).collect()
}

pub(super) fn ls(call: &mut Call<'_>) {
    let options = Options::read(call.words, "I ignore", false);
    let places = if options.rest.is_empty() { vec![".".to_owned()] } else { options.rest.clone() };
    let (all, almost) = (options.has(&["a", "all"]), options.has(&["A", "almost-all"]));
    let several = places.len() > 1;
    for (index, place) in places.iter().enumerate() {
        let full = call.path(place);
        let node = call.system(|system| {
            if options.has(&["d", "directory"]) {
                system.contents.get_itself(&full)
            } else {
                system.contents.get(&full)
            }
        });
        let node = match node {
            Ok(node) => node,
            Err(refusal) => {
                call.complains(&format!("cannot access '{place}': {refusal}"), 2);
                continue;
            }
        };
        let row = |call: &mut Call<'_>, name: &str, path: &str| {
            let node = call.system(|system| system.contents.get_itself(path));
            if options.has(&["i", "inode"]) {
                let number = call.system(|system| system.contents.number(path));
                call.say(format!("{number} "));
            }
            match node {
                Ok(node) if options.has(&["l"]) => {
                    let link = if let Node::Link(target) = &node { format!(" -> {target}") } else { String::new() };
                    call.say(format!(
                        "{} 1 {} {} {} Jan  1 00:00 {name}{link}\n",
                        letters(&node),
                        owner(call, &node),
                        owner(call, &node),
                        node.size()
                    ));
                }
                _ => call.say(format!("{name}\n")),
            }
        };
        if options.has(&["d", "directory"]) || node.kind() != 'd' {
            row(call, place, &full);
            continue;
        }
        if several {
            call.say(format!("{}{place}:\n", if index > 0 { "\n" } else { "" }));
        }
        let names = call.system(|system| system.contents.list(&full)).unwrap_or_default();
        let dots: &[&str] = if all { &[".", ".."] } else { &[] };
        for name in dots {
            row(call, name, &full);
        }
        for name in names.iter().filter(|name| all || almost || !name.starts_with('.')) {
            row(call, name, &format!("{full}/{name}"));
        }
    }
}

/// The owner's name, or the number where no account has it.
pub(super) fn owner(call: &Call<'_>, node: &Node) -> String {
    let number = node.owner().to_string();
    let accounts = call.system(|system| system.contents.text("/etc/passwd"));
    let line = accounts.lines().find(|line| line.split(':').nth(2) == Some(&number));
    line.and_then(|line| line.split(':').next()).unwrap_or(&number).to_owned()
}

pub(super) fn stat(call: &mut Call<'_>) {
    let options = Options::read(call.words, "c format printf", false);
    let format = options.value(&["c", "format", "printf"]).unwrap_or("%n").to_owned();
    for file in &options.rest {
        let full = call.path(file);
        let follows = options.has(&["L", "dereference"]);
        let node = call.system(|system| {
            if options.has(&["f", "file-system"]) || follows {
                system.contents.get(&full)
            } else {
                system.contents.get_itself(&full)
            }
        });
        let node = match node {
            Ok(node) => node,
            Err(refusal) => {
                call.fails(&format!("cannot statx '{file}': {refusal}"));
                continue;
            }
        };
        let mut text = String::new();
        let mut signs = format.chars();
        while let Some(sign) = signs.next() {
            if sign != '%' {
                text.push(sign);
                continue;
            }
            match signs.next() {
                Some('n') => text.push_str(file),
                Some('N') => text.push_str(&format!("'{file}'")),
                Some('s') => text.push_str(&node.size().to_string()),
                Some('a') => text.push_str(&format!("{:o}", node.mode())),
                Some('A') => text.push_str(&letters(&node)),
                Some('f') => {
                    text.push_str(&format!(
                        "{:x}",
                        node.mode() | if node.kind() == 'd' { 0o40_000 } else { 0o100_000 }
                    ));
                }
                Some('u' | 'g') => text.push_str(&node.owner().to_string()),
                Some('U' | 'G') => text.push_str(&owner(call, &node)),
                Some('i') => text.push_str(&call.system(|system| system.contents.number(&full)).to_string()),
                Some('F') => text.push_str(match node.kind() {
                    'd' => "directory",
                    'l' => "symbolic link",
                    'c' => "character special file",
                    _ if node.size() == 0 => "regular empty file",
                    _ => "regular file",
                }),
                Some('T') => text.push_str("ext2/ext3"),
                Some('d' | 'h' | 'm') => text.push('1'),
                Some('X' | 'Y' | 'Z' | 'W') => text.push_str(&changed(call, &full).to_string()),
                Some(other) => text.push(other),
                None => {}
            }
        }
        call.say(text);
        call.say("\n");
    }
}

/// When a file was written, in seconds since 1970: known only of what a provisioning leaves.
fn changed(call: &mut Call<'_>, path: &str) -> i64 {
    let tells = path.ends_with("/sem/consume_data") || path == crate::guest::disk::PROVISIONED;
    let provisioned = call.system(|system| system.provisioned_at).filter(|_| tells);
    provisioned.map_or(1_700_000_000, jiff::Timestamp::as_second)
}

/// `readlink` and `realpath`.
pub(super) fn real_path(call: &mut Call<'_>) {
    let options = Options::read(call.words, "", false);
    let whole = call.name == "realpath" || options.has(&["f", "e", "m", "canonicalize", "canonicalize-existing"]);
    for file in &options.rest {
        let full = call.path(file);
        let found = call.system(|system| {
            let contents = &system.contents;
            if !whole {
                return match contents.get_itself(&full) {
                    Ok(Node::Link(target)) => Some(target.to_string()),
                    _ => None,
                };
            }
            contents.real_path(&full).ok().or_else(|| {
                if options.has(&["e", "canonicalize-existing"]) {
                    return None;
                }
                // The last part need not be there.
                let folder = contents.real_path(folder_of(&full)).ok()?;
                Some(format!("{}/{}", folder.trim_end_matches('/'), base_name(&full)))
            })
        });
        match found {
            Some(path) => {
                call.say(path);
                if !options.has(&["n", "no-newline"]) {
                    call.say("\n");
                }
            }
            None if whole && call.name == "realpath" => call.fails(&format!("{file}: No such file or directory")),
            None => call.code = 1,
        }
    }
}

pub(super) fn base(call: &mut Call<'_>) {
    let options = Options::read(call.words, "s suffix", false);
    let Some(path) = options.rest.first() else { return call.fails("missing operand") };
    let text = if call.name == "dirname" {
        folder_of(path).to_owned()
    } else {
        let name = base_name(path);
        let suffix = options.value(&["s", "suffix"]).or(options.rest.get(1).map(String::as_str)).unwrap_or_default();
        name.strip_suffix(suffix).filter(|rest| !rest.is_empty()).unwrap_or(name).to_owned()
    };
    call.say(format!("{text}\n"));
}

/// `du` and `df`, with numbers that say little.
pub(super) fn space(call: &mut Call<'_>) {
    let options = Options::read(call.words, "", false);
    if call.name == "df" {
        call.say("Filesystem     1K-blocks    Used Available Use% Mounted on\n/dev/root       30298176 2097152  28184640   7% /\n");
        return;
    }
    for file in &options.rest {
        let full = call.path(file);
        if call.system(|system| system.contents.exists(&full)) {
            call.say(format!("4\t{file}\n"));
        } else {
            call.fails(&format!("cannot access '{file}': No such file or directory"));
        }
    }
}
