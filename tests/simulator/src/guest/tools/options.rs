//! Options as GNU's tools take them: in any order, several letters in one word, `--` before what only looks like one.

/// What stood on a command line.
#[derive(Debug, Default)]
pub(super) struct Options {
    given: Vec<(String, String)>,
    pub(super) rest: Vec<String>,
}

impl Options {
    /// `valued` are the options that take a value, separated by spaces: `n c lines`. Options stop at the first other word where
    /// `strict`.
    pub(super) fn read(words: &[String], valued: &str, strict: bool) -> Self {
        let takes = |name: &str| valued.split(' ').any(|one| one == name);
        let mut options = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                options.rest.extend(words.cloned());
                break;
            }
            if let Some(long) = word.strip_prefix("--") {
                match long.split_once('=') {
                    Some((name, value)) => options.given.push((name.to_owned(), value.to_owned())),
                    None if takes(long) => {
                        options.given.push((long.to_owned(), words.next().cloned().unwrap_or_default()));
                    }
                    None => options.given.push((long.to_owned(), String::new())),
                }
            } else if word.len() > 1 && word.starts_with('-') {
                let letters = word[1..].char_indices();
                for (at, letter) in letters {
                    let name = letter.to_string();
                    if takes(&name) {
                        let joined = &word[1 + at + letter.len_utf8()..];
                        let value = if joined.is_empty() {
                            words.next().cloned().unwrap_or_default()
                        } else {
                            joined.to_owned()
                        };
                        options.given.push((name, value));
                        break;
                    }
                    options.given.push((name, String::new()));
                }
            } else {
                options.rest.push(word.clone());
                if strict {
                    options.rest.extend(words.cloned());
                    break;
                }
            }
        }
        options
    }

    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.given.iter().any(|(name, _)| names.contains(&name.as_str()))
    }

    /// The last value.
    pub(super) fn value(&self, names: &[&str]) -> Option<&str> {
        self.given.iter().rev().find(|(name, _)| names.contains(&name.as_str())).map(|(_, value)| value.as_str())
    }

    pub(super) fn values<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = &'a str> {
        self.given.iter().filter(|(name, _)| names.contains(&name.as_str())).map(|(_, value)| value.as_str())
    }

    pub(super) fn number(&self, names: &[&str]) -> Option<i64> {
        self.value(names).and_then(|value| value.parse().ok())
    }

    /// An option that isn't among these.
    pub(super) fn other(&self, known: &str) -> Option<&str> {
        self.given.iter().map(|(name, _)| name.as_str()).find(|name| !known.split(' ').any(|one| one == *name))
    }
}
