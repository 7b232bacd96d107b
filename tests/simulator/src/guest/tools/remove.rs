//! Programs that make, change and remove files.

use super::{Call, options::Options};
use crate::guest::disk::{Contents, Node, Refusal, base_name};

pub(super) fn rm(call: &mut Call<'_>) {
    let options = Options::read(call.words, "", false);
    let (force, recursive) = (options.has(&["f", "force"]), options.has(&["r", "R", "recursive"]));
    if options.rest.is_empty() && !force {
        return call.fails("missing operand");
    }
    for file in &options.rest {
        let path = call.path(file);
        if matches!(base_name(file), "." | "..") || file.trim_end_matches('/').is_empty() {
            call.fails(&format!("refusing to remove '.' or '..' directory: skipping '{file}'"));
            continue;
        }
        let result = call.system(|system| {
            let contents = &mut system.contents;
            match contents.get_itself(&path)? {
                Node::Folder(_) if !recursive && options.has(&["d", "dir"]) => contents.remove_folder(&path),
                Node::Folder(_) if !recursive => Err(Refusal::Folder),
                _ => contents.take(&path),
            }
        });
        match result {
            Err(Refusal::Missing | Refusal::NotAFolder) if force => {}
            Err(refusal) => call.fails(&format!("cannot remove '{file}': {refusal}")),
            Ok(()) => {}
        }
    }
}

pub(super) fn rmdir(call: &mut Call<'_>) {
    let options = Options::read(call.words, "", false);
    for file in &options.rest {
        let path = call.path(file);
        if let Err(refusal) = call.system(|system| system.contents.remove_folder(&path))
            && !(options.has(&["ignore-fail-on-non-empty"]) && refusal == Refusal::NotEmpty)
        {
            call.fails(&format!("failed to remove '{file}': {refusal}"));
        }
    }
}

pub(super) fn mkdir(call: &mut Call<'_>) {
    let options = Options::read(call.words, "m mode", false);
    let mode = match options.value(&["m", "mode"]) {
        None => 0o777 & !call.shell.umask,
        Some(text) => match changed_mode(text, 0o777, true) {
            Some(mode) => mode,
            None => return call.fails(&format!("invalid mode '{text}'")),
        },
    };
    for file in &options.rest {
        let path = call.path(file);
        let result = call.system(|system| {
            if options.has(&["p", "parents"]) {
                if system.contents.is_folder(&path) {
                    return Ok(());
                }
                system.contents.make_folders(&path)?;
                return system.contents.set_mode(&path, mode);
            }
            system.contents.make_folder(&path, mode)
        });
        if let Err(refusal) = result {
            call.fails(&format!("cannot create directory '{file}': {refusal}"));
        }
    }
}

/// `cp`, `mv`, `install` and `ln`, into a folder or over a file.
pub(super) fn copy(call: &mut Call<'_>) {
    let options = Options::read(call.words, "t m o g S target-directory mode owner group suffix", false);
    let mut files = options.rest.clone();
    let name = call.name.to_owned();
    if name == "install" && options.has(&["d", "directory"]) {
        for file in &files {
            let path = call.path(file);
            if let Err(refusal) = call.system(|system| system.contents.make_folders(&path)) {
                call.fails(&format!("cannot create directory '{file}': {refusal}"));
            }
        }
        return;
    }
    let target = match options.value(&["t", "target-directory"]) {
        Some(folder) => folder.to_owned(),
        None if files.len() < 2 => return call.fails("missing file operand"),
        None => files.pop().unwrap_or_default(),
    };
    let full = call.path(&target);
    let no_folder = options.has(&["T", "n", "no-target-directory"]) && name == "ln" || options.has(&["T"]);
    let into = call.system(|system| system.contents.is_folder(&full)) && !no_folder;
    if files.len() > 1 && !into {
        return call.fails(&format!("target '{target}' is not a directory"));
    }
    for file in &files {
        let from = call.path(file);
        let to = if into { format!("{}/{}", full.trim_end_matches('/'), base_name(file)) } else { full.clone() };
        let recursive = options.has(&["r", "R", "a", "recursive", "archive"]);
        let itself = options.has(&["a", "d", "P", "archive"]);
        let result = call.system(|system| {
            let contents = &mut system.contents;
            match name.as_str() {
                "mv" => contents.rename(&from, &to),
                "ln" => {
                    if options.has(&["f", "force"]) {
                        contents.take(&to).ok();
                    }
                    if options.has(&["s", "symbolic"]) {
                        contents.make_link(&to, file)
                    } else {
                        contents.copy(&from, &to, true)
                    }
                }
                _ => {
                    if matches!(contents.get(&from)?, Node::Folder(_)) && !recursive {
                        return Err(Refusal::Folder);
                    }
                    copied(contents, &from, &to, itself)?;
                    match options.value(&["m", "mode"]).and_then(|text| changed_mode(text, 0o755, false)) {
                        Some(mode) => contents.set_mode(&to, mode),
                        None => Ok(()),
                    }
                }
            }
        });
        if let Err(refusal) = result {
            let words = match name.as_str() {
                "mv" => format!("cannot move '{file}' to '{to}': {refusal}"),
                "ln" => format!("failed to create link '{to}': {refusal}"),
                _ if refusal == Refusal::Missing => format!("cannot stat '{file}': {refusal}"),
                _ => format!("cannot copy '{file}': {refusal}"),
            };
            call.fails(&words);
        }
    }
}

