//! From text to syntax. What dash refuses is refused; bash's own forms are not known.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use super::syntax::{Command, Compound, Item, List, Pipeline, Redirect, RedirectKind, Simple, Word};

mod word;

/// How deep a script may be nested.
const DEPTH: usize = 40;

/// A whole script: what can be run, and where the grammar ends it early.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) list: List,
    /// Line and words.
    pub(crate) error: Option<(usize, String)>,
}

/// Scripts that were read before: guests run the same ones again and again.
static KNOWN: LazyLock<Mutex<BTreeMap<String, Arc<Script>>>> = LazyLock::new(Mutex::default);

/// How many scripts are kept.
const KEPT: usize = 200;

/// Reads a script.
pub(crate) fn parse(text: &str) -> Arc<Script> {
    if let Some(script) = KNOWN.lock().unwrap_or_else(PoisonError::into_inner).get(text) {
        return script.clone();
    }
    let script = Arc::new(read(text));
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= KEPT {
        known.clear();
    }
    known.insert(text.to_owned(), script.clone());
    script
}

fn read(text: &str) -> Script {
    let mut parser = Parser::new(text, 0);
    let mut list = List::new();
    loop {
        match parser.line(&mut list) {
            Ok(true) => {}
            Ok(false) => break,
            Err(message) => {
                let line = text.as_bytes()[..parser.at.min(text.len())].split(|byte| *byte == b'\n').count();
                parser.fill(&mut list);
                return Script { list, error: Some((line, message)) };
            }
        }
    }
    parser.fill(&mut list);
    Script { list, error: None }
}

type Parsed<T> = Result<T, String>;

struct Parser<'a> {
    text: &'a str,
    at: usize,
    /// Here-documents of this line, whose text begins with the next one: number, end, quoted, without tabs.
    pending: Vec<(usize, String, bool, bool)>,
    /// The texts of here-documents, by number.
    here: Vec<Word>,
    depth: usize,
    /// `;` or `&` stood behind the last item.
    separated: bool,
}

const RESERVED: [&str; 16] =
    ["!", "{", "}", "case", "do", "done", "elif", "else", "esac", "fi", "for", "if", "in", "then", "until", "while"];

/// Signs of redirections, the longest first.
const SIGNS: [(&str, u32, RedirectKind); 9] = [
    ("<<-", 0, RedirectKind::Here),
    ("<<", 0, RedirectKind::Here),
    ("<>", 0, RedirectKind::ReadWrite),
    ("<&", 0, RedirectKind::Duplicate),
    (">&", 1, RedirectKind::Duplicate),
    (">>", 1, RedirectKind::Append),
    (">|", 1, RedirectKind::Write),
    ("<", 0, RedirectKind::Read),
    (">", 1, RedirectKind::Write),
];

/// Reserved words that end the list before them.
const ENDS: [&str; 8] = ["}", "do", "done", "elif", "else", "esac", "fi", "then"];

pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(|one| one.is_ascii_alphanumeric() || one == '_')
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, depth: usize) -> Self {
        Self { text, at: 0, pending: Vec::new(), here: Vec::new(), depth, separated: false }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn ahead(&self, count: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + count).copied()
    }

    fn starts(&self, with: &str) -> bool {
        self.text.as_bytes()[self.at..].starts_with(with.as_bytes())
    }

    /// Blanks, comments and continued lines.
    fn skip_blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r') => self.at += 1,
                Some(b'\\') if self.ahead(1) == Some(b'\n') => self.at += 2,
                Some(b'#') => {
                    while self.peek().is_some_and(|byte| byte != b'\n') {
                        self.at += 1;
                    }
                }
                _ => return,
            }
        }
    }

    fn newline(&mut self) -> Parsed<()> {
        self.at += 1;
        for (number, end, quoted, tabs) in std::mem::take(&mut self.pending) {
            self.here_document(number, &end, quoted, tabs)?;
        }
        Ok(())
    }

    fn skip_newlines(&mut self) -> Parsed<()> {
        loop {
            self.skip_blanks();
            if self.peek() != Some(b'\n') {
                return Ok(());
            }
            self.newline()?;
        }
    }

    fn here_document(&mut self, number: usize, end: &str, quoted: bool, tabs: bool) -> Parsed<()> {
        let mut body = String::new();
        while self.at < self.text.len() {
            let rest = &self.text[self.at..];
            let length = rest.find('\n').map_or(rest.len(), |found| found + 1);
            let line = &rest[..length];
            self.at += length;
            let shown = if tabs { line.trim_start_matches('\t') } else { line };
            if shown.trim_end_matches('\n') == end {
                break;
            }
            body.push_str(shown);
        }
        let word = if quoted { Word::quoted(body) } else { word::here_text(&body, self.depth)? };
        self.here[number] = word;
        Ok(())
    }

    /// The word that is being read, where it is reserved.
    fn reserved(&self) -> Option<&'static str> {
        RESERVED.into_iter().find(|word| {
            self.starts(word) && self.ahead(word.len()).is_none_or(|next| b" \t\r\n;&|()<>".contains(&next))
        })
    }

    fn take_reserved(&mut self, word: &str) -> bool {
        self.skip_blanks();
        let there = self.reserved() == Some(word);
        if there {
            self.at += word.len();
        }
        there
    }

    fn expect(&mut self, word: &str) -> Parsed<()> {
        self.skip_newlines()?;
        if self.take_reserved(word) { Ok(()) } else { Err(self.unexpected(Some(word))) }
    }

    fn unexpected(&self, expecting: Option<&str>) -> String {
        let rest = &self.text[self.at..];
        let found = if rest.is_empty() {
            "end of file unexpected".to_owned()
        } else if rest.starts_with('\n') {
            "newline unexpected".to_owned()
        } else if let Some(sign) =
            ["&&", "||", ";;", ";", "&", "|", "(", ")", "<", ">"].into_iter().find(|sign| rest.starts_with(sign))
        {
            format!("\"{sign}\" unexpected")
        } else {
            let word: String = rest.chars().take_while(|one| !one.is_whitespace()).take(40).collect();
            match self.reserved() {
                Some(reserved) => format!("\"{reserved}\" unexpected"),
                None => format!("word unexpected: {word}"),
            }
        };
        match expecting {
            Some(word) => format!("Syntax error: {found} (expecting \"{word}\")"),
            None => format!("Syntax error: {found}"),
        }
    }

    /// One complete command with all that stands in its line; false at the end of the text.
    fn line(&mut self, list: &mut List) -> Parsed<bool> {
        self.skip_newlines()?;
        if self.peek().is_none() {
            return Ok(false);
        }
        loop {
            list.push(self.item()?);
            self.skip_blanks();
            match self.peek() {
                None => {
                    self.end_of_here_documents()?;
                    return Ok(false);
                }
                Some(b'\n') => {
                    self.newline()?;
                    return Ok(true);
                }
                _ if self.separated => {}
                _ => return Err(self.unexpected(None)),
            }
        }
    }

    fn end_of_here_documents(&mut self) -> Parsed<()> {
        for (number, end, quoted, tabs) in std::mem::take(&mut self.pending) {
            self.here_document(number, &end, quoted, tabs)?;
        }
        Ok(())
    }

    /// Items until a word or sign that ends the list.
    fn list(&mut self) -> Parsed<List> {
        let mut list = List::new();
        self.depth += 1;
        if self.depth > DEPTH {
            return Err("Syntax error: nested too deep".to_owned());
        }
        loop {
            self.skip_newlines()?;
            let ends = self.reserved().is_some_and(|word| ENDS.contains(&word));
            if ends || matches!(self.peek(), None | Some(b')')) || self.starts(";;") {
                self.depth -= 1;
                return Ok(list);
            }
            list.push(self.item()?);
            self.skip_blanks();
            let ended = matches!(self.peek(), None | Some(b'\n' | b')')) || self.starts(";;");
            if !ended && !self.separated {
                return Err(self.unexpected(None));
            }
        }
    }

    /// A list that must not be empty.
    fn body(&mut self) -> Parsed<List> {
        let list = self.list()?;
        if list.is_empty() { Err(self.unexpected(None)) } else { Ok(list) }
    }

    fn item(&mut self) -> Parsed<Item> {
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            self.skip_blanks();
            let and = self.starts("&&");
            if !and && !self.starts("||") {
                break;
            }
            self.at += 2;
            self.skip_newlines()?;
            rest.push((and, self.pipeline()?));
        }
        let background = self.peek() == Some(b'&');
        self.separated = background || (self.peek() == Some(b';') && self.ahead(1) != Some(b';'));
        self.at += usize::from(self.separated);
        Ok(Item { first, rest, background })
    }

    fn pipeline(&mut self) -> Parsed<Pipeline> {
        let mut negated = false;
        while self.take_reserved("!") {
            negated = !negated;
        }
        let mut commands = vec![self.command()?];
        loop {
            self.skip_blanks();
            if self.peek() != Some(b'|') || self.ahead(1) == Some(b'|') {
                return Ok(Pipeline { negated, commands });
            }
            self.at += 1;
            self.skip_newlines()?;
            commands.push(self.command()?);
        }
    }

    fn command(&mut self) -> Parsed<Command> {
        self.skip_blanks();
        self.depth += 1;
        if self.depth > DEPTH {
            return Err("Syntax error: nested too deep".to_owned());
        }
        let command = self.command_inside();
        self.depth -= 1;
        command
    }

    fn command_inside(&mut self) -> Parsed<Command> {
        let compound = if self.peek() == Some(b'(') {
            self.at += 1;
            let list = self.body()?;
            self.close()?;
            Compound::Subshell(list)
        } else {
            match self.reserved() {
                Some("{") => {
                    self.at += 1;
                    let list = self.body()?;
                    self.expect("}")?;
                    Compound::Group(list)
                }
                Some("if") => self.condition()?,
                Some("for") => self.for_loop()?,
                Some("case") => self.case()?,
                Some(word @ ("while" | "until")) => {
                    self.at += word.len();
                    let condition = self.body()?;
                    let body = self.done()?;
                    Compound::Loop { until: word == "until", condition, body }
                }
                Some(_) => return Err(self.unexpected(None)),
                None => return self.simple(),
            }
        };
        let mut redirects = Vec::new();
        loop {
            self.skip_blanks();
            match self.redirect()? {
                Some(redirect) => redirects.push(redirect),
                None => return Ok(Command::Compound(compound, redirects)),
            }
        }
    }

    fn close(&mut self) -> Parsed<()> {
        self.skip_newlines()?;
        if self.peek() != Some(b')') {
            return Err(self.unexpected(Some(")")));
        }
        self.at += 1;
        Ok(())
    }

    fn done(&mut self) -> Parsed<List> {
        self.expect("do")?;
        let body = self.body()?;
        self.expect("done")?;
        Ok(body)
    }

    fn condition(&mut self) -> Parsed<Compound> {
        self.at += 2;
        let mut arms = Vec::new();
        loop {
            let condition = self.body()?;
            self.expect("then")?;
            arms.push((condition, self.body()?));
            if self.take_reserved("elif") {
                continue;
            }
            let otherwise = if self.take_reserved("else") { Some(self.body()?) } else { None };
            self.expect("fi")?;
            return Ok(Compound::If { arms, otherwise });
        }
    }

    fn for_loop(&mut self) -> Parsed<Compound> {
        self.at += 3;
        self.skip_blanks();
        let name = self.plain_word();
        if !is_name(&name) {
            return Err("Syntax error: Bad for loop variable".to_owned());
        }
        self.skip_newlines()?;
        let mut words = None;
        if self.take_reserved("in") {
            let mut list = Vec::new();
            self.skip_blanks();
            while !matches!(self.peek(), None | Some(b';' | b'\n')) {
                match self.word()? {
                    Some(word) => list.push(word),
                    None => return Err(self.unexpected(None)),
                }
                self.skip_blanks();
            }
            words = Some(list);
        }
        self.skip_blanks();
        if self.peek() == Some(b';') {
            self.at += 1;
        }
        Ok(Compound::For { name, words, body: self.done()? })
    }

    fn case(&mut self) -> Parsed<Compound> {
        self.at += 4;
        self.skip_blanks();
        let Some(word) = self.word()? else { return Err(self.unexpected(None)) };
        self.expect("in")?;
        let mut arms = Vec::new();
        loop {
            self.skip_newlines()?;
            if self.take_reserved("esac") {
                return Ok(Compound::Case { word, arms });
            }
            if self.peek() == Some(b'(') {
                self.at += 1;
            }
            let mut patterns = Vec::new();
            loop {
                self.skip_blanks();
                let Some(pattern) = self.word()? else { return Err(self.unexpected(Some(")"))) };
                patterns.push(pattern);
                self.skip_blanks();
                if self.peek() != Some(b'|') {
                    break;
                }
                self.at += 1;
            }
            self.close()?;
            let body = self.list()?;
            arms.push((patterns, body));
            self.skip_newlines()?;
            if self.starts(";;") {
                self.at += 2;
            } else if self.reserved() != Some("esac") {
                return Err(self.unexpected(Some(";;")));
            }
        }
    }

    /// Letters, digits and the like, without quotes or expansions.
    fn plain_word(&mut self) -> String {
        let rest = &self.text[self.at..];
        let length = rest.find(|one: char| !(one.is_ascii_alphanumeric() || one == '_')).unwrap_or(rest.len());
        self.at += length;
        rest[..length].to_owned()
    }

    fn simple(&mut self) -> Parsed<Command> {
        let mut simple = Simple::default();
        let begin = self.at;
        loop {
            self.skip_blanks();
            if let Some(redirect) = self.redirect()? {
                simple.redirects.push(redirect);
                continue;
            }
            if simple.words.is_empty()
                && let Some((name, value)) = self.assignment()?
            {
                simple.assignments.push((name, value));
                continue;
            }
            let Some(word) = self.word()? else { break };
            simple.words.push(word);
            if simple.words.len() == 1
                && simple.assignments.is_empty()
                && simple.redirects.is_empty()
                && self.function_head()
            {
                let name = self.text[begin..].split(['(', ' ', '\t']).next().unwrap_or_default().to_owned();
                self.skip_newlines()?;
                let body = self.command()?;
                return Ok(Command::Function(name, Arc::new(body)));
            }
        }
        if simple == Simple::default() {
            return Err(self.unexpected(None));
        }
        Ok(Command::Simple(simple))
    }

    /// `()` behind a name was read.
    fn function_head(&mut self) -> bool {
        let before = self.at;
        self.skip_blanks();
        if self.peek() == Some(b'(') {
            self.at += 1;
            self.skip_blanks();
            if self.peek() == Some(b')') {
                self.at += 1;
                return true;
            }
        }
        self.at = before;
        false
    }

    fn assignment(&mut self) -> Parsed<Option<(String, Word)>> {
        let before = self.at;
        let name = self.plain_word();
        if !is_name(&name) || self.peek() != Some(b'=') {
            self.at = before;
            return Ok(None);
        }
        self.at += 1;
        let value = self.word()?.unwrap_or_default();
        Ok(Some((name, value)))
    }

    fn redirect(&mut self) -> Parsed<Option<Redirect>> {
        let digits = self.text.as_bytes()[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !matches!(self.ahead(digits), Some(b'<' | b'>')) || digits > 3 {
            return Ok(None);
        }
        let given: Option<u32> = self.text[self.at..self.at + digits].parse().ok();
        self.at += digits;
        let Some((sign, usual, kind)) = SIGNS.into_iter().find(|(sign, ..)| self.starts(sign)) else { return Ok(None) };
        self.at += sign.len();
        self.skip_blanks();
        let begin = self.at;
        let Some(target) = self.word()? else { return Err(self.unexpected(None)) };
        let descriptor = given.unwrap_or(usual);
        if kind != RedirectKind::Here {
            return Ok(Some(Redirect { descriptor, kind, target }));
        }
        let written = &self.text[begin..self.at];
        let quoted = written.contains(['\'', '"', '\\']);
        let end = written.replace(['\'', '"', '\\'], "");
        let number = self.here.len();
        self.here.push(Word::default());
        self.pending.push((number, end, quoted, sign == "<<-"));
        // The text comes later; until then its number stands for it.
        Ok(Some(Redirect { descriptor, kind, target: Word::quoted(number.to_string()) }))
    }

    /// Puts the texts of here-documents where their numbers stand.
    fn fill(&mut self, list: &mut List) {
        if !self.here.is_empty() {
            let here = std::mem::take(&mut self.here);
            fill::list(list, &here);
        }
    }
}

