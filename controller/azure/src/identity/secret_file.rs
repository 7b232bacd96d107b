//! Secrets that may be exchanged while the process runs.

use std::{fmt, fs::File, io::Read as _, path::PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

use crate::identity::token_error::{TokenError, TokenErrorKind};

/// In bytes. A certificate with its chain and key has some ten thousand.
const LARGEST: u64 = 256 * 1024;

/// Gives a secret. Asked anew for each access token, so a secret that was exchanged is in use from the next one on.
pub trait SecretSource: Send + Sync + fmt::Debug {
    /// The secret as it is now.
    ///
    /// # Errors
    /// Where it should be and why it isn't there, as [`TokenErrorKind::Configuration`].
    fn secret(&self) -> Result<SecretString, TokenError>;
}

/// A secret that stays.
impl SecretSource for SecretString {
    fn secret(&self) -> Result<SecretString, TokenError> {
        Ok(self.clone())
    }
}

/// A file, such as the key of a mounted Secret. White space around its content doesn't count.
#[derive(Clone, Debug)]
pub struct SecretFile {
    path: PathBuf,
}

impl SecretFile {
    /// The file at `path`, which is followed anew each time: the kubelet exchanges the folder behind it.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }
}

impl SecretSource for SecretFile {
    fn secret(&self) -> Result<SecretString, TokenError> {
        let wrong = |what: &str| {
            TokenError::new(TokenErrorKind::Configuration, format!("the file {} {what}", self.path.display()))
        };
        let mut text = String::new();
        let read = File::open(&self.path).and_then(|file| file.take(LARGEST + 1).read_to_string(&mut text));
        let text = SecretString::from(text);
        if let Err(error) = read {
            // The kind alone: the text of an error may hold what was read.
            return Err(wrong(&format!("can't be read: {}", error.kind())));
        }
        match text.expose_secret().trim() {
            "" => Err(wrong("is empty")),
            long if long.len() as u64 > LARGEST => Err(wrong("is too large for a secret")),
            trimmed => Ok(trimmed.to_owned().into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_anew_and_what_is_wrong_with_it_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("client-secret");
        let source = SecretFile::new(&path);
        let error = source.secret().unwrap_err();
        assert_eq!(error.kind, TokenErrorKind::Configuration);
        assert!(error.message.contains("client-secret can't be read"), "{error}");
        for (content, expected) in [
            (b"one\n".to_vec(), Ok("one")),
            (b" two".to_vec(), Ok("two")),
            (b" \n".to_vec(), Err("is empty")),
            (b"\xff\xfe".to_vec(), Err("can't be read")),
            (vec![b'x'; 300_000], Err("too large")),
        ] {
            std::fs::write(&path, content).unwrap();
            match (source.secret(), expected) {
                (Ok(secret), Ok(expected)) => assert_eq!(secret.expose_secret(), expected),
                (Err(error), Err(expected)) => assert!(error.message.contains(expected), "{error}"),
                (got, expected) => panic!("{got:?} instead of {expected:?}"),
            }
        }
    }
}
