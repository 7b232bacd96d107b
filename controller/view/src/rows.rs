//! Rows with a sign, columns as wide as what is in them, and words at the end that are broken to stay within the width.

use crate::{
    line::{Line, Style, Weight},
    mark::Mark,
    text,
};

/// Words get at least that many columns, or else rows of their own.
const NARROWEST: usize = 28;

/// A row.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its sign.
    pub mark: Mark,
    /// Its columns.
    pub cells: Vec<(String, Style)>,
    /// Its words.
    pub words: String,
    /// How much it is missed.
    pub weight: Weight,
}

impl Row {
    /// A row with its sign's weight.
    pub fn new(mark: Mark, cells: &[&str], words: &str) -> Self {
        let cells = cells.iter().map(|cell| (text::inert(cell), Style::Plain)).collect();
        Self { mark, cells, words: text::inert(words), weight: mark.weight() }
    }
}

/// The rows in lines of at most that width.
pub fn lines(rows: &[Row], indent: usize, width: usize) -> Vec<Line> {
    let count = rows.iter().map(|row| row.cells.len()).max().unwrap_or_default();
    let of =
        |column: usize| rows.iter().filter_map(move |row| row.cells.get(column)).map(|(cell, _)| text::width(cell));
    let widths: Vec<usize> = (0..count).map(|column| of(column).max().unwrap_or_default()).collect();
    rows.iter().flat_map(|row| broken(row, &widths, indent, width)).collect()
}

fn broken(row: &Row, widths: &[usize], indent: usize, width: usize) -> Vec<Line> {
    let mut line = Line::of(&" ".repeat(indent)).and(row.mark.sign(), row.mark.style());
    for ((cell, style), to) in row.cells.iter().zip(widths) {
        line = line.and(" ", Style::Plain).and(&text::padded(cell, *to), *style);
        line = line.and(" ", Style::Plain);
    }
    let begin = indent + 1 + widths.iter().map(|width| width + 2).sum::<usize>() + 1;
    let (begin, beside) = if begin + NARROWEST.min(text::width(&row.words)) <= width {
        (begin, true)
    } else {
        ((indent + 4).min(width / 2), false)
    };
    let mut words = text::wrapped(&row.words, width.saturating_sub(begin)).into_iter();
    let mut lines = Vec::new();
    if beside && let Some(first) = words.next() {
        line = line.and(" ", Style::Plain).and(&first, Style::Plain);
    }
    lines.push(line);
    lines.extend(words.map(|part| Line::of(&" ".repeat(begin)).and(&part, Style::Plain)));
    lines.into_iter().map(|line| line.weighing(row.weight)).collect()
}

/// Words in lines of their own.
pub fn paragraph(words: &str, indent: usize, width: usize, weight: Weight) -> Vec<Line> {
    let indent = indent.min(width / 2);
    let parts = text::wrapped(&text::inert(words), width.saturating_sub(indent));
    parts.iter().map(|part| Line::of(&" ".repeat(indent)).and(part, Style::Plain).weighing(weight)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(rows: &[Row], width: usize) -> Vec<String> {
        lines(rows, 2, width).iter().map(Line::plain).collect()
    }

    #[test]
    fn columns_are_as_wide_as_what_is_in_them_and_words_stay_within_the_width() {
        let rows = [
            Row::new(Mark::Yes, &["Published", "Succeeded"], ""),
            Row::new(Mark::Working, &["Replicated", "Replicating"], "Waiting for eastus2 to complete"),
        ];
        assert_eq!(
            shown(&rows, 80),
            ["  ✓ Published   Succeeded", "  … Replicated  Replicating  Waiting for eastus2 to complete"]
        );
        assert_eq!(
            shown(&rows, 58),
            [
                "  ✓ Published   Succeeded",
                "  … Replicated  Replicating  Waiting for eastus2 to",
                "                             complete"
            ]
        );
        let narrow = [
            "  ✓ Published   Succeeded",
            "  … Replicated  Replicating",
            "      Waiting for eastus2 to",
            "      complete",
        ];
        assert_eq!(shown(&rows, 30), narrow, "in rows of their own");
    }
}
