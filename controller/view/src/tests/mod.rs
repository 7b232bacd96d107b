//! What is shown for which objects, at which width.

mod documents;
mod evidence;
mod fixtures;
mod frames;
mod plain;
mod standings;
mod widths;
