//! Whether a view is drawn in its place, and whether in colour.

/// What the output is good for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// A view can be drawn over.
    pub live: bool,
    /// Colours are shown.
    pub colour: bool,
}

impl Output {
    /// From whether it is a terminal, and from the variables `TERM` and `NO_COLOR` (<https://no-color.org>: any value that isn't
    /// empty).
    pub fn of(is_terminal: bool, term: Option<&str>, no_color: Option<&str>) -> Self {
        let live = is_terminal && term != Some("dumb");
        Self { live, colour: live && no_color.is_none_or(str::is_empty) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_terminal_that_can_is_drawn_on_and_in_colour_unless_somebody_says_no() {
        for (is_terminal, term, no_color, live, colour) in [
            (true, Some("xterm"), None, true, true),
            (true, None, Some(""), true, true),
            (true, Some("xterm"), Some("1"), true, false),
            (true, Some("dumb"), None, false, false),
            (false, Some("xterm"), None, false, false),
        ] {
            assert_eq!(Output::of(is_terminal, term, no_color), Output { live, colour }, "{term:?} {no_color:?}");
        }
    }
}
