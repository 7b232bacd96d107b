//! `$((…))`.

use super::{Shell, expand::Expanded};

/// The value of an expression.
pub(crate) fn value(shell: &mut Shell, text: &str) -> Expanded<i64> {
    let mut reader = Reader { shell, text: text.as_bytes(), at: 0, depth: 0 };
    reader.skip();
    if reader.at == reader.text.len() {
        return Ok(0);
    }
    let value = reader.ternary()?;
    reader.skip();
    if reader.at < reader.text.len() {
        return Err(format!("arithmetic expression: expecting EOF: \"{text}\""));
    }
    Ok(value)
}

struct Reader<'a> {
    shell: &'a mut Shell,
    text: &'a [u8],
    at: usize,
    depth: u32,
}

/// Operators of two sides, the loosest first.
const LEVELS: [&[&str]; 10] = [
    &["||"],
    &["&&"],
    &["|"],
    &["^"],
    &["&"],
    &["==", "!="],
    &["<=", ">=", "<", ">"],
    &["<<", ">>"],
    &["+", "-"],
    &["*", "/", "%"],
];

impl Reader<'_> {
    fn skip(&mut self) {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    fn take(&mut self, sign: &str) -> bool {
        self.skip();
        let rest = &self.text[self.at..];
        let there = rest.starts_with(sign.as_bytes());
        let next = rest.get(sign.len()).copied().unwrap_or_default();
        // `|` isn't the half of `||`, `<` not the one of `<<`.
        let half = sign.len() == 1 && "|&<>".contains(sign) && next == sign.as_bytes()[0];
        if there && !half {
            self.at += sign.len();
            return true;
        }
        false
    }

    fn ternary(&mut self) -> Expanded<i64> {
        self.depth += 1;
        if self.depth > 40 {
            return Err("arithmetic expression: nested too deep".to_owned());
        }
        let condition = self.level(0)?;
        let value = if self.take("?") {
            let yes = self.ternary()?;
            if !self.take(":") {
                return Err("arithmetic expression: expecting ':'".to_owned());
            }
            let no = self.ternary()?;
            if condition == 0 { no } else { yes }
        } else {
            condition
        };
        self.depth -= 1;
        Ok(value)
    }

    fn level(&mut self, level: usize) -> Expanded<i64> {
        let Some(signs) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.level(level + 1)?;
        while let Some(sign) = signs.iter().find(|sign| self.take(sign)) {
            let right = self.level(level + 1)?;
            let zero = || "arithmetic expression: division by zero".to_owned();
            left = match *sign {
                "||" => i64::from(left != 0 || right != 0),
                "&&" => i64::from(left != 0 && right != 0),
                "|" => left | right,
                "^" => left ^ right,
                "&" => left & right,
                "==" => i64::from(left == right),
                "!=" => i64::from(left != right),
                "<=" => i64::from(left <= right),
                ">=" => i64::from(left >= right),
                "<" => i64::from(left < right),
                ">" => i64::from(left > right),
                "<<" => left.wrapping_shl(u32::try_from(right & 63).unwrap_or_default()),
                ">>" => left.wrapping_shr(u32::try_from(right & 63).unwrap_or_default()),
                "+" => left.wrapping_add(right),
                "-" => left.wrapping_sub(right),
                "*" => left.wrapping_mul(right),
                "/" => left.checked_div(right).ok_or_else(zero)?,
                _ => left.checked_rem(right).ok_or_else(zero)?,
            };
        }
        Ok(left)
    }

    fn unary(&mut self) -> Expanded<i64> {
        self.depth += 1;
        if self.depth > 40 {
            return Err("arithmetic expression: nested too deep".to_owned());
        }
        let value = if self.take("!") {
            i64::from(self.unary()? == 0)
        } else if self.take("-") {
            self.unary()?.wrapping_neg()
        } else if self.take("+") {
            self.unary()?
        } else if self.take("~") {
            !self.unary()?
        } else if self.take("(") {
            let value = self.ternary()?;
            if !self.take(")") {
                return Err("arithmetic expression: expecting ')'".to_owned());
            }
            value
        } else {
            self.primary()?
        };
        self.depth -= 1;
        Ok(value)
    }

    fn primary(&mut self) -> Expanded<i64> {
        self.skip();
        let begin = self.at;
        while self.text.get(self.at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') {
            self.at += 1;
        }
        let word = String::from_utf8_lossy(&self.text[begin..self.at]).into_owned();
        if word.is_empty() {
            return Err("arithmetic expression: expecting primary".to_owned());
        }
        if word.starts_with(|first: char| first.is_ascii_digit()) {
            return number(&word).ok_or_else(|| format!("arithmetic expression: bad number: {word}"));
        }
        self.skip();
        if self.text.get(self.at) == Some(&b'=') && self.text.get(self.at + 1) != Some(&b'=') {
            self.at += 1;
            let value = self.ternary()?;
            self.shell.set(&word, value.to_string());
            return Ok(value);
        }
        let value = self.shell.parameter_value(&word);
        if value.is_none() && self.shell.options.nounset {
            return Err(format!("{word}: parameter not set"));
        }
        let value = value.unwrap_or_default();
        let value = value.trim();
        let (sign, digits) = value.strip_prefix('-').map_or((1, value), |digits| (-1, digits));
        if digits.is_empty() {
            Ok(0)
        } else {
            number(digits).map(|value| sign * value).ok_or_else(|| format!("Illegal number: {value}"))
        }
    }
}

/// Decimal, octal with a leading 0, hexadecimal with 0x.
fn number(text: &str) -> Option<i64> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None if text.len() > 1 && text.starts_with('0') => i64::from_str_radix(text, 8).ok(),
        None => text.parse().ok(),
    }
}
