//! Where it is shown: a terminal, on which a view is drawn anew in its place, or a file or pipe, which gets lines.

use std::io::{self, IsTerminal, Write};

use azimage_view::{Canvas, Detail, Line, Output, Picture, Size, Style};

/// A terminal that doesn't tell its size.
const USUAL: Size = Size { columns: 80, rows: 24 };
/// What stands before that which is done.
const DONE: &str = "✓";

/// The output.
pub(crate) struct Screen {
    output: Output,
    canvas: Canvas,
    shown: Option<Picture>,
}

impl Screen {
    /// The standard output. Plain when asked for, or when it isn't a terminal.
    pub(crate) fn new(plain: bool) -> Self {
        let variable = |name| std::env::var(name).ok();
        let is_terminal = io::stdout().is_terminal() && !plain;
        let output = Output::of(is_terminal, variable("TERM").as_deref(), variable("NO_COLOR").as_deref());
        Self { output, canvas: Canvas::new(output.colour), shown: None }
    }

    /// Writes lines that stay.
    pub(crate) fn say(&mut self, text: &str) -> io::Result<()> {
        self.canvas.leave();
        let said: Vec<String> = text.split('\n').map(|line| self.coloured(line)).collect();
        write(&format!("{}\n", said.join("\n")))
    }

    /// Shows a moment: in the place of the one before, or what changed since.
    pub(crate) fn show(&mut self, picture: Picture) -> io::Result<()> {
        if self.output.live {
            let size = terminal_size::terminal_size()
                .map_or(USUAL, |(width, height)| Size { columns: width.0.into(), rows: height.0.into() });
            write(&self.canvas.draw(picture.frame(Detail::Brief, size.line()), size))?;
        } else {
            for line in picture.changes(self.shown.as_ref()) {
                self.say(&line)?;
            }
        }
        self.shown = Some(picture);
        Ok(())
    }

    /// Ends a view: what comes next is another object's.
    pub(crate) fn end_view(&mut self) {
        self.canvas.leave();
        self.shown = None;
    }

    /// The moment shown last, in lines.
    pub(crate) fn last(&self) -> Vec<String> {
        let frame = self.shown.as_ref().map(|picture| picture.frame(Detail::Usual, 120)).unwrap_or_default();
        frame.iter().map(Line::plain).collect()
    }

    fn coloured(&self, line: &str) -> String {
        match line.strip_prefix(DONE) {
            Some(rest) if self.output.colour => Line::default().and(DONE, Style::Good).coloured(1) + rest,
            _ => line.to_owned(),
        }
    }
}

fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
