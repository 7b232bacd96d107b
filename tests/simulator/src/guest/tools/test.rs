//! `test` and `[`.

use crate::guest::{
    disk::{Contents, Node, absolute},
    shell::Shell,
};

/// What the words say; words of an error where they say nothing.
pub(crate) fn test(shell: &Shell, words: &[String]) -> Result<bool, String> {
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    let name = words.remove(0);
    if name == "[" && words.pop() != Some("]") {
        return Err("missing ]".to_owned());
    }
    let mut reader = Reader { shell, words: &words, at: 0, depth: 0 };
    if words.is_empty() {
        return Ok(false);
    }
    // By the number of words first, as POSIX has it, so that a value that looks like an operator is a value.
    match words.as_slice() {
        [one] => return Ok(!one.is_empty()),
        ["!", one] => return Ok(one.is_empty()),
        [operator, value] if is_unary(operator) => return Ok(reader.unary(operator, value)),
        [left, operator, right] if is_binary(operator) => return binary(shell, left, operator, right),
        ["!", operator, value] if is_unary(operator) => return Ok(!reader.unary(operator, value)),
        ["!", left, operator, right] if is_binary(operator) => return Ok(!binary(shell, left, operator, right)?),
        _ => {}
    }
    let value = reader.either()?;
    if reader.at < words.len() {
        return Err(format!("{}: unexpected operator", words[reader.at]));
    }
    Ok(value)
}

fn is_unary(word: &str) -> bool {
    word.len() == 2 && word.starts_with('-') && "bcdefghknprstuwxzLSOG".contains(&word[1..])
}

fn is_binary(word: &str) -> bool {
    matches!(
        word,
        "=" | "==" | "!=" | "<" | ">" | "-eq" | "-ne" | "-gt" | "-ge" | "-lt" | "-le" | "-nt" | "-ot" | "-ef"
    )
}

fn number(text: &str) -> Result<i64, String> {
    text.trim().parse().map_err(|_| format!("Illegal number: {text}"))
}

fn binary(shell: &Shell, left: &str, operator: &str, right: &str) -> Result<bool, String> {
    Ok(match operator {
        "=" | "==" => left == right,
        "!=" => left != right,
        "<" => left < right,
        ">" => left > right,
        "-eq" => number(left)? == number(right)?,
        "-ne" => number(left)? != number(right)?,
        "-gt" => number(left)? > number(right)?,
        "-ge" => number(left)? >= number(right)?,
        "-lt" => number(left)? < number(right)?,
        "-le" => number(left)? <= number(right)?,
        "-ef" => {
            let real = |path: &str| shell.host.with(|system| system.contents.real_path(&absolute(&shell.folder, path)));
            real(left).is_ok() && real(left) == real(right)
        }
        // Files have no times here.
        _ => false,
    })
}

struct Reader<'a> {
    shell: &'a Shell,
    words: &'a [&'a str],
    at: usize,
    depth: u32,
}

impl<'a> Reader<'a> {
    fn peek(&self, ahead: usize) -> Option<&'a str> {
        self.words.get(self.at + ahead).copied()
    }

    fn either(&mut self) -> Result<bool, String> {
        self.depth += 1;
        if self.depth > 40 {
            return Err("too many parentheses".to_owned());
        }
        let mut value = self.both()?;
        while self.peek(0) == Some("-o") {
            self.at += 1;
            value |= self.both()?;
        }
        self.depth -= 1;
        Ok(value)
    }

    fn both(&mut self) -> Result<bool, String> {
        let mut value = self.one()?;
        while self.peek(0) == Some("-a") {
            self.at += 1;
            value &= self.one()?;
        }
        Ok(value)
    }

    fn one(&mut self) -> Result<bool, String> {
        let first = self.peek(0).ok_or("argument expected")?;
        if let (Some(operator), Some(right)) = (self.peek(1), self.peek(2))
            && is_binary(operator)
        {
            self.at += 3;
            return binary(self.shell, first, operator, right);
        }
        self.at += 1;
        match first {
            "!" => {
                self.depth += 1;
                if self.depth > 40 {
                    return Err("too many negations".to_owned());
                }
                let value = self.one()?;
                self.depth -= 1;
                Ok(!value)
            }
            "(" => {
                let value = self.either()?;
                if self.peek(0) != Some(")") {
                    return Err("closing paren expected".to_owned());
                }
                self.at += 1;
                Ok(value)
            }
            operator if is_unary(operator) && self.peek(0).is_some() => {
                let value = self.peek(0).unwrap_or_default();
                self.at += 1;
                Ok(self.unary(operator, value))
            }
            text => Ok(!text.is_empty()),
        }
    }

    fn unary(&self, operator: &str, value: &str) -> bool {
        let path = absolute(&self.shell.folder, value);
        let looks = |look: &dyn Fn(&Contents) -> bool| {
            !value.is_empty() && self.shell.host.with(|system| look(&system.contents))
        };
        match operator {
            "-n" => !value.is_empty(),
            "-z" => value.is_empty(),
            "-d" => looks(&|contents| contents.is_folder(&path)),
            "-e" => looks(&|contents| contents.exists(&path)),
            "-f" => looks(&|contents| matches!(contents.get(&path), Ok(Node::File(_)))),
            "-c" => looks(&|contents| matches!(contents.get(&path), Ok(Node::Device))),
            "-L" | "-h" => looks(&|contents| matches!(contents.get_itself(&path), Ok(Node::Link(_)))),
            "-s" => looks(&|contents| contents.get(&path).is_ok_and(|node| node.size() > 0)),
            "-x" => looks(&|contents| contents.get(&path).is_ok_and(|node| node.mode() & 0o111 != 0)),
            "-w" => looks(&|contents| contents.can_be_written(&path)),
            "-r" => looks(&|contents| contents.exists(&path)),
            _ => false,
        }
    }
}