/// A folder is put together with one that is there.
fn copied(contents: &mut Contents, from: &str, to: &str, itself: bool) -> Result<(), Refusal> {
    if contents.is_folder(from) && contents.is_folder(to) {
        for name in contents.list(from)? {
            copied(contents, &format!("{from}/{name}"), &format!("{to}/{name}"), itself)?;
        }
        return Ok(());
    }
    contents.copy(from, to, itself)
}

/// `chmod`'s mode: octal, or `u+x,g-w`.
pub(super) fn changed_mode(text: &str, before: u32, plain: bool) -> Option<u32> {
    if let Ok(mode) = u32::from_str_radix(text, 8) {
        return Some(mode & 0o7777);
    }
    let mut mode = if plain { 0o777 } else { before };
    for clause in text.split(',') {
        let at = clause.find(['+', '-', '='])?;
        let (who, rest) = clause.split_at(at);
        let shifts: Vec<u32> = [('u', 6), ('g', 3), ('o', 0)]
            .into_iter()
            .filter(|(letter, _)| who.is_empty() || who.contains('a') || who.contains(*letter))
            .map(|(_, shift)| shift)
            .collect();
        let mut bits = 0;
        for letter in rest[1..].chars() {
            bits |= match letter {
                'r' => 4,
                'w' => 2,
                'x' => 1,
                'X' => u32::from(before & 0o111 != 0),
                's' | 't' => 0,
                _ => return None,
            };
        }
        for shift in shifts {
            mode = match rest.as_bytes()[0] {
                b'+' => mode | bits << shift,
                b'-' => mode & !(bits << shift),
                _ => mode & !(7 << shift) | bits << shift,
            };
        }
    }
    Some(mode)
}

/// `chmod` and `chown`.
pub(super) fn change(call: &mut Call<'_>) {
    // A mode may begin with a dash.
    let words: Vec<String> = call.words.to_vec();
    let is_option = |word: &&String| {
        matches!(word.as_str(), "-R" | "-f" | "-v" | "-h" | "-c" | "--recursive" | "--quiet" | "--silent")
    };
    let recursive = words.iter().any(|word| matches!(word.as_str(), "-R" | "--recursive"));
    let mut rest = words.iter().filter(|word| !is_option(word) && *word != "--");
    let Some(first) = rest.next() else { return call.fails("missing operand") };
    let owner = if call.name == "chown" {
        let name = first.split([':', '.']).next().unwrap_or_default();
        let accounts = call.system(|system| system.contents.text("/etc/passwd"));
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name));
        let number = line.and_then(|line| line.split(':').nth(2)).unwrap_or(name).parse::<u32>();
        match number {
            Ok(number) => Some(number),
            Err(_) if name.is_empty() => Some(0),
            Err(_) => return call.fails(&format!("invalid user: '{first}'")),
        }
    } else {
        None
    };
    for file in rest {
        let path = call.path(file);
        let mut todo = vec![path];
        while let Some(path) = todo.pop() {
            let result = call.system(|system| {
                let contents = &mut system.contents;
                let node = contents.get(&path)?;
                if recursive && matches!(contents.get_itself(&path), Ok(Node::Folder(_))) {
                    todo.extend(contents.list(&path)?.iter().map(|name| format!("{path}/{name}")));
                }
                match owner {
                    Some(owner) => contents.set_owner(&path, owner),
                    None => match changed_mode(first, node.mode(), false) {
                        Some(mode) => contents.set_mode(&path, mode),
                        None => Err(Refusal::Denied),
                    },
                }
            });
            if let Err(refusal) = result {
                call.fails(&format!("cannot access '{file}': {refusal}"));
            }
        }
    }
}

pub(super) fn touch(call: &mut Call<'_>) {
    let options = Options::read(call.words, "d t r date reference", false);
    for file in &options.rest {
        let path = call.path(file);
        let umask = call.shell.umask;
        let result = call.system(|system| match system.contents.get(&path) {
            Ok(_) if system.contents.can_be_written(&path) => Ok(()),
            Ok(_) => Err(Refusal::ReadOnly),
            Err(_) if options.has(&["c", "no-create"]) => Ok(()),
            Err(_) => system.contents.write(&path, b"", 0o666 & !umask),
        });
        if let Err(refusal) = result {
            call.fails(&format!("cannot touch '{file}': {refusal}"));
        }
    }
}

