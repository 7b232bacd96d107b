//! `sed`: addresses, `s`, `d`, `p`, `q`, `=`, `a`, `i`, `c`, `y` and blocks.

use std::sync::Arc;

use regex::bytes::Regex;

use super::{Call, options::Options, text::lines, transform::expression};

#[derive(Debug, Clone)]
enum Address {
    Line(usize),
    Last,
    Fits(Arc<Regex>),
}

#[derive(Debug, Clone)]
enum Action {
    Delete,
    Print,
    Quit,
    Number,
    Append(String),
    Insert(String),
    Change(String),
    Substitute { regex: Arc<Regex>, with: Vec<Piece>, all: bool, print: bool, which: usize },
    Block(Vec<Command>),
}

/// A piece of what is put in place.
#[derive(Debug, Clone)]
enum Piece {
    Text(Vec<u8>),
    Group(usize),
}

#[derive(Debug, Clone)]
struct Command {
    from: Option<Address>,
    to: Option<Address>,
    negated: bool,
    action: Action,
    /// The number of a range, which is open or not.
    range: usize,
}

struct Reader<'a> {
    letters: Vec<char>,
    at: usize,
    extended: bool,
    ranges: &'a mut usize,
    depth: u32,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    fn skip(&mut self, letters: &str) {
        while self.peek().is_some_and(|one| letters.contains(one)) {
            self.at += 1;
        }
    }

    /// Up to `end`; a backslash before it takes its meaning away, one before others stays.
    fn until(&mut self, end: char) -> Result<String, String> {
        let mut text = String::new();
        let mut inside = false;
        loop {
            let one = self.peek().ok_or("unterminated address regex")?;
            self.at += 1;
            match one {
                '\\' if !inside => {
                    let next = self.peek().ok_or("unterminated address regex")?;
                    self.at += 1;
                    if next != end || "*[]^$.".contains(end) {
                        text.push('\\');
                    }
                    text.push(next);
                }
                '[' if !inside && end != '[' => {
                    inside = true;
                    text.push(one);
                    // A bracket that stands first belongs to the set.
                    if self.peek() == Some('^') {
                        text.push('^');
                        self.at += 1;
                    }
                    if self.peek() == Some(']') {
                        text.push(']');
                        self.at += 1;
                    }
                }
                ']' if inside => {
                    inside = text.ends_with(':') && text.rfind("[:").is_some_and(|begin| !text[begin..].contains(":]"));
                    text.push(one);
                }
                one if one == end && !inside => return Ok(text),
                one => text.push(one),
            }
        }
    }

    fn address(&mut self) -> Result<Option<Address>, String> {
        match self.peek() {
            Some('$') => {
                self.at += 1;
                Ok(Some(Address::Last))
            }
            Some(one) if one.is_ascii_digit() => {
                let mut number = String::new();
                while let Some(digit) = self.peek().filter(char::is_ascii_digit) {
                    number.push(digit);
                    self.at += 1;
                }
                Ok(Some(Address::Line(number.parse().map_err(|_| "bad number")?)))
            }
            Some('/' | '\\') => {
                if self.peek() == Some('\\') {
                    self.at += 1;
                }
                let end = self.peek().ok_or("unterminated address regex")?;
                self.at += 1;
                let pattern = self.until(end)?;
                let any_case = self.peek() == Some('I');
                self.at += usize::from(any_case);
                Ok(Some(Address::Fits(expression(&pattern, self.extended, any_case)?)))
            }
            _ => Ok(None),
        }
    }

    fn commands(&mut self, inside: bool) -> Result<Vec<Command>, String> {
        let mut commands = Vec::new();
        self.depth += 1;
        if self.depth > 20 {
            return Err("nested too deep".to_owned());
        }
        loop {
            self.skip(" \t\n;");
            match self.peek() {
                None if inside => return Err("unmatched `{'".to_owned()),
                None => return Ok(commands),
                Some('}') if inside => {
                    self.at += 1;
                    self.depth -= 1;
                    return Ok(commands);
                }
                Some('#') => {
                    while self.peek().is_some_and(|one| one != '\n') {
                        self.at += 1;
                    }
                }
                _ => commands.push(self.command()?),
            }
        }
    }

    fn command(&mut self) -> Result<Command, String> {
        let from = self.address()?;
        let mut to = None;
        self.skip(" \t");
        if from.is_some() && self.peek() == Some(',') {
            self.at += 1;
            self.skip(" \t");
            to = Some(self.address()?.ok_or("unexpected `,'")?);
        }
        self.skip(" \t");
        let negated = self.peek() == Some('!');
        self.skip("! \t");
        let name = self.peek().ok_or("missing command")?;
        self.at += 1;
        let action = match name {
            'd' => Action::Delete,
            'p' => Action::Print,
            'q' => Action::Quit,
            '=' => Action::Number,
            's' => self.substitute()?,
            '{' => Action::Block(self.commands(true)?),
            'a' => Action::Append(self.text()),
            'i' => Action::Insert(self.text()),
            'c' => Action::Change(self.text()),
            other => return Err(format!("unknown command: `{other}'")),
        };
        if !matches!(action, Action::Block(_)) {
            self.skip(" \t");
            if !matches!(self.peek(), None | Some(';' | '\n' | '}' | '#')) {
                return Err("extra characters after command".to_owned());
            }
        }
        *self.ranges += 1;
        Ok(Command { from, to, negated, action, range: *self.ranges - 1 })
    }

    fn text(&mut self) -> String {
        self.skip(" \t");
        if self.peek() == Some('\\') {
            self.at += 1;
            self.skip(" \t");
            if self.peek() == Some('\n') {
                self.at += 1;
            }
        }
        let mut text = String::new();
        while let Some(one) = self.peek().filter(|one| *one != '\n') {
            self.at += 1;
            if one == '\\' {
                text.extend(self.peek());
                self.at += 1;
            } else {
                text.push(one);
            }
        }
        text
    }

    fn substitute(&mut self) -> Result<Action, String> {
        let end = self.peek().filter(|one| *one != '\\' && *one != '\n').ok_or("unterminated `s' command")?;
        self.at += 1;
        let unterminated = |_: String| "unterminated `s' command".to_owned();
        let pattern = self.until(end).map_err(unterminated)?;
        let mut with = vec![Piece::Text(Vec::new())];
        let push = |with: &mut Vec<Piece>, one: char| {
            if !matches!(with.last(), Some(Piece::Text(_))) {
                with.push(Piece::Text(Vec::new()));
            }
            if let Some(Piece::Text(text)) = with.last_mut() {
                text.extend(one.encode_utf8(&mut [0; 4]).bytes());
            }
        };
        loop {
            let one = self.peek().ok_or("unterminated `s' command")?;
            self.at += 1;
            match one {
                '\\' => {
                    let next = self.peek().ok_or("unterminated `s' command")?;
                    self.at += 1;
                    match next {
                        digit if digit.is_ascii_digit() => {
                            with.push(Piece::Group(digit.to_digit(10).unwrap_or_default() as usize));
                        }
                        'n' => push(&mut with, '\n'),
                        't' => push(&mut with, '\t'),
                        other => push(&mut with, other),
                    }
                }
                '&' => with.push(Piece::Group(0)),
                one if one == end => break,
                one => push(&mut with, one),
            }
        }
        let (mut all, mut print, mut any_case, mut which) = (false, false, false, 1);
        while let Some(flag) = self.peek() {
            match flag {
                'g' => all = true,
                'p' => print = true,
                'i' | 'I' => any_case = true,
                digit if digit.is_ascii_digit() && digit != '0' => which = digit.to_digit(10).unwrap_or(1) as usize,
                _ => break,
            }
            self.at += 1;
        }
        Ok(Action::Substitute { regex: expression(&pattern, self.extended, any_case)?, with, all, print, which })
    }
}

