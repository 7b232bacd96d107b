//! As much of shell syntax as is needed to see which commands a script names.

use std::collections::BTreeMap;

/// How a command is tied to what came before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tie {
    /// Runs in any case.
    Plain,
    /// Runs only when what came before failed (`||`).
    OnFailure,
    /// Reads what came before (`|`).
    Pipe,
}

/// A simple command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) words: Vec<String>,
    pub(super) tie: Tie,
    /// Ended by `&`.
    pub(super) background: bool,
    /// Inside `if`, a loop, `case` or a function body.
    pub(super) nested: bool,
    /// Lines of its here-document.
    pub(super) input: Option<String>,
    /// Files that its output goes to.
    pub(super) redirects: Vec<String>,
}

/// Splits `script` into simple commands, with quotes, comments, continuations, here-documents and variables resolved.
pub(super) fn commands(script: &str, variables: &mut BTreeMap<String, String>) -> Vec<Command> {
    let mut parser = Parser {
        text: script.replace("\\\r\n", " ").replace("\\\n", " ").replace("\r\n", "\n").chars().collect(),
        at: 0,
        depth: 0,
        tie: Tie::Plain,
        words: Vec::new(),
        here: Vec::new(),
        redirects: Vec::new(),
        done: Vec::new(),
        pending: Vec::new(),
    };
    parser.run(variables);
    parser.done
}

struct Parser {
    text: Vec<char>,
    at: usize,
    depth: usize,
    tie: Tie,
    words: Vec<String>,
    /// Ends of here-documents that the current command reads.
    here: Vec<String>,
    redirects: Vec<String>,
    done: Vec<Command>,
    /// Commands of this line that wait for a here-document, with its end.
    pending: Vec<(usize, String)>,
}