pub(super) fn truncate(call: &mut Call<'_>) {
    let options = Options::read(call.words, "s r size reference", false);
    let size = options
        .value(&["s", "size"])
        .and_then(|text| text.parse::<usize>().ok())
        .filter(|size| *size <= crate::guest::process::BYTES);
    let Some(size) = size else { return call.fails("you must specify either '--size' or '--reference'") };
    for file in &options.rest {
        let path = call.path(file);
        let umask = call.shell.umask;
        let result = call.system(|system| {
            if options.has(&["c", "no-create"]) && !system.contents.exists(&path) {
                return Ok(false);
            }
            system.contents.edit(&path, 0o666 & !umask, |bytes| bytes.resize(size, 0))
        });
        if let Err(refusal) = result {
            call.fails(&format!("cannot open '{file}' for writing: {refusal}"));
        }
    }
}

pub(super) fn mktemp(call: &mut Call<'_>) {
    let options = Options::read(call.words, "p t suffix tmpdir", false);
    let folder = options.value(&["p", "tmpdir"]).filter(|folder| !folder.is_empty()).unwrap_or("/tmp").to_owned();
    let template = options.rest.first().cloned().unwrap_or_else(|| "tmp.XXXXXXXXXX".to_owned());
    let stem = template.trim_end_matches('X');
    let count = template.len() - stem.len();
    if count < 3 {
        return call.fails(&format!("too few X's in template '{template}'"));
    }
    let place = if options.rest.is_empty() || options.has(&["p", "t", "tmpdir"]) {
        format!("{folder}/{stem}")
    } else {
        stem.to_owned()
    };
    for number in 0.. {
        let letters: String = (0..count)
            .map(|digit| {
                let value = (number + *call.shell.process as usize)
                    / 36_usize.pow(u32::try_from(digit.min(6)).unwrap_or_default());
                char::from(b"abcdefghijklmnopqrstuvwxyz0123456789"[(value + digit * 7) % 36])
            })
            .collect();
        let shown = format!("{place}{letters}");
        let path = call.path(&shown);
        if call.system(|system| system.contents.get_itself(&path).is_ok()) && number < 10_000 {
            continue;
        }
        let result = call.system(|system| {
            if options.has(&["u", "dry-run"]) {
                return Ok(());
            }
            if options.has(&["d", "directory"]) {
                system.contents.make_folder(&path, 0o700)
            } else {
                system.contents.write(&path, b"", 0o600)
            }
        });
        return match result {
            Ok(()) => call.say(format!("{shown}\n")),
            Err(refusal) => call.fails(&format!("failed to create file via template '{template}': {refusal}")),
        };
    }
}

pub(super) fn tee(call: &mut Call<'_>) {
    let options = Options::read(call.words, "", false);
    let bytes = call.input();
    for file in &options.rest {
        let path = call.path(file);
        let result = call.system(|system| {
            if options.has(&["a", "append"]) {
                system.contents.append(&path, &bytes)
            } else {
                system.contents.write(&path, &bytes, 0o644)
            }
        });
        if let Err(refusal) = result {
            call.fails(&format!("{file}: {refusal}"));
        }
    }
    call.say(bytes);
}

/// `dd of=FILE [if=FILE] [conv=notrunc,…]`: with `notrunc` what the file already has keeps its place, so a full disk is no
/// obstacle.
pub(super) fn dd(call: &mut Call<'_>) {
    let operand = |name: &str| {
        let begin = format!("{name}=");
        call.words.iter().find_map(|word| word.strip_prefix(&begin)).map(str::to_owned)
    };
    let (from, to, conversions) = (operand("if"), operand("of"), operand("conv").unwrap_or_default());
    let bytes = match &from {
        None => call.input(),
        Some(file) => {
            let path = call.path(file);
            match call.system(|system| system.contents.read(&path)) {
                Ok(file) => file.bytes.clone(),
                Err(refusal) => return call.fails(&format!("failed to open '{file}': {refusal}")),
            }
        }
    };
    let Some(file) = to else { return call.say(bytes) };
    let path = call.path(&file);
    let stays = conversions.split(',').any(|word| word == "notrunc");
    let result = call.system(|system| {
        system.contents.edit(&path, 0o644, |old| {
            let rest = if stays && old.len() > bytes.len() { old.split_off(bytes.len()) } else { Vec::new() };
            old.clear();
            old.extend_from_slice(&bytes);
            old.extend_from_slice(&rest);
        })
    });
    match result {
        Ok(_) => call.err.extend(format!("{} bytes copied\n", bytes.len()).into_bytes()),
        Err(refusal) => call.fails(&format!("failed to open '{file}': {refusal}")),
    }
}
