//! `grep`.

use std::sync::Arc;

use regex::bytes::Regex;

use super::{Call, options::Options, text::lines, transform::expression};
use crate::guest::disk::{Node, Refusal};

enum Pattern {
    Fixed(Vec<u8>),
    Regular(Arc<Regex>),
}

struct Grep {
    patterns: Vec<Pattern>,
    whole_line: bool,
    word: bool,
    any_case: bool,
}

impl Grep {
    fn first(&self, line: &[u8]) -> Option<(usize, usize)> {
        let found = self.patterns.iter().filter_map(|pattern| match pattern {
            Pattern::Fixed(text) => {
                let lower = line.to_ascii_lowercase();
                let line = if self.any_case { lower.as_slice() } else { line };
                if text.is_empty() {
                    return (!self.whole_line || line.is_empty()).then_some((0, 0));
                }
                let places = (0..=line.len().checked_sub(text.len())?).filter(|at| line[*at..].starts_with(text));
                self.fitting(line, places.map(|at| (at, at + text.len())))
            }
            Pattern::Regular(regex) => {
                if self.whole_line {
                    // The longest way counts, so each way is asked for its own end.
                    let whole = regex.find_iter(line).map(|found| (found.start(), found.end()));
                    return self.fitting(line, whole).or_else(|| {
                        let anchored = expression_of_line(regex)?;
                        anchored.is_match(line).then_some((0, line.len()))
                    });
                }
                self.fitting(line, regex.find_iter(line).map(|found| (found.start(), found.end())))
            }
        });
        found.min()
    }

    fn fitting(&self, line: &[u8], mut places: impl Iterator<Item = (usize, usize)>) -> Option<(usize, usize)> {
        let letter = |at: Option<&u8>| at.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        places.find(|(begin, end)| {
            let whole = !self.whole_line || (*begin == 0 && *end == line.len());
            let before = begin.checked_sub(1).and_then(|at| line.get(at));
            whole && (!self.word || !(letter(before) || letter(line.get(*end))))
        })
    }
}

fn expression_of_line(regex: &Regex) -> Option<Regex> {
    regex::bytes::RegexBuilder::new(&format!("^(?:{})$", regex.as_str())).unicode(false).build().ok()
}

pub(super) fn grep(call: &mut Call<'_>) {
    let mut options = Options::read(call.words, "e f m A B C regexp file max-count include exclude exclude-dir", false);
    let any_case = options.has(&["i", "y", "ignore-case"]);
    let mut texts: Vec<String> =
        options.values(&["e", "regexp"]).flat_map(|text| text.split('\n')).map(str::to_owned).collect();
    let files: Vec<String> = options.values(&["f", "file"]).map(str::to_owned).collect();
    let given = !texts.is_empty() || !files.is_empty();
    for file in files {
        match call.read(&file) {
            Ok(bytes) => texts.extend(lines(&bytes).iter().map(|line| String::from_utf8_lossy(line).into_owned())),
            Err(refusal) => return call.complains(&format!("{file}: {refusal}"), 2),
        }
    }
    if !given {
        if options.rest.is_empty() {
            return call.complains("no pattern", 2);
        }
        texts = options.rest.remove(0).split('\n').map(str::to_owned).collect();
    }
    if options.has(&["P", "perl-regexp"]) {
        return call.complains("Perl matching not supported in a --disable-perl-regexp build", 2);
    }
    let mut patterns = Vec::new();
    for text in texts {
        if options.has(&["F", "fixed-strings"]) {
            let text = if any_case { text.to_ascii_lowercase() } else { text };
            patterns.push(Pattern::Fixed(text.into_bytes()));
        } else {
            match expression(&text, options.has(&["E", "extended-regexp"]), any_case) {
                Ok(regex) => patterns.push(Pattern::Regular(regex)),
                Err(words) => return call.complains(&words, 2),
            }
        }
    }
    let grep = Grep {
        patterns,
        whole_line: options.has(&["x", "line-regexp"]),
        word: options.has(&["w", "word-regexp"]),
        any_case,
    };
    search(call, &options, &grep);
}

