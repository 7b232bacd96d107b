//! Expansion of words: parameters, commands, arithmetic, splitting into fields, file names.

use super::{
    Shell, arithmetic,
    pattern::{fits, strip},
    run::Step,
    stream::Stream,
    syntax::{Change, List, Part, Word},
};
use crate::guest::{
    disk::absolute,
    process::{BYTES, Written, written},
};

/// Why a word can't be expanded: the shell ends with these words.
pub(crate) type Expanded<T> = Result<T, String>;

/// How many fields a command may have.
const FIELDS: usize = 20_000;

/// A field in the making.
#[derive(Debug, Clone, Default)]
struct Field {
    text: String,
    /// The same as a pattern: what was quoted has a backslash before it.
    pattern: String,
    /// There were quotes, so that it stays even if it is empty.
    quoted: bool,
    /// It has a sign in it that makes it a pattern.
    magic: bool,
}

impl Field {
    fn push(&mut self, text: &str, quoted: bool) {
        // What is longer than any file is cut off.
        if self.text.len() + text.len() > BYTES {
            return;
        }
        self.text.push_str(text);
        self.quoted |= quoted;
        for one in text.chars() {
            let sign = "*?[]\\".contains(one);
            if quoted && (sign || one == '-' || one == '!') {
                self.pattern.push('\\');
            }
            self.magic |= sign && !quoted && one != ']' && one != '\\';
            self.pattern.push(one);
        }
    }
}

/// Text of a value, and whether fields may be made of it.
enum Piece {
    Text {
        text: String,
        quoted: bool,
    },
    /// `"$@"`: each its own field.
    Arguments(Vec<String>),
}

impl Shell {
    /// All words, as fields.
    pub(crate) async fn fields(&mut self, words: &[Word]) -> Expanded<Vec<String>> {
        let mut all = Vec::new();
        let mut length = 0;
        for word in words {
            length += all.last().map_or(0, String::len);
            if all.len() > FIELDS || length > BYTES {
                return Err("Argument list too long".to_owned());
            }
            if let [Part::Text { text, quoted }] = word.0.as_slice()
                && (*quoted || !text.contains(['*', '?', '[']))
            {
                all.push(text.clone());
                continue;
            }
            for field in self.split(word).await? {
                self.host.costs(field.text.len() * 8);
                if field.magic && !self.options.noglob {
                    let found = self.glob(&field.pattern);
                    if !found.is_empty() {
                        all.extend(found);
                        continue;
                    }
                }
                all.push(field.text);
            }
        }
        Ok(all)
    }

    /// A word as one text, which is neither split nor a pattern.
    pub(crate) async fn text(&mut self, word: &Word) -> Expanded<String> {
        Ok(self.joined(word).await?.text)
    }

    /// A word as a pattern.
    pub(crate) async fn pattern(&mut self, word: &Word) -> Expanded<String> {
        Ok(self.joined(word).await?.pattern)
    }

    async fn joined(&mut self, word: &Word) -> Expanded<Field> {
        let field = self.joined_freely(word).await?;
        self.host.costs(field.text.len() * 8);
        Ok(field)
    }

    async fn joined_freely(&mut self, word: &Word) -> Expanded<Field> {
        let mut field = Field::default();
        for part in &word.0 {
            match self.piece(part).await? {
                Piece::Text { text, quoted } => field.push(&text, quoted),
                Piece::Arguments(arguments) => field.push(&arguments.join(" "), true),
            }
        }
        Ok(field)
    }

    async fn split(&mut self, word: &Word) -> Expanded<Vec<Field>> {
        let separators = self.value("IFS").unwrap_or(" \t\n").to_owned();
        let mut done: Vec<Field> = Vec::new();
        let mut open: Option<Field> = None;
        for part in &word.0 {
            let fixed = matches!(part, Part::Text { .. } | Part::Home(_));
            match self.piece(part).await? {
                Piece::Text { text, quoted } if quoted || fixed => {
                    let field = open.get_or_insert_default();
                    field.push(&text, quoted);
                }
                Piece::Text { text, .. } => split_value(&text, &separators, &mut open, &mut done),
                Piece::Arguments(arguments) => {
                    for (index, argument) in arguments.iter().enumerate() {
                        if index > 0 {
                            done.extend(open.take());
                        }
                        open.get_or_insert_default().push(argument, true);
                    }
                }
            }
        }
        done.extend(open);
        Ok(done)
    }

    /// One part of a word.
    fn piece<'a>(&'a mut self, part: &'a Part) -> Step<'a, Expanded<Piece>> {
        Box::pin(async move {
            Ok(match part {
                Part::Text { text, quoted } => Piece::Text { text: text.clone(), quoted: *quoted },
                Part::Home(name) => Piece::Text { text: self.home(name), quoted: true },
                Part::Parameter { name, change, quoted } => self.parameter(name, change, *quoted).await?,
                Part::Command { list, quoted } => {
                    let text = self.substitute(list).await;
                    Piece::Text { text, quoted: *quoted }
                }
                Part::Arithmetic { text, quoted } => {
                    let text = self.joined(text).await?.text;
                    let value = arithmetic::value(self, &text)?;
                    Piece::Text { text: value.to_string(), quoted: *quoted }
                }
            })
        })
    }

