//! What people are shown of azimage's objects: on a terminal, in lines of plain text, as a document.
//!
//! Pure: objects, the time and the size of the terminal go in, lines come out. Nothing that stands in an object reaches a terminal
//! as anything but text ([`text::inert`]). The commands of azimage and the quickstart share it.

pub mod advice;
pub mod canvas;
pub mod clock;
pub mod evidence;
pub mod kind;
pub mod line;
pub mod mark;
pub mod object;
pub mod output;
pub mod overview;
pub mod picture;
pub mod report;
pub mod rows;
pub mod standing;
#[cfg(test)]
mod tests;
pub mod text;

pub use canvas::{Canvas, Size};
pub use clock::Clock;
pub use kind::Kind;
pub use line::{Line, Style};
pub use object::Object;
pub use output::Output;
pub use picture::{Detail, Picture};
pub use standing::Standing;
