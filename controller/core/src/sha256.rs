//! The SHA-256 of a text.

use std::fmt::Write;

use sha2::{Digest as _, Sha256};

/// In hexadecimal digits.
pub(crate) fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().fold(String::new(), |mut digits, byte| {
        // Writing to a string can't fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

#[cfg(test)]
mod tests {
    use super::sha256;

    /// As in the example of FIPS 180-2, appendix B.1.
    #[test]
    fn it_is_as_the_standard_has_it() {
        assert_eq!(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
