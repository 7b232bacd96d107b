//! Where it is shown: a terminal, on which a view is drawn anew in its place, or a file or pipe, which gets lines.

use std::io::{self, Write};

use console::{Term, style};

use crate::picture::{NO, Picture, WORKING, YES};

/// The output.
pub(crate) struct Screen {
    term: Term,
    live: bool,
    /// Lines of the view that is on the terminal and may be drawn over.
    drawn: usize,
    shown: Option<Picture>,
}

impl Screen {
    /// The standard output. Plain when asked for, or when it isn't a terminal.
    pub(crate) fn new(plain: bool) -> Self {
        let term = Term::stdout();
        let live = term.features().is_attended() && !plain;
        Self { term, live, drawn: 0, shown: None }
    }

    /// Writes lines that stay.
    pub(crate) fn say(&mut self, text: &str) -> io::Result<()> {
        self.drawn = 0;
        self.term.write_all(format!("{}\n", self.coloured(text)).as_bytes())?;
        self.term.flush()
    }

    /// Shows a moment: in the place of the one before, or what changed since.
    pub(crate) fn show(&mut self, picture: Picture) -> io::Result<()> {
        if self.live {
            self.draw(&picture)?;
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
        self.drawn = 0;
        self.shown = None;
    }

    /// The moment shown last.
    pub(crate) fn last(&self) -> Option<&Picture> {
        self.shown.as_ref()
    }

    fn draw(&mut self, picture: &Picture) -> io::Result<()> {
        let (height, width) = self.term.size();
        // A view taller than the terminal can't be drawn over: its beginning has scrolled away.
        let fits = usize::from(height).saturating_sub(1);
        let lines: Vec<String> = picture.frame().into_iter().take(fits).collect();
        let mut text = String::new();
        if self.drawn > 0 {
            text = format!("\x1b[{}A", self.drawn);
        }
        for line in &lines {
            let line = console::truncate_str(line, usize::from(width).saturating_sub(1), "…");
            text.extend(["\x1b[2K", &self.coloured(&line), "\n"]);
        }
        text.push_str("\x1b[J");
        self.drawn = lines.len();
        self.term.write_all(text.as_bytes())?;
        self.term.flush()
    }

    fn coloured(&self, text: &str) -> String {
        if !self.live {
            return text.to_owned();
        }
        let mut coloured = String::new();
        for character in text.chars() {
            match character {
                YES => coloured.push_str(&style(YES).green().to_string()),
                NO => coloured.push_str(&style(NO).red().to_string()),
                WORKING => coloured.push_str(&style(WORKING).yellow().to_string()),
                '█' => coloured.push_str(&style('█').cyan().to_string()),
                other => coloured.push(other),
            }
        }
        coloured
    }
}
