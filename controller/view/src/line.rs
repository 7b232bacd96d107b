//! A line, of parts with a style.

use crate::text;

/// How a part of a line looks, where there is colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// As the terminal writes.
    #[default]
    Plain,
    /// It is so.
    Good,
    /// It isn't.
    Bad,
    /// It is being worked on.
    Busy,
    /// A bar.
    Bar,
    /// A heading.
    Strong,
    /// What matters less.
    Faint,
}

impl Style {
    /// Select Graphic Rendition, ECMA-48 8.3.117.
    fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Good => Some("32"),
            Self::Bad => Some("31"),
            Self::Busy => Some("33"),
            Self::Bar => Some("36"),
            Self::Strong => Some("1"),
            Self::Faint => Some("2"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    text: String,
    style: Style,
}

/// How much a line is missed where there is no room for all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// It goes first.
    Detail,
    /// What is done or hasn't begun.
    Settled,
    /// It stays.
    #[default]
    Matters,
}

/// A line. Whatever gets into it is text: see [`text::inert`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    parts: Vec<Part>,
    weight: Weight,
}

impl Line {
    /// An empty line, which goes before others do.
    pub fn empty() -> Self {
        Self { parts: Vec::new(), weight: Weight::Detail }
    }

    /// A line of plain text.
    pub fn of(text: &str) -> Self {
        Self::default().and(text, Style::Plain)
    }

    /// The line with a part more.
    #[must_use]
    pub fn and(mut self, text: &str, style: Style) -> Self {
        self.parts.push(Part { text: text::inert(text), style });
        self
    }

    /// The line with another weight.
    #[must_use]
    pub fn weighing(mut self, weight: Weight) -> Self {
        self.weight = weight;
        self
    }

    /// How much it is missed.
    pub fn weight(&self) -> Weight {
        self.weight
    }

    /// How many columns it takes, with the spaces at its end.
    pub fn width(&self) -> usize {
        self.parts.iter().map(|part| text::width(&part.text)).sum()
    }

    /// Without colour, and without spaces at its end.
    pub fn plain(&self) -> String {
        let text: String = self.parts.iter().map(|part| part.text.as_str()).collect();
        text.trim_end().to_owned()
    }

    /// With colour, cut where it would be wider than that.
    pub fn coloured(&self, limit: usize) -> String {
        let mut left = limit;
        let mut shown = String::new();
        for part in &self.parts {
            let text = text::cut(&part.text, left);
            left -= text::width(&text);
            match part.style.code().filter(|_| !text.is_empty()) {
                Some(code) => shown.extend(["\x1b[", code, "m", &text, "\x1b[0m"]),
                None => shown.push_str(&text),
            }
        }
        shown
    }

    /// For a terminal of that width, with or without colour.
    pub fn shown(&self, limit: usize, colour: bool) -> String {
        if colour { self.coloured(limit) } else { text::cut(&self.plain(), limit) }
    }
}

/// As many of the lines as a terminal of that height has room for: details go first, then what is settled, each from the bottom up, and
/// what is left out is counted.
pub fn fitting(lines: Vec<Line>, height: usize) -> Vec<Line> {
    if lines.len() <= height {
        return lines;
    }
    let room = height.saturating_sub(1);
    let mut kept: Vec<Option<Line>> = lines.into_iter().map(Some).collect();
    let (all, mut left) = (kept.len(), kept.len());
    for weight in [Weight::Detail, Weight::Settled, Weight::Matters] {
        for line in kept.iter_mut().rev() {
            if left <= room {
                break;
            }
            if line.as_ref().is_some_and(|line| line.weight == weight) {
                *line = None;
                left -= 1;
            }
        }
    }
    let mut lines: Vec<Line> = kept.into_iter().flatten().collect();
    if height > 0 {
        lines.push(Line::default().and(&format!("  ({} lines more in a taller window)", all - left), Style::Faint));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_around_text_alone_and_counts_for_nothing() {
        let line = Line::of("  ").and("✓", Style::Good).and(" 東京\x1b[31m ", Style::Plain).and("", Style::Bad);
        assert_eq!(line.plain(), "  ✓ 東京\u{fffd}[31m");
        assert_eq!(line.width(), 14);
        assert_eq!(line.coloured(80), "  \x1b[32m✓\x1b[0m 東京\u{fffd}[31m ");
        assert_eq!(line.coloured(6), "  \x1b[32m✓\x1b[0m …");
        assert_eq!(line.shown(6, false), "  ✓ …");
    }

    #[test]
    fn what_there_is_no_room_for_goes_in_order_and_is_counted() {
        let line = |text: &str, weight| Line::of(text).weighing(weight);
        let lines = vec![
            line("head", Weight::Matters),
            line("done", Weight::Settled),
            line("step 1", Weight::Detail),
            line("step 2", Weight::Detail),
            line("ready", Weight::Matters),
        ];
        let cases: [(usize, &[&str]); 5] = [
            (5, &["head", "done", "step 1", "step 2", "ready"]),
            (4, &["head", "done", "ready", "  (2 lines more in a taller window)"]),
            (3, &["head", "ready", "  (3 lines more in a taller window)"]),
            (1, &["  (5 lines more in a taller window)"]),
            (0, &[]),
        ];
        for (height, expected) in cases {
            let found: Vec<String> = fitting(lines.clone(), height).iter().map(Line::plain).collect();
            assert_eq!(found, expected, "{height}");
        }
    }
}
