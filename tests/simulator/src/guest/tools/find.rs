//! `find`.

use super::Call;
use crate::guest::{
    disk::{Node, Refusal, base_name},
    shell::pattern::fits,
};

#[derive(Debug)]
enum Test {
    Any,
    Never,
    All(Vec<Test>),
    Either(Vec<Test>),
    Not(Box<Test>),
    Kind(String),
    Name {
        pattern: String,
        any_case: bool,
    },
    Path(String),
    Mode {
        sign: char,
        bits: u32,
    },
    Size {
        sign: char,
        count: u64,
        unit: u64,
    },
    Empty,
    Owner(String),
    Nobody,
    Prune,
    Print(&'static str),
    Delete,
    /// A command, and whether all files go into one.
    Run(usize),
}

/// A command that files are handed to.
#[derive(Debug)]
pub(super) struct Exec {
    words: Vec<String>,
    together: bool,
    files: Vec<String>,
}

impl Exec {
    /// The command lines that it makes.
    pub(super) fn lines(&self) -> Vec<Vec<String>> {
        if self.together {
            if self.files.is_empty() {
                return Vec::new();
            }
            let files =
                self.words.iter().flat_map(|word| if word == "{}" { self.files.clone() } else { vec![word.clone()] });
            return vec![files.collect()];
        }
        let one = |file: &String| self.words.iter().map(|word| word.replace("{}", file)).collect();
        self.files.iter().map(one).collect()
    }
}

#[derive(Default)]
struct Reader {
    words: Vec<String>,
    at: usize,
    least: usize,
    most: Option<usize>,
    depth_first: bool,
    acts: bool,
    commands: Vec<Exec>,
    nesting: u32,
}

impl Reader {
    fn next(&mut self) -> Result<String, String> {
        self.at += 1;
        self.words.get(self.at - 1).cloned().ok_or_else(|| "missing argument".to_owned())
    }

    fn either(&mut self) -> Result<Test, String> {
        self.nesting += 1;
        if self.nesting > 40 {
            return Err("nested too deep".to_owned());
        }
        let mut all = vec![self.both()?];
        while matches!(self.words.get(self.at).map(String::as_str), Some("-o" | "-or")) {
            self.at += 1;
            all.push(self.both()?);
        }
        self.nesting -= 1;
        Ok(if all.len() == 1 { all.remove(0) } else { Test::Either(all) })
    }

    fn both(&mut self) -> Result<Test, String> {
        let mut all = Vec::new();
        while let Some(word) = self.words.get(self.at) {
            match word.as_str() {
                "-o" | "-or" | ")" => break,
                "-a" | "-and" => self.at += 1,
                _ => all.push(self.one()?),
            }
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Test::All(all) })
    }

    fn one(&mut self) -> Result<Test, String> {
        let word = self.next()?;
        Ok(match word.as_str() {
            "!" | "-not" => {
                self.nesting += 1;
                if self.nesting > 40 {
                    return Err("nested too deep".to_owned());
                }
                let test = self.one()?;
                self.nesting -= 1;
                Test::Not(Box::new(test))
            }
            "(" => {
                let test = self.either()?;
                if self.next().as_deref() != Ok(")") {
                    return Err(
                        "invalid expression; I was expecting to find a ')' somewhere but did not see one.".to_owned()
                    );
                }
                test
            }
            "-type" => Test::Kind(self.next()?),
            "-name" | "-iname" => Test::Name { pattern: self.next()?, any_case: word == "-iname" },
            "-path" | "-wholename" => Test::Path(self.next()?),
            "-maxdepth" => {
                self.most = Some(self.next()?.parse().map_err(|_| "bad -maxdepth")?);
                Test::Any
            }
            "-mindepth" => {
                self.least = self.next()?.parse().map_err(|_| "bad -mindepth")?;
                Test::Any
            }
            "-perm" => {
                let text = self.next()?;
                let sign = text.chars().next().filter(|one| "-/".contains(*one)).unwrap_or('=');
                let digits = text.trim_start_matches(['-', '/']);
                let bits =
                    super::remove::changed_mode(digits, 0, false).ok_or_else(|| format!("invalid mode '{text}'"))?;
                Test::Mode { sign, bits }
            }
            "-size" => {
                let text = self.next()?;
                let sign = text.chars().next().filter(|one| "+-".contains(*one)).unwrap_or('=');
                let rest = text.trim_start_matches(['+', '-']);
                let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                let unit = match &rest[digits.len()..] {
                    "c" => 1,
                    "" | "b" => 512,
                    "k" => 1024,
                    "M" => 1 << 20,
                    "G" => 1 << 30,
                    _ => return Err(format!("Invalid argument `{text}' to -size")),
                };
                Test::Size {
                    sign,
                    count: digits.parse().map_err(|_| format!("Invalid argument `{text}' to -size"))?,
                    unit,
                }
            }
            "-empty" => Test::Empty,
            "-user" | "-uid" => Test::Owner(self.next()?),
            "-nouser" | "-nogroup" => Test::Nobody,
            "-prune" => Test::Prune,
            "-true" | "-xdev" | "-mount" | "-noleaf" | "-daystart" => Test::Any,
            "-false" => Test::Never,
            "-depth" => {
                self.depth_first = true;
                Test::Any
            }
            // Files have no times here: all are new.
            "-mtime" | "-ctime" | "-atime" | "-mmin" | "-cmin" | "-newer" => {
                if self.next()?.starts_with('-') {
                    Test::Any
                } else {
                    Test::Never
                }
            }
            "-print" | "-print0" => {
                self.acts = true;
                Test::Print(if word == "-print" { "\n" } else { "\0" })
            }
            "-delete" => {
                self.acts = true;
                self.depth_first = true;
                Test::Delete
            }
            "-exec" | "-execdir" => {
                self.acts = true;
                let mut words = Vec::new();
                let together = loop {
                    match self.next()?.as_str() {
                        ";" => break false,
                        "+" if words.last().map(String::as_str) == Some("{}") => break true,
                        other => words.push(other.to_owned()),
                    }
                };
                self.commands.push(Exec { words, together, files: Vec::new() });
                Test::Run(self.commands.len() - 1)
            }
            other => return Err(format!("unknown predicate `{other}'")),
        })
    }
}