    fn home(&self, name: &str) -> String {
        if name.is_empty() {
            return self.value("HOME").unwrap_or("/root").to_owned();
        }
        let accounts = self.host.with(|system| system.contents.text("/etc/passwd"));
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name));
        line.and_then(|line| line.split(':').nth(5)).map_or_else(|| format!("~{name}"), str::to_owned)
    }

    /// What a command prints, without the line ends behind it.
    async fn substitute(&mut self, list: &List) -> String {
        let output = Written::default();
        let mut shell = self.subshell();
        shell.descriptors.insert(1, Stream::Buffer(output.clone()));
        shell.depth += 1;
        self.status = shell.whole(list).await;
        self.substituted = true;
        let text = written(&output);
        text.trim_end_matches('\n').replace('\0', "")
    }

    /// A parameter's value; `None` where it isn't set.
    pub(crate) fn parameter_value(&self, name: &str) -> Option<String> {
        Some(match name {
            "?" => self.status.to_string(),
            "#" => self.arguments.len().to_string(),
            "$" => self.process.to_string(),
            "!" if self.last_background == 0 => return None,
            "!" => self.last_background.to_string(),
            "-" => {
                let options = self.options;
                [(options.errexit, 'e'), (options.noglob, 'f'), (options.nounset, 'u')]
                    .into_iter()
                    .filter_map(|(on, letter)| on.then_some(letter))
                    .collect()
            }
            "0" => self.name.clone(),
            "@" | "*" => {
                if self.arguments.is_empty() {
                    return None;
                }
                let separator = match self.value("IFS") {
                    Some(text) if name == "*" => text.chars().take(1).collect(),
                    _ => " ".to_owned(),
                };
                self.arguments.join(&separator)
            }
            number if number.bytes().all(|byte| byte.is_ascii_digit()) => {
                let number: usize = number.parse().ok()?;
                self.arguments.get(number.checked_sub(1)?)?.clone()
            }
            name => self.value(name)?.to_owned(),
        })
    }

    async fn parameter(&mut self, name: &str, change: &Change, quoted: bool) -> Expanded<Piece> {
        if name == "@" && *change == Change::None {
            return Ok(if quoted {
                Piece::Arguments(self.arguments.clone())
            } else {
                Piece::Text { text: self.arguments.join(" "), quoted }
            });
        }
        let value = self.parameter_value(name);
        let whole = |text: String| Ok(Piece::Text { text, quoted });
        match change {
            Change::Default { sign, empty_too, word } => {
                let there = value.as_ref().is_some_and(|value| !(*empty_too && value.is_empty()));
                match (sign, there) {
                    ('+', false) => whole(String::new()),
                    ('+', true) | ('-', false) => {
                        if !quoted && word.0.len() == 1 {
                            return self.piece(&word.0[0]).await;
                        }
                        whole(self.joined(word).await?.text)
                    }
                    ('=', false) => {
                        let text = self.joined(word).await?.text;
                        self.set(name, text.clone());
                        whole(text)
                    }
                    ('?', false) => {
                        let words = self.joined(word).await?.text;
                        Err(format!("{name}: {}", if words.is_empty() { "parameter not set" } else { &words }))
                    }
                    _ => whole(value.unwrap_or_default()),
                }
            }
            _ if value.is_none() && self.options.nounset && name != "@" && name != "*" => {
                Err(format!("{name}: parameter not set"))
            }
            Change::None => whole(value.unwrap_or_default()),
            Change::Length => whole(value.unwrap_or_default().chars().count().to_string()),
            Change::Strip { front, longest, pattern } => {
                let pattern = self.joined(pattern).await?.pattern;
                whole(strip(&value.unwrap_or_default(), &pattern, *front, *longest).to_owned())
            }
        }
    }

    /// Files that fit a pattern, in order.
    fn glob(&self, pattern: &str) -> Vec<String> {
        let mut found: Vec<String> = vec![if pattern.starts_with('/') { "/".to_owned() } else { String::new() }];
        let parts: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
        for (index, part) in parts.iter().enumerate() {
            let last = index + 1 == parts.len();
            let magic = part.contains(['*', '?', '[']);
            let mut next = Vec::new();
            for folder in found {
                let prefix =
                    if folder.is_empty() || folder.ends_with('/') { folder.clone() } else { format!("{folder}/") };
                let place = absolute(&self.folder, if folder.is_empty() { "." } else { &folder });
                self.host.with(|system| {
                    let contents = &system.contents;
                    if !magic {
                        let name = part.replace('\\', "");
                        if contents.get_itself(&format!("{place}/{name}")).is_ok() {
                            next.push(format!("{prefix}{name}"));
                        }
                        return;
                    }
                    for name in contents.list(&place).unwrap_or_default() {
                        let hidden = name.starts_with('.') && !part.starts_with('.');
                        if !hidden && fits(part, &name) && (last || contents.is_folder(&format!("{place}/{name}"))) {
                            next.push(format!("{prefix}{name}"));
                        }
                    }
                });
            }
            found = next;
        }
        found
    }
}

/// Makes fields of a value where separators stand in it.
fn split_value(text: &str, separators: &str, open: &mut Option<Field>, done: &mut Vec<Field>) {
    let mut between = false;
    for one in text.chars() {
        if !separators.contains(one) {
            open.get_or_insert_default().push(one.encode_utf8(&mut [0; 4]), false);
            between = false;
        } else if one.is_whitespace() {
            done.extend(open.take());
        } else {
            if between || open.is_none() {
                open.get_or_insert_default();
            }
            done.extend(open.take());
            between = true;
        }
    }
}