/// How the commands end for a line.
#[derive(PartialEq, Eq)]
enum LineEnd {
    Deleted,
    Printed,
    Quit,
}

struct Editor {
    quiet: bool,
    open: Vec<bool>,
    output: Vec<u8>,
    behind: Vec<u8>,
}

impl Editor {
    fn applies(&mut self, command: &Command, line: &[u8], number: usize, last: bool) -> bool {
        let fits = |address: &Address| match address {
            Address::Line(line) => *line == number,
            Address::Last => last,
            Address::Fits(regex) => regex.is_match(line),
        };
        let chosen = match (&command.from, &command.to) {
            (None, _) => true,
            (Some(from), None) => fits(from),
            (Some(from), Some(to)) => {
                if self.open[command.range] {
                    let ends = match to {
                        Address::Line(line) => number >= *line,
                        other => fits(other),
                    };
                    self.open[command.range] = !ends;
                    true
                } else {
                    let begins = fits(from);
                    let over = matches!(to, Address::Line(line) if *line <= number);
                    self.open[command.range] = begins && !over;
                    begins
                }
            }
        };
        chosen != command.negated
    }

    fn run(&mut self, commands: &[Command], line: &mut Vec<u8>, number: usize, last: bool) -> LineEnd {
        for command in commands {
            if !self.applies(command, line, number, last) {
                continue;
            }
            let put = |output: &mut Vec<u8>, text: &[u8]| {
                output.extend_from_slice(text);
                output.push(b'\n');
            };
            match &command.action {
                Action::Delete => return LineEnd::Deleted,
                Action::Print => put(&mut self.output, line),
                Action::Quit => return LineEnd::Quit,
                Action::Number => put(&mut self.output, number.to_string().as_bytes()),
                Action::Append(text) => put(&mut self.behind, text.as_bytes()),
                Action::Insert(text) => put(&mut self.output, text.as_bytes()),
                Action::Change(text) => {
                    put(&mut self.output, text.as_bytes());
                    return LineEnd::Deleted;
                }
                Action::Substitute { regex, with, all, print, which } => {
                    let changed = substituted(line, regex, with, *all, *which);
                    if let Some(changed) = changed {
                        *line = changed;
                        if *print {
                            put(&mut self.output, line);
                        }
                    }
                }
                Action::Block(inside) => match self.run(inside, line, number, last) {
                    LineEnd::Printed => {}
                    other => return other,
                },
            }
        }
        LineEnd::Printed
    }

