//! Programs that read lines and print lines.

use std::cmp::Ordering;

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use super::{Call, options::Options};
use crate::guest::{
    process::BYTES,
    shell::{format, pattern::in_class},
};

/// The lines of a text, without their ends.
pub(super) fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    if lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    lines
}

/// Lines with their ends.
fn whole_lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n').collect()
}

/// How many line ends there are.
fn lines_ended(bytes: &[u8]) -> usize {
    bytes.split(|byte| *byte == b'\n').count() - 1
}

pub(super) fn cat(call: &mut Call<'_>) {
    let options = Options::read(call.words, "", false);
    for (_, bytes) in call.read_all(&options.rest) {
        call.say(bytes);
    }
}

/// `head` and `tail`.
pub(super) fn ends(call: &mut Call<'_>) {
    let front = call.name == "head";
    let old: Vec<String> = call
        .words
        .iter()
        .map(|word| match word.strip_prefix('-') {
            Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                format!("-n{digits}")
            }
            _ => word.clone(),
        })
        .collect();
    let options = Options::read(&old, "n c lines bytes", false);
    let by_bytes = options.has(&["c", "bytes"]);
    let given = options.value(&["c", "bytes", "n", "lines"]).unwrap_or("10").to_owned();
    let signs = given.trim_start_matches(['-', '+']);
    let (digits, unit) = signs.split_at(signs.find(|one: char| !one.is_ascii_digit()).unwrap_or(signs.len()));
    let unit = match unit {
        "" | "c" => 1,
        "k" | "K" | "KiB" => 1024,
        "M" | "MiB" => 1 << 20,
        _ => return call.fails(&format!("invalid number of {}: '{given}'", if by_bytes { "bytes" } else { "lines" })),
    };
    let Ok(count) = digits.parse::<usize>().map(|count| count.saturating_mul(unit)) else {
        return call.fails(&format!("invalid number of {}: '{given}'", if by_bytes { "bytes" } else { "lines" }));
    };
    // Only the beginning of an endless file is read if no more is needed.
    let files = if options.rest.is_empty() { vec!["-".to_owned()] } else { options.rest.clone() };
    for (index, file) in files.iter().enumerate() {
        let bytes = if front && by_bytes && file.starts_with("/dev/") {
            let full = call.path(file);
            match crate::guest::shell::stream::Stream::open(
                &call.shell.host,
                &full,
                crate::guest::shell::stream::Access::Read,
                0,
            ) {
                Ok(stream) => stream.read(&call.shell.host, count.min(BYTES), None),
                Err(refusal) => return call.fails(&format!("cannot open '{file}' for reading: {refusal}")),
            }
        } else {
            match call.read(file) {
                Ok(bytes) => bytes,
                Err(refusal) => {
                    call.fails(&format!("cannot open '{file}' for reading: {refusal}"));
                    continue;
                }
            }
        };
        if files.len() > 1 && !options.has(&["q", "quiet", "silent"]) {
            call.say(format!("{}==> {file} <==\n", if index > 0 { "\n" } else { "" }));
        }
        let pieces: Vec<&[u8]> = if by_bytes { bytes.chunks(1).collect() } else { whole_lines(&bytes) };
        let kept = match (front, given.starts_with('-'), given.starts_with('+')) {
            (true, true, _) => &pieces[..pieces.len().saturating_sub(count)],
            (true, ..) => &pieces[..pieces.len().min(count)],
            (false, _, true) => &pieces[pieces.len().min(count.saturating_sub(1))..],
            (false, ..) => &pieces[pieces.len().saturating_sub(count)..],
        };
        let kept = kept.concat();
        call.say(kept);
    }
}

pub(super) fn cut(call: &mut Call<'_>) {
    let options = Options::read(call.words, "d f c b delimiter fields characters bytes", false);
    let fields = options.value(&["f", "fields"]);
    let Some(list) = fields.or(options.value(&["c", "b", "characters", "bytes"])).map(str::to_owned) else {
        return call.fails("you must specify a list of bytes, characters, or fields");
    };
    let ranges: Option<Vec<(usize, usize)>> = list
        .split(',')
        .map(|range| {
            let number = |text: &str, usual| if text.is_empty() { Some(usual) } else { text.parse::<usize>().ok() };
            let (from, to) = range.split_once('-').unwrap_or((range, range));
            Some((number(from, 1)?.max(1), number(to, usize::MAX)?))
        })
        .collect();
    let Some(ranges) = ranges else { return call.fails("invalid range") };
    let chosen = |number: usize| ranges.iter().any(|(from, to)| (*from..=*to).contains(&number));
    let separator = options.value(&["d", "delimiter"]).and_then(|text| text.bytes().next()).unwrap_or(b'\t');
    let by_field = fields.is_some();
    for (_, bytes) in call.read_all(&options.rest) {
        for line in lines(&bytes) {
            if by_field {
                if !line.contains(&separator) {
                    if !options.has(&["s"]) {
                        call.say([line, b"\n"].concat());
                    }
                    continue;
                }
                let parts: Vec<&[u8]> = line
                    .split(|byte| *byte == separator)
                    .enumerate()
                    .filter(|(index, _)| chosen(index + 1))
                    .map(|(_, part)| part)
                    .collect();
                call.say(parts.join(&separator));
            } else {
                let kept: Vec<u8> =
                    line.iter().enumerate().filter(|(index, _)| chosen(index + 1)).map(|(_, byte)| *byte).collect();
                call.say(kept);
            }
            call.say("\n");
        }
    }
}