impl Parser {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).copied()
    }

    fn run(&mut self, variables: &mut BTreeMap<String, String>) {
        while let Some(character) = self.peek(0) {
            match character {
                '\n' => {
                    self.finish(false, variables);
                    self.tie = Tie::Plain;
                    self.at += 1;
                    self.here_documents();
                }
                ' ' | '\t' => self.at += 1,
                '#' => {
                    while self.peek(0).is_some_and(|character| character != '\n') {
                        self.at += 1;
                    }
                }
                ';' => self.separator(1, Tie::Plain, false, variables),
                '&' if self.peek(1) == Some('&') => self.separator(2, Tie::Plain, false, variables),
                '|' if self.peek(1) == Some('|') => self.separator(2, Tie::OnFailure, false, variables),
                '|' => self.separator(1, Tie::Pipe, false, variables),
                '&' if self.peek(1) == Some('>') => {
                    self.at += 1;
                    self.redirect(variables);
                }
                '&' => self.separator(1, Tie::Plain, true, variables),
                '(' | ')' => {
                    let subshell_ends = character == ')';
                    self.at += 1;
                    self.finish(false, variables);
                    if subshell_ends && self.trailing_ampersand() {
                        self.mark_background();
                    }
                }
                '<' if self.peek(1) == Some('<') => self.here_start(variables),
                '>' | '<' => self.redirect(variables),
                _ => {
                    let word = self.word(variables);
                    let descriptor = word.chars().all(|character| character.is_ascii_digit());
                    if !(descriptor && matches!(self.peek(0), Some('>' | '<'))) {
                        self.words.push(word);
                    }
                }
            }
        }
        self.finish(false, variables);
    }

    fn trailing_ampersand(&self) -> bool {
        let mut ahead = 0;
        while matches!(self.peek(ahead), Some(' ' | '\t' | '>' | '<' | '/' | '1' | '2' | 'a'..='z' | '-')) {
            ahead += 1;
        }
        self.peek(ahead) == Some('&') && self.peek(ahead + 1) != Some('&')
    }

    /// The last commands were a subshell in the background.
    fn mark_background(&mut self) {
        if let Some(last) = self.done.last_mut() {
            last.background = true;
        }
        for command in self.done.iter_mut().rev().take_while(|command| command.tie == Tie::Plain).take(8) {
            command.background = true;
        }
    }

    fn separator(&mut self, length: usize, next: Tie, background: bool, variables: &mut BTreeMap<String, String>) {
        self.at += length;
        self.finish(background, variables);
        self.tie = next;
    }

    fn here_start(&mut self, variables: &mut BTreeMap<String, String>) {
        self.at += 2;
        if matches!(self.peek(0), Some('-' | '<')) {
            self.at += 1;
        }
        while self.peek(0) == Some(' ') {
            self.at += 1;
        }
        let end = self.word(variables);
        self.here.push(end);
    }

    fn redirect(&mut self, variables: &mut BTreeMap<String, String>) {
        while matches!(self.peek(0), Some('>' | '<' | '|')) {
            self.at += 1;
        }
        if self.peek(0) == Some('&') {
            self.at += 1;
            self.word(variables);
            return;
        }
        while self.peek(0) == Some(' ') {
            self.at += 1;
        }
        let target = self.word(variables);
        self.redirects.push(target);
    }

    fn here_documents(&mut self) {
        for (index, end) in std::mem::take(&mut self.pending) {
            let mut body = String::new();
            while self.at < self.text.len() {
                let mut line = String::new();
                while let Some(character) = self.peek(0) {
                    self.at += 1;
                    if character == '\n' {
                        break;
                    }
                    line.push(character);
                }
                if line.trim() == end {
                    break;
                }
                body.push_str(&line);
                body.push('\n');
            }
            if let Some(command) = self.done.get_mut(index) {
                command.input.get_or_insert_default().push_str(&body);
            }
        }
    }

    fn finish(&mut self, background: bool, variables: &mut BTreeMap<String, String>) {
        let mut words = std::mem::take(&mut self.words);
        let redirects = std::mem::take(&mut self.redirects);
        let here = std::mem::take(&mut self.here);
        if let [word, name, within, .., last] = words.as_slice()
            && (word.as_str(), within.as_str()) == ("for", "in")
        {
            // As after the loop's last round.
            variables.insert(name.clone(), last.clone());
        }
        while let Some(first) = words.first() {
            match first.as_str() {
                "if" | "while" | "until" | "for" | "case" | "{" => self.depth += 1,
                "fi" | "done" | "esac" | "}" => self.depth = self.depth.saturating_sub(1),
                "then" | "else" | "elif" | "do" | "!" | "sudo" | "exec" | "command" | "time" => {}
                assignment if assigns(assignment) => {
                    if let Some((name, value)) = assignment.split_once('=') {
                        variables.insert(name.to_owned(), value.to_owned());
                    }
                }
                _ => break,
            }
            words.remove(0);
        }
        if words.is_empty() && redirects.is_empty() && here.is_empty() {
            return;
        }
        let index = self.done.len();
        self.pending.extend(here.into_iter().map(|end| (index, end)));
        let nested = self.depth > 0;
        self.done.push(Command { words, tie: self.tie, background, nested, input: None, redirects });
    }

    /// One word without its quotes.
    fn word(&mut self, variables: &BTreeMap<String, String>) -> String {
        let mut word = String::new();
        while let Some(character) = self.peek(0) {
            match character {
                ' ' | '\t' | '\n' | ';' | '&' | '|' | '(' | ')' | '<' | '>' => break,
                '\'' => {
                    self.at += 1;
                    while let Some(quoted) = self.peek(0) {
                        self.at += 1;
                        if quoted == '\'' {
                            break;
                        }
                        word.push(quoted);
                    }
                }
                '"' => {
                    self.at += 1;
                    self.double_quoted(&mut word, variables);
                }
                '\\' => {
                    word.extend(self.peek(1));
                    self.at += 2;
                }
                '$' => self.expand(&mut word, variables),
                _ => {
                    word.push(character);
                    self.at += 1;
                }
            }
        }
        word
    }

    fn double_quoted(&mut self, word: &mut String, variables: &BTreeMap<String, String>) {
        while let Some(quoted) = self.peek(0) {
            match quoted {
                '"' => {
                    self.at += 1;
                    return;
                }
                '\\' if matches!(self.peek(1), Some('"' | '\\' | '$' | '`')) => {
                    word.extend(self.peek(1));
                    self.at += 2;
                }
                '$' => self.expand(word, variables),
                _ => {
                    word.push(quoted);
                    self.at += 1;
                }
            }
        }
    }

    /// `$name`, `${name}`, `$(command)`: a command substitution becomes the last plain word of its first command.
    fn expand(&mut self, word: &mut String, variables: &BTreeMap<String, String>) {
        self.at += 1;
        match self.peek(0) {
            Some('(') => {
                let mut depth = 0_usize;
                let mut inner = String::new();
                while let Some(character) = self.peek(0) {
                    self.at += 1;
                    match character {
                        '(' => depth += 1,
                        ')' => depth -= 1,
                        _ => {}
                    }
                    if depth == 0 {
                        break;
                    }
                    inner.push(character);
                }
                let plain = inner.trim_start_matches('(').split(['|', ';', '&', '>']).next().unwrap_or_default();
                if let Some(last) = plain.split_whitespace().rfind(|part| !part.starts_with('-')) {
                    let last = last.trim_matches(['"', '\'']);
                    let content = variables.get(last).filter(|_| plain.trim_start().starts_with("cat "));
                    word.push_str(content.map_or(last, |content| content.trim_end()));
                }
            }
            Some('{') => {
                self.at += 1;
                let mut name = String::new();
                while let Some(character) = self.peek(0) {
                    self.at += 1;
                    if character == '}' {
                        break;
                    }
                    name.push(character);
                }
                let plain: String = name.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                match variables.get(&plain) {
                    Some(value) => word.push_str(value),
                    None => word.extend(name.split_once(":-").map(|(_, default)| default)),
                }
            }
            _ => {
                let mut name = String::new();
                while let Some(character) = self.peek(0).filter(|c| c.is_ascii_alphanumeric() || *c == '_') {
                    name.push(character);
                    self.at += 1;
                }
                if let Some(value) = variables.get(&name) {
                    word.push_str(value);
                } else {
                    word.push('$');
                    word.push_str(&name);
                }
            }
        }
    }
}

fn assigns(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && !name.starts_with(|first: char| first.is_ascii_digit())
            && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
    })
}