fn search(call: &mut Call<'_>, options: &Options, grep: &Grep) {
    let recursive = options.has(&["r", "R", "recursive"]);
    let (quiet, silent) = (options.has(&["q", "quiet", "silent"]), options.has(&["s", "no-messages"]));
    let mut files = Vec::new();
    for file in &options.rest {
        if recursive {
            below(call, file, options, &mut files);
        } else {
            files.push(file.clone());
        }
    }
    if options.rest.is_empty() {
        files.push(if recursive { ".".to_owned() } else { "-".to_owned() });
    }
    let named = (files.len() > 1 || recursive || options.has(&["H"])) && !options.has(&["h", "no-filename"]);
    let most = options.number(&["m", "max-count"]);
    let (mut any, mut failed) = (false, false);
    for file in files {
        let bytes = match call.read(&file) {
            Ok(bytes) => bytes,
            Err(refusal) => {
                failed = true;
                if !(silent || recursive && refusal == Refusal::Folder) {
                    call.complains(&format!("{file}: {refusal}"), 2);
                }
                continue;
            }
        };
        let shown = if file == "-" { "(standard input)" } else { &file };
        let prefix = if named { format!("{shown}:") } else { String::new() };
        let binary = bytes.contains(&0) && !options.has(&["a", "text"]);
        let mut count = 0_i64;
        for (number, line) in lines(&bytes).iter().enumerate() {
            let found = grep.first(line);
            if found.is_some() == options.has(&["v", "invert-match"]) {
                continue;
            }
            if most.is_some_and(|most| count >= most) {
                break;
            }
            count += 1;
            any = true;
            if quiet || options.has(&["c", "count", "l", "L", "files-with-matches", "files-without-match"]) {
                continue;
            }
            if binary {
                call.say(format!("grep: {shown}: binary file matches\n"));
                break;
            }
            let place =
                if options.has(&["n", "line-number"]) { format!("{prefix}{}:", number + 1) } else { prefix.clone() };
            if options.has(&["o", "only-matching"]) {
                let mut at = 0;
                while let Some((begin, end)) = line.get(at..).and_then(|rest| grep.first(rest)) {
                    if begin < end {
                        call.say(&place);
                        call.say(&line[at + begin..at + end]);
                        call.say("\n");
                    }
                    at += end.max(begin + 1);
                }
            } else {
                call.say(&place);
                call.say(line);
                call.say("\n");
            }
        }
        if quiet && count > 0 {
            call.code = 0;
            return;
        }
        if options.has(&["c", "count"]) {
            call.say(format!("{prefix}{count}\n"));
        } else if (options.has(&["l", "files-with-matches"]) && count > 0)
            || (options.has(&["L", "files-without-match"]) && count == 0)
        {
            call.say(format!("{shown}\n"));
        }
    }
    call.code = if failed { 2 } else { i32::from(!any) };
}

/// All files below a folder that the options don't leave out.
fn below(call: &mut Call<'_>, path: &str, options: &Options, files: &mut Vec<String>) {
    let full = call.path(path);
    if !call.system(|system| system.contents.is_folder(&full)) {
        files.push(path.to_owned());
        return;
    }
    let fits = |names: &[&str], name: &str| {
        options.values(names).any(|pattern| crate::guest::shell::pattern::fits(pattern, name))
    };
    let names = call.system(|system| system.contents.list(&full)).unwrap_or_default();
    for name in names {
        let inside = format!("{}/{name}", path.trim_end_matches('/'));
        let node = call.system(|system| system.contents.get_itself(&format!("{full}/{name}")));
        match node {
            Ok(Node::Folder(_)) if !fits(&["exclude-dir"], &name) => below(call, &inside, options, files),
            Ok(Node::File(_))
                if !fits(&["exclude"], &name) && (!options.has(&["include"]) || fits(&["include"], &name)) =>
            {
                files.push(inside);
            }
            _ => {}
        }
    }
}