/// The bytes that a set of `tr` names.
fn set(text: &str) -> Vec<u8> {
    let mut all: Vec<u8> = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text.get(at..).unwrap_or_default();
        if let Some((name, after)) = rest.strip_prefix("[:").and_then(|inside| inside.split_once(":]")) {
            all.extend((0..=255_u8).filter(|byte| byte.is_ascii() && in_class(name, char::from(*byte))));
            at = text.len() - after.len();
            continue;
        }
        let one = |at: &mut usize| {
            if bytes[*at] == b'\\' && *at + 1 < bytes.len() {
                let length = if bytes[*at + 1].is_ascii_digit() {
                    1 + bytes[*at + 1..].iter().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count()
                } else {
                    2
                };
                let piece = String::from_utf8_lossy(&bytes[*at..*at + length]).into_owned();
                *at += length;
                let (made, _) = format::unescape(&piece, false);
                // A backslash before what needs none goes.
                return if made.len() == 2 { made[1] } else { made.first().copied().unwrap_or(b'\\') };
            }
            *at += 1;
            bytes[*at - 1]
        };
        let low = one(&mut at);
        if bytes.get(at) == Some(&b'-') && at + 1 < bytes.len() {
            at += 1;
            let high = one(&mut at);
            all.extend(low..=high);
        } else {
            all.push(low);
        }
    }
    all
}

pub(super) fn tr(call: &mut Call<'_>) {
    let options = Options::read(call.words, "", true);
    let complement = options.has(&["c", "C", "complement"]);
    let (deletes, squeezes) = (options.has(&["d", "delete"]), options.has(&["s", "squeeze-repeats"]));
    let Some(first) = options.rest.first() else { return call.fails("missing operand") };
    let mut from = set(first);
    if complement {
        from = (0..=255_u8).filter(|byte| !from.contains(byte)).collect();
    }
    let to = options.rest.get(1).map(|text| set(text));
    if to.is_none() && !deletes && !squeezes {
        return call.fails(&format!("missing operand after '{first}'"));
    }
    let mut map: Vec<Option<u8>> = (0..=255_u8).map(Some).collect();
    if deletes {
        for byte in &from {
            map[usize::from(*byte)] = None;
        }
    } else if let Some(to) = &to
        && let Some(last) = to.last()
    {
        // The first of several places of the same byte doesn't count, the last does, as in GNU's.
        for (index, byte) in from.iter().enumerate() {
            map[usize::from(*byte)] = Some(*to.get(index).unwrap_or(last));
        }
    }
    let only_once = if squeezes { to.unwrap_or(from) } else { Vec::new() };
    let mut last = None;
    let mut done = Vec::new();
    for byte in call.input() {
        let Some(byte) = map[usize::from(byte)] else { continue };
        if squeezes && last == Some(byte) && only_once.contains(&byte) {
            continue;
        }
        last = Some(byte);
        done.push(byte);
    }
    call.say(done);
}

pub(super) fn sort(call: &mut Call<'_>) {
    let options = Options::read(call.words, "k t o key field-separator output", false);
    let all: Vec<Vec<u8>> = call.read_all(&options.rest).into_iter().map(|(_, bytes)| bytes).collect();
    let separator = options.value(&["t", "field-separator"]).and_then(|text| text.bytes().next());
    let key = options.value(&["k", "key"]).and_then(|text| {
        let number = text.split(|one: char| !one.is_ascii_digit()).next()?;
        number.parse::<usize>().ok()
    });
    let numeric = options.has(&["n"]) || options.value(&["k"]).is_some_and(|key| key.contains('n'));
    let field = |line: &[u8]| -> Vec<u8> {
        let Some(key) = key else { return line.to_vec() };
        match separator {
            Some(separator) => {
                line.split(|byte| *byte == separator).nth(key.saturating_sub(1)).unwrap_or_default().to_vec()
            }
            None => line
                .split(u8::is_ascii_whitespace)
                .filter(|part| !part.is_empty())
                .nth(key.saturating_sub(1))
                .unwrap_or_default()
                .to_vec(),
        }
    };
    let number = |text: &[u8]| {
        let text = String::from_utf8_lossy(text).trim().to_owned();
        let end = text.find(|one: char| !(one.is_ascii_digit() || one == '-')).unwrap_or(text.len());
        text[..end].parse::<i64>().unwrap_or_default()
    };
    let mut sorted: Vec<&[u8]> = all.iter().flat_map(|bytes| lines(bytes)).collect();
    sorted.sort_by(|left, right| {
        let (a, b) = (field(left), field(right));
        let order = if numeric { number(&a).cmp(&number(&b)) } else { a.cmp(&b) };
        let order = order.then_with(|| if options.has(&["u"]) { Ordering::Equal } else { left.cmp(right) });
        if options.has(&["r", "reverse"]) { order.reverse() } else { order }
    });
    if options.has(&["u", "unique"]) {
        sorted.dedup_by(|left, right| field(left) == field(right));
    }
    let done: Vec<u8> = sorted.iter().flat_map(|line| [line, &b"\n"[..]].concat()).collect();
    match options.value(&["o", "output"]) {
        Some(file) => {
            let path = call.path(file);
            if let Err(refusal) = call.system(|system| system.contents.write(&path, &done, 0o644)) {
                call.fails(&format!("open failed: {file}: {refusal}"));
            }
        }
        None => call.say(done),
    }
}

