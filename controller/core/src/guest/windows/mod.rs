//! The script that prepares and seals a Windows guest.

use super::Preparation;

/// How long the script may take before Azure ends it.
pub fn longest(preparation: &Preparation) -> std::time::Duration {
    let _ = preparation;
    std::time::Duration::from_secs(3600)
}

/// The script of a run command.
pub fn script(preparation: &Preparation) -> String {
    let _ = preparation;
    String::new()
}