struct Walk<'a, 'b> {
    call: &'a mut Call<'b>,
    reader: Reader,
    test: Test,
    count: usize,
}

/// Looks, prints and deletes; what is left is the commands to run.
pub(super) fn find(call: &mut Call<'_>) -> Vec<Exec> {
    let words: Vec<String> =
        call.words.iter().skip_while(|word| matches!(word.as_str(), "-H" | "-L" | "-P")).cloned().collect();
    let begin =
        words.iter().position(|word| word.starts_with('-') || word == "(" || word == "!").unwrap_or(words.len());
    let mut places = words[..begin].to_vec();
    if places.is_empty() {
        places.push(".".to_owned());
    }
    let mut reader = Reader { words: words[begin..].to_vec(), ..Reader::default() };
    let test = match reader.either() {
        Ok(test) if reader.at == reader.words.len() => test,
        Ok(_) => {
            call.fails("paths must precede expression");
            return Vec::new();
        }
        Err(message) => {
            call.fails(&message);
            return Vec::new();
        }
    };
    let test = if reader.acts { test } else { Test::All(vec![test, Test::Print("\n")]) };
    let mut walk = Walk { call, reader, test, count: 0 };
    for place in places {
        let full = walk.call.path(&place);
        match walk.call.system(|system| system.contents.get_itself(&full)) {
            Ok(node) => walk.visit(&place, &full, &node, 0),
            Err(refusal) => walk.call.fails(&format!("'{place}': {refusal}")),
        }
    }
    walk.reader.commands
}

impl Walk<'_, '_> {
    fn visit(&mut self, shown: &str, full: &str, node: &Node, depth: usize) {
        self.count += 1;
        if self.count > 100_000 || depth > 100 {
            return;
        }
        let mut prune = false;
        let due = depth >= self.reader.least;
        if due && !self.reader.depth_first {
            self.judge(shown, full, node, &mut prune);
        }
        if let Node::Folder(folder) = node
            && !prune
            && self.reader.most.is_none_or(|most| depth < most)
        {
            for (name, node) in folder.entries() {
                let inside = format!("{}/{name}", full.trim_end_matches('/'));
                let name = format!("{}/{name}", shown.trim_end_matches('/'));
                self.visit(&name, &inside, node, depth + 1);
            }
        }
        if due && self.reader.depth_first {
            self.judge(shown, full, node, &mut prune);
        }
    }

    fn judge(&mut self, shown: &str, full: &str, node: &Node, prune: &mut bool) {
        let test = std::mem::replace(&mut self.test, Test::Any);
        self.fits(&test, shown, full, node, prune);
        self.test = test;
    }

    fn fits(&mut self, test: &Test, shown: &str, full: &str, node: &Node, prune: &mut bool) -> bool {
        match test {
            Test::Any => true,
            Test::Never => false,
            Test::All(all) => all.iter().all(|one| self.fits(one, shown, full, node, prune)),
            Test::Either(all) => all.iter().any(|one| self.fits(one, shown, full, node, prune)),
            Test::Not(one) => !self.fits(one, shown, full, node, prune),
            Test::Kind(kinds) => kinds.split(',').any(|kind| kind.starts_with(node.kind())),
            Test::Name { pattern, any_case } => {
                let name = base_name(shown);
                if *any_case { fits(&pattern.to_lowercase(), &name.to_lowercase()) } else { fits(pattern, name) }
            }
            Test::Path(pattern) => fits(pattern, shown),
            Test::Mode { sign, bits } => match sign {
                '-' => node.mode() & bits == *bits,
                '/' => *bits == 0 || node.mode() & bits != 0,
                _ => node.mode() == *bits,
            },
            Test::Size { sign, count, unit } => {
                let size = (node.size() as u64).div_ceil(*unit);
                match sign {
                    '+' => size > *count,
                    '-' => size < *count,
                    _ => size == *count,
                }
            }
            Test::Empty => match node {
                Node::Folder(_) => {
                    self.call.system(|system| system.contents.list(full)).is_ok_and(|names| names.is_empty())
                }
                Node::File(file) => file.bytes.is_empty(),
                _ => false,
            },
            Test::Owner(name) => *name == node.owner().to_string() || *name == super::list::owner(self.call, node),
            Test::Nobody => super::list::owner(self.call, node).parse::<u32>().is_ok(),
            Test::Prune => {
                *prune = true;
                true
            }
            Test::Print(end) => {
                self.call.say(format!("{shown}{end}"));
                true
            }
            Test::Delete => {
                let result = self.call.system(|system| match node {
                    Node::Folder(_) => system.contents.remove_folder(full),
                    _ => system.contents.unlink(full),
                });
                match result {
                    Ok(()) | Err(Refusal::Missing) => true,
                    Err(refusal) => {
                        self.call.fails(&format!("cannot delete '{shown}': {refusal}"));
                        false
                    }
                }
            }
            Test::Run(number) => {
                self.reader.commands[*number].files.push(shown.to_owned());
                true
            }
        }
    }
}