pub(super) fn uniq(call: &mut Call<'_>) {
    let options = Options::read(call.words, "", false);
    let all = call.read_all(&options.rest[..options.rest.len().min(1)]);
    let bytes = all.into_iter().map(|(_, bytes)| bytes).next().unwrap_or_default();
    let mut groups: Vec<(&[u8], usize)> = Vec::new();
    for line in lines(&bytes) {
        match groups.last_mut() {
            Some((last, count)) if *last == line => *count += 1,
            _ => groups.push((line, 1)),
        }
    }
    for (line, count) in groups {
        if (options.has(&["d"]) && count == 1) || (options.has(&["u"]) && count > 1) {
            continue;
        }
        if options.has(&["c"]) {
            call.say(format!("{count:>7} "));
        }
        call.say(line);
        call.say("\n");
    }
}

pub(super) fn wc(call: &mut Call<'_>) {
    let options = Options::read(call.words, "", false);
    let all = call.read_all(&options.rest);
    let every = !options.has(&["l", "w", "c", "m", "lines", "words", "bytes", "chars"]);
    let mut total = [0; 3];
    let several = all.len() > 1;
    let mut rows: Vec<([usize; 3], String)> = Vec::new();
    for (name, bytes) in all {
        let counts = [
            lines_ended(&bytes),
            bytes.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).count(),
            bytes.len(),
        ];
        for (sum, count) in total.iter_mut().zip(counts) {
            *sum += count;
        }
        rows.push((counts, name));
    }
    if several {
        rows.push((total, "total".to_owned()));
    }
    for (counts, name) in rows {
        let shown: Vec<String> =
            [(counts[0], ["l", "lines"]), (counts[1], ["w", "words"]), (counts[2], ["c", "bytes"])]
                .into_iter()
                .filter(|(_, names)| every || options.has(names) || (names[0] == "c" && options.has(&["m", "chars"])))
                .map(|(count, _)| count.to_string())
                .collect();
        let name = if name == "-" && options.rest.is_empty() { String::new() } else { format!(" {name}") };
        call.say(format!("{}{name}\n", shown.join(" ")));
    }
}

pub(super) fn base64(call: &mut Call<'_>) {
    let options = Options::read(call.words, "w wrap", false);
    let bytes = call.read_all(&options.rest).into_iter().next().map(|(_, bytes)| bytes).unwrap_or_default();
    let engine = base64::engine::general_purpose::STANDARD;
    if options.has(&["d", "D", "decode"]) {
        let text: Vec<u8> = bytes.into_iter().filter(|byte| !byte.is_ascii_whitespace()).collect();
        return match engine.decode(text) {
            Ok(bytes) => call.say(bytes),
            Err(_) => call.fails("invalid input"),
        };
    }
    let text = engine.encode(bytes);
    let width = options.number(&["w", "wrap"]).and_then(|width| usize::try_from(width).ok()).unwrap_or(76);
    if width == 0 {
        return call.say(text);
    }
    for chunk in text.as_bytes().chunks(width) {
        call.say(chunk);
        call.say("\n");
    }
}

pub(super) fn sha256sum(call: &mut Call<'_>) {
    for (name, bytes) in {
        let words = call.words;
        call.read_all(words)
    } {
        let digest: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        call.say(format!("{digest}  {name}\n"));
    }
}

pub(super) fn seq(call: &mut Call<'_>) {
    let numbers: Vec<i64> = call.words.iter().filter_map(|word| word.parse().ok()).collect();
    let (from, step, to) = match numbers.as_slice() {
        [to] => (1, 1, *to),
        [from, to] => (*from, 1, *to),
        [from, step, to] => (*from, *step, *to),
        _ => return call.fails("missing operand"),
    };
    if step == 0 {
        return call.fails("invalid Zero increment value: '0'");
    }
    let mut at = from;
    while (step > 0 && at <= to) || (step < 0 && at >= to) {
        call.say(format!("{at}\n"));
        at = at.saturating_add(step);
        if call.out.len() > BYTES {
            break;
        }
    }
}

pub(super) fn cmp(call: &mut Call<'_>) {
    let options = Options::read(call.words, "", false);
    let all = call.read_all(&options.rest);
    if let [(left, first), (right, second)] = all.as_slice()
        && first != second
    {
        if !options.has(&["s", "quiet", "silent"]) {
            let text = format!("{left} {right} differ\n");
            call.say(text);
        }
        call.code = 1;
    }
}
