//! Words: quotes and expansions.

use std::sync::Arc;

use super::{Parsed, Parser, is_name};
use crate::guest::shell::syntax::{Change, Part, Word};

impl Word {
    pub(crate) fn quoted(text: String) -> Self {
        Self(vec![Part::Text { text, quoted: true }])
    }

    fn push(&mut self, text: &str, quoted: bool) {
        if let Some(Part::Text { text: last, quoted: same }) = self.0.last_mut()
            && *same == quoted
        {
            last.push_str(text);
        } else {
            self.0.push(Part::Text { text: text.to_owned(), quoted });
        }
    }
}

/// The text of a here-document, in which `$`, backquotes and backslashes work as inside double quotes.
pub(super) fn here_text(text: &str, depth: usize) -> Parsed<Word> {
    let mut parser = Parser::new(text, depth);
    let mut word = Word::default();
    parser.inside_quotes(&mut word, None)?;
    super::fill::word(&mut word, &parser.here);
    Ok(word)
}

impl Parser<'_> {
    /// The next word; none where a sign or the end stands.
    pub(super) fn word(&mut self) -> Parsed<Option<Word>> {
        let mut word = Word::default();
        let begin = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>' => break,
                b'~' if self.at == begin => {
                    self.at += 1;
                    let rest = &self.text[self.at..];
                    let length = rest
                        .find(|one: char| !(one.is_ascii_alphanumeric() || "_-.".contains(one)))
                        .unwrap_or(rest.len());
                    word.0.push(Part::Home(rest[..length].to_owned()));
                    self.at += length;
                }
                _ => self.piece(&mut word)?,
            }
        }
        Ok((self.at > begin).then_some(word))
    }

    /// One piece outside of quotes.
    fn piece(&mut self, word: &mut Word) -> Parsed<()> {
        match self.peek() {
            Some(b'\'') => {
                self.at += 1;
                let Some(length) = self.text[self.at..].find('\'') else {
                    return Err("Syntax error: Unterminated quoted string".to_owned());
                };
                word.push(&self.text[self.at..self.at + length], true);
                self.at += length + 1;
            }
            Some(b'"') => {
                self.at += 1;
                let before = word.0.len();
                self.inside_quotes(word, Some(b'"'))?;
                if word.0.len() == before {
                    word.push("", true);
                }
            }
            Some(b'\\') => {
                self.at += 1;
                match self.text[self.at..].chars().next() {
                    Some('\n') => self.at += 1,
                    Some(one) => {
                        word.push(&self.text[self.at..self.at + one.len_utf8()], true);
                        self.at += one.len_utf8();
                    }
                    None => word.push("\\", true),
                }
            }
            Some(b'$') => self.dollar(word, false)?,
            Some(b'`') => self.backquotes(word, false)?,
            _ => {
                let rest = &self.text[self.at..];
                let length = rest
                    .char_indices()
                    .find(|(at, one)| *at > 0 && " \t\r\n;&|()<>'\"\\$`".contains(*one))
                    .map_or(rest.len(), |(at, _)| at);
                word.push(&rest[..length], false);
                self.at += length;
            }
        }
        Ok(())
    }

    /// Up to the closing quote, or to the end of the text where there is none to come.
    pub(super) fn inside_quotes(&mut self, word: &mut Word, end: Option<u8>) -> Parsed<()> {
        loop {
            match self.peek() {
                None if end.is_none() => return Ok(()),
                None => return Err("Syntax error: Unterminated quoted string".to_owned()),
                byte if byte == end => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    let next = self.text[self.at + 1..].chars().next();
                    match next {
                        Some('\n') => self.at += 2,
                        Some(one) if "$`\\".contains(one) || (one == '"' && end.is_some()) => {
                            word.push(&self.text[self.at + 1..self.at + 2], true);
                            self.at += 2;
                        }
                        _ => {
                            word.push("\\", true);
                            self.at += 1;
                        }
                    }
                }
                Some(b'$') => self.dollar(word, true)?,
                Some(b'`') => self.backquotes(word, true)?,
                Some(_) => {
                    let rest = &self.text[self.at..];
                    let length = rest
                        .char_indices()
                        .find(|(at, one)| *at > 0 && "\\$`\"}".contains(*one))
                        .map_or(rest.len(), |(at, _)| at);
                    word.push(&rest[..length], true);
                    self.at += length;
                }
            }
        }
    }

    fn backquotes(&mut self, word: &mut Word, quoted: bool) -> Parsed<()> {
        self.at += 1;
        let mut inside = String::new();
        loop {
            let Some(one) = self.text[self.at..].chars().next() else {
                return Err("Syntax error: EOF in backquote substitution".to_owned());
            };
            self.at += one.len_utf8();
            match one {
                '`' => break,
                '\\' => match self.text[self.at..].chars().next() {
                    Some(next) if "$`\\".contains(next) || (quoted && next == '"') => {
                        inside.push(next);
                        self.at += next.len_utf8();
                    }
                    _ => inside.push('\\'),
                },
                _ => inside.push(one),
            }
        }
        if self.depth > super::DEPTH {
            return Err("Syntax error: nested too deep".to_owned());
        }
        let mut parser = Parser::new(&inside, self.depth + 2);
        let mut list = parser.list()?;
        if parser.peek().is_some() {
            return Err(parser.unexpected(None));
        }
        parser.end_of_here_documents()?;
        parser.fill(&mut list);
        word.0.push(Part::Command { list: Arc::new(list), quoted });
        Ok(())
    }

    fn dollar(&mut self, word: &mut Word, quoted: bool) -> Parsed<()> {
        self.at += 1;
        if self.starts("((")
            && let Some(text) = self.arithmetic()?
        {
            word.0.push(Part::Arithmetic { text, quoted });
            return Ok(());
        }
        match self.peek() {
            Some(b'(') => {
                self.at += 1;
                let list = self.list()?;
                if self.peek() != Some(b')') {
                    return Err(self.unexpected(Some(")")));
                }
                self.at += 1;
                word.0.push(Part::Command { list: Arc::new(list), quoted });
            }
            Some(b'{') => {
                self.at += 1;
                let part = self.braces(quoted)?;
                word.0.push(part);
            }
            Some(byte) if byte.is_ascii_digit() || b"@*#?$!-".contains(&byte) => {
                let name = self.text[self.at..=self.at].to_owned();
                self.at += 1;
                word.0.push(Part::Parameter { name, change: Change::None, quoted });
            }
            _ => {
                let name = self.plain_word();
                if name.is_empty() {
                    word.push("$", true);
                } else {
                    word.0.push(Part::Parameter { name, change: Change::None, quoted });
                }
            }
        }
        Ok(())
    }

    /// `$((…))`; nothing is read where it is a command in a subshell.
    fn arithmetic(&mut self) -> Parsed<Option<Word>> {
        let begin = self.at + 2;
        let mut open = 0_usize;
        for (offset, byte) in self.text.as_bytes()[begin..].iter().enumerate() {
            match byte {
                b'(' => open += 1,
                b')' if open > 0 => open -= 1,
                b')' => {
                    let end = begin + offset;
                    if self.text.as_bytes().get(end + 1) != Some(&b')') {
                        return Ok(None);
                    }
                    let word = here_text(&self.text[begin..end], self.depth + 1)?;
                    self.at = end + 2;
                    return Ok(Some(word));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    fn braces(&mut self, quoted: bool) -> Parsed<Part> {
        const BAD: &str = "Bad substitution";
        self.depth += 1;
        if self.depth > super::DEPTH {
            return Err("Syntax error: nested too deep".to_owned());
        }
        let length = self.peek() == Some(b'#')
            && !matches!(self.ahead(1), Some(b'}' | b'#' | b'%' | b':' | b'-' | b'=' | b'?' | b'+'));
        if length {
            self.at += 1;
        }
        let mut name = self.plain_word();
        if name.is_empty()
            && let Some(byte) = self.peek().filter(|byte| b"@*#?$!-".contains(byte))
        {
            name.push(char::from(byte));
            self.at += 1;
        }
        let special = name.len() == 1 && !name.starts_with(|one: char| one.is_ascii_alphanumeric() || one == '_');
        if !(is_name(&name) || special || (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit()))) {
            return Err(BAD.to_owned());
        }
        let change = if length {
            Change::Length
        } else if self.peek() == Some(b'}') {
            Change::None
        } else {
            let empty_too = self.peek() == Some(b':');
            self.at += usize::from(empty_too);
            let sign = self.peek().map(char::from).unwrap_or_default();
            self.at += 1;
            match sign {
                '-' | '=' | '?' | '+' => Change::Default { sign, empty_too, word: self.until_brace(quoted)? },
                '#' | '%' if !empty_too => {
                    let longest = self.peek() == Some(sign as u8);
                    self.at += usize::from(longest);
                    Change::Strip { front: sign == '#', longest, pattern: self.until_brace(false)? }
                }
                _ => return Err(BAD.to_owned()),
            }
        };
        if self.peek() != Some(b'}') {
            return Err("Syntax error: Missing '}'".to_owned());
        }
        self.at += 1;
        self.depth -= 1;
        Ok(Part::Parameter { name, change, quoted })
    }

    /// The word inside braces. Inside double quotes single quotes mean nothing.
    fn until_brace(&mut self, quoted: bool) -> Parsed<Word> {
        let mut word = Word::default();
        loop {
            match self.peek() {
                None => return Err("Syntax error: Missing '}'".to_owned()),
                Some(b'}') => return Ok(word),
                Some(b'"') => {
                    self.at += 1;
                    let before = word.0.len();
                    self.inside_quotes(&mut word, Some(b'"'))?;
                    if word.0.len() == before {
                        word.push("", true);
                    }
                }
                Some(b'\\') if quoted => {
                    let next = self.text[self.at + 1..].chars().next().unwrap_or('\\');
                    let kept = if "$`\"\\}".contains(next) { "" } else { "\\" };
                    word.push(&format!("{kept}{next}"), true);
                    self.at = (self.at + 1 + next.len_utf8()).min(self.text.len());
                }
                Some(b'\'') if quoted => {
                    word.push("'", true);
                    self.at += 1;
                }
                Some(b'$') => self.dollar(&mut word, quoted)?,
                Some(b'`') => self.backquotes(&mut word, quoted)?,
                Some(b'\'' | b'\\') => self.piece(&mut word)?,
                Some(_) => {
                    let rest = &self.text[self.at..];
                    let length = rest
                        .char_indices()
                        .find(|(at, one)| *at > 0 && "}\"\\'$`".contains(*one))
                        .map_or(rest.len(), |(at, _)| at);
                    word.push(&rest[..length], quoted);
                    self.at += length;
                }
            }
        }
    }
}
