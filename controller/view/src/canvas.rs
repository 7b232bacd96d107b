//! A view that is drawn again and again in its place on a terminal.

use crate::line::{Line, fitting};

/// The size of a terminal, in columns and rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub columns: usize,
    /// Rows.
    pub rows: usize,
}

impl Size {
    /// How wide a line may be. The last column stays free: some terminals go to the next row when it is written.
    pub fn line(self) -> usize {
        self.columns.saturating_sub(1)
    }
}

/// A view on a terminal, and what is known of where it stands.
#[derive(Clone, Debug, Default)]
pub struct Canvas {
    colour: bool,
    drawn: Option<(usize, Size)>,
}

impl Canvas {
    /// A view that isn't drawn yet.
    pub fn new(colour: bool) -> Self {
        Self { colour, drawn: None }
    }

    /// What draws the lines in the place of those before.
    pub fn draw(&mut self, lines: Vec<Line>, size: Size) -> String {
        // A view taller than the terminal can't be drawn over: its beginning has scrolled away.
        let lines = fitting(lines, size.rows.saturating_sub(1));
        let mut output = match self.drawn {
            None => String::new(),
            Some((rows, before)) if before == size => {
                if rows > 0 {
                    format!("\x1b[{rows}A\r")
                } else {
                    String::new()
                }
            }
            // Some terminals break the lines of before anew, others cut them: nobody knows which rows they take now.
            Some(_) => "\x1b[H\x1b[2J".to_owned(),
        };
        for line in &lines {
            output.extend(["\x1b[2K", &line.shown(size.line(), self.colour), "\n"]);
        }
        output.push_str("\x1b[J");
        self.drawn = Some((lines.len(), size));
        output
    }

    /// Leaves the view where it is: what comes next stands below it.
    pub fn leave(&mut self) {
        self.drawn = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: Size = Size { columns: 80, rows: 24 };

    fn lines(count: usize) -> Vec<Line> {
        (0..count).map(|number| Line::of(&format!("line {number} {}", "x".repeat(60)))).collect()
    }

    #[test]
    fn a_view_is_drawn_over_the_one_before() {
        let mut canvas = Canvas::new(false);
        assert!(canvas.draw(lines(3), WIDE).starts_with("\x1b[2Kline 0"));
        assert!(canvas.draw(lines(2), WIDE).starts_with("\x1b[3A\r\x1b[2K"), "three rows up");
        let third = canvas.draw(lines(2), WIDE);
        assert!(third.starts_with("\x1b[2A\r") && third.ends_with("\n\x1b[J"), "two rows up, and the rest is cleared");
        canvas.leave();
        assert!(canvas.draw(lines(1), WIDE).starts_with("\x1b[2K"), "what was left stays");
    }

    #[test]
    fn a_terminal_that_changed_its_size_is_cleared_once() {
        let mut canvas = Canvas::new(false);
        canvas.draw(lines(3), WIDE);
        for size in [Size { columns: 60, rows: 24 }, WIDE, Size { columns: 80, rows: 10 }] {
            let output = canvas.draw(lines(3), size);
            assert!(output.starts_with("\x1b[H\x1b[2J"), "{size:?}");
            assert!(canvas.draw(lines(3), size).starts_with("\x1b[3A"), "{size:?}, and again");
        }
    }

    #[test]
    fn no_line_is_as_wide_as_the_terminal_and_no_view_as_tall() {
        for size in [WIDE, Size { columns: 20, rows: 5 }, Size { columns: 1, rows: 1 }, Size { columns: 0, rows: 0 }] {
            let output = Canvas::new(false).draw(lines(30), size);
            let drawn: Vec<&str> = output.trim_end_matches("\x1b[J").split_terminator('\n').collect();
            assert!(drawn.len() <= size.rows.saturating_sub(1), "{size:?}: {}", drawn.len());
            for line in drawn {
                let text = line.trim_start_matches("\x1b[2K");
                assert!(crate::text::width(text) <= size.line(), "{size:?}: {text}");
            }
        }
    }
}