mod fill {
    //! Here-documents find their places.

    use std::sync::Arc;

    use super::super::syntax::{Change, Command, Compound, List, Part, Redirect, RedirectKind, Word};

    pub(super) fn list(items: &mut List, here: &[Word]) {
        for item in items {
            for pipeline in std::iter::once(&mut item.first).chain(item.rest.iter_mut().map(|(_, pipeline)| pipeline)) {
                pipeline.commands.iter_mut().for_each(|one| command(one, here));
            }
        }
    }

    fn command(one: &mut Command, here: &[Word]) {
        match one {
            Command::Simple(simple) => {
                simple.assignments.iter_mut().for_each(|(_, value)| word(value, here));
                simple.words.iter_mut().for_each(|one| word(one, here));
                redirects(&mut simple.redirects, here);
            }
            Command::Function(_, body) => command(Arc::make_mut(body), here),
            Command::Compound(compound, more) => {
                redirects(more, here);
                match compound {
                    Compound::Group(body) | Compound::Subshell(body) => list(body, here),
                    Compound::If { arms, otherwise } => {
                        for (condition, body) in arms {
                            list(condition, here);
                            list(body, here);
                        }
                        if let Some(body) = otherwise {
                            list(body, here);
                        }
                    }
                    Compound::For { words, body, .. } => {
                        for one in words.iter_mut().flatten() {
                            word(one, here);
                        }
                        list(body, here);
                    }
                    Compound::Case { word: subject, arms } => {
                        word(subject, here);
                        for (_, body) in arms {
                            list(body, here);
                        }
                    }
                    Compound::Loop { condition, body, .. } => {
                        list(condition, here);
                        list(body, here);
                    }
                }
            }
        }
    }

    fn redirects(all: &mut [Redirect], here: &[Word]) {
        for redirect in all {
            if redirect.kind == RedirectKind::Here {
                if let [Part::Text { text, .. }] = redirect.target.0.as_slice()
                    && let Some(text) = text.parse::<usize>().ok().and_then(|number| here.get(number))
                {
                    redirect.target = text.clone();
                }
            } else {
                word(&mut redirect.target, here);
            }
        }
    }

    pub(super) fn word(word_: &mut Word, here: &[Word]) {
        for part in &mut word_.0 {
            match part {
                Part::Command { list: inside, .. } => list(Arc::make_mut(inside), here),
                Part::Parameter { change: Change::Default { word: inside, .. }, .. }
                | Part::Parameter { change: Change::Strip { pattern: inside, .. }, .. } => word(inside, here),
                _ => {}
            }
        }
    }
}
