//! The script that prepares and seals a Linux guest.

use super::Preparation;

/// The script of a run command.
pub fn script(preparation: &Preparation) -> String {
    let _ = preparation;
    String::new()
}
