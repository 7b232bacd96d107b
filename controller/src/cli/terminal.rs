//! The standard output of the commands.

use std::io::{self, IsTerminal, Write};

use anyhow::Context;
use azimage_view::{Canvas, Line, Output, Size};

/// A terminal that doesn't tell its size.
const USUAL: Size = Size { columns: 80, rows: 24 };
/// How wide a line is where there is no terminal.
const WITHOUT: usize = 160;

/// The standard output.
pub(super) struct Terminal {
    output: Output,
    canvas: Canvas,
}

impl Terminal {
    pub(super) fn new() -> Self {
        let variable = |name| std::env::var(name).ok();
        let is_terminal = io::stdout().is_terminal();
        let output = Output::of(is_terminal, variable("TERM").as_deref(), variable("NO_COLOR").as_deref());
        Self { output, canvas: Canvas::new(output.colour) }
    }

    /// Whether a view can be drawn over.
    pub(super) fn is_live(&self) -> bool {
        self.output.live
    }

    /// How wide lines may be.
    pub(super) fn width(&self) -> usize {
        if self.output.live { size().line() } else { WITHOUT }
    }

    /// Writes lines that stay.
    pub(super) fn print(&mut self, lines: &[Line]) -> anyhow::Result<()> {
        self.canvas.leave();
        let colour = self.output.colour;
        let shown = |line: &Line| format!("{}\n", if colour { line.coloured(usize::MAX) } else { line.plain() });
        write(&lines.iter().map(shown).collect::<Vec<_>>().concat())
    }

    /// Draws lines in the place of those before.
    pub(super) fn draw(&mut self, lines: Vec<Line>) -> anyhow::Result<()> {
        write(&self.canvas.draw(lines, size()))
    }
}

fn size() -> Size {
    let size = terminal_size::terminal_size();
    size.map_or(USUAL, |(width, height)| Size { columns: width.0.into(), rows: height.0.into() })
}

/// Writes text as it is.
pub(super) fn write(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("can't print")
}