    fn edit(&mut self, commands: &[Command], bytes: &[u8]) -> bool {
        let all = lines(bytes);
        let complete = bytes.is_empty() || bytes.ends_with(b"\n");
        for (index, text) in all.iter().enumerate() {
            let mut line = text.to_vec();
            let last = index + 1 == all.len();
            let end = self.run(commands, &mut line, index + 1, last);
            if end != LineEnd::Deleted && !self.quiet {
                self.output.extend(&line);
                if complete || !last {
                    self.output.push(b'\n');
                }
            }
            let behind = std::mem::take(&mut self.behind);
            self.output.extend(behind);
            if end == LineEnd::Quit {
                return true;
            }
        }
        false
    }
}

fn substituted(line: &[u8], regex: &Regex, with: &[Piece], all: bool, which: usize) -> Option<Vec<u8>> {
    let mut done = Vec::new();
    let mut at = 0;
    let mut count = 0;
    for found in regex.captures_iter(line) {
        let Some(whole) = found.get(0) else { continue };
        count += 1;
        if count < which {
            continue;
        }
        done.extend_from_slice(&line[at..whole.start()]);
        for piece in with {
            match piece {
                Piece::Text(text) => done.extend(text),
                Piece::Group(number) => done.extend(found.get(*number).map_or(&b""[..], |group| group.as_bytes())),
            }
        }
        at = whole.end();
        if !all {
            break;
        }
    }
    if count < which {
        return None;
    }
    done.extend_from_slice(&line[at..]);
    Some(done)
}

pub(super) fn sed(call: &mut Call<'_>) {
    // `-i` takes a suffix only where it is joined to it.
    let in_place = call.words.iter().any(|word| word == "-i" || word.starts_with("--in-place") || word == "-ni");
    let words: Vec<String> = call.words.iter().filter(|word| *word != "-i").cloned().collect();
    let mut options = Options::read(&words, "e f expression file", false);
    let mut scripts: Vec<String> = options.values(&["e", "expression"]).map(str::to_owned).collect();
    let files: Vec<String> = options.values(&["f", "file"]).map(str::to_owned).collect();
    for file in &files {
        match call.read(file) {
            Ok(bytes) => scripts.push(String::from_utf8_lossy(&bytes).into_owned()),
            Err(refusal) => return call.complains(&format!("couldn't open file {file}: {refusal}"), 1),
        }
    }
    if scripts.is_empty() {
        if options.rest.is_empty() {
            return call.complains("no script", 1);
        }
        scripts.push(options.rest.remove(0));
    }
    let mut ranges = 0;
    let extended = options.has(&["E", "r", "regexp-extended"]);
    let mut reader =
        Reader { letters: scripts.join("\n").chars().collect(), at: 0, extended, ranges: &mut ranges, depth: 0 };
    let commands = match reader.commands(false) {
        Ok(commands) => commands,
        Err(words) => return call.complains(&format!("-e expression #1, char {}: {words}", reader.at), 1),
    };
    let editor = || Editor {
        quiet: options.has(&["n", "quiet", "silent"]),
        open: vec![false; ranges],
        output: Vec::new(),
        behind: Vec::new(),
    };
    if in_place {
        for file in &options.rest {
            let path = call.path(file);
            let result = call.read(file).and_then(|bytes| {
                let mut editor = editor();
                editor.edit(&commands, &bytes);
                call.system(|system| system.contents.write(&path, &editor.output, 0o644))
            });
            match result {
                Ok(()) => {}
                Err(crate::guest::disk::Refusal::Missing) => {
                    call.complains(&format!("can't read {file}: No such file or directory"), 2);
                }
                Err(refusal) => call.complains(&format!("couldn't open temporary file {file}: {refusal}"), 4),
            }
        }
        return;
    }
    let rest = options.rest.clone();
    let mut bytes = Vec::new();
    for (_, more) in call.read_all(&rest) {
        bytes.extend(more);
    }
    if call.code != 0 {
        call.code = 2;
    }
    let mut editor = editor();
    editor.edit(&commands, &bytes);
    call.say(editor.output);
}
