//! What this program was built from.

use serde::Serialize;

/// Version and commit, as `azimage --version` says them.
pub const VERSION_AND_COMMIT: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("AZIMAGE_BUILD_COMMIT"), ")");

/// What this program was built from.
pub const BUILD: Build = Build {
    version: env!("CARGO_PKG_VERSION"),
    commit: env!("AZIMAGE_BUILD_COMMIT"),
    rustc: env!("AZIMAGE_BUILD_RUSTC"),
    target: env!("AZIMAGE_BUILD_TARGET"),
};

/// What a program was built from.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Build {
    /// The release, such as `0.1.0`.
    pub version: &'static str,
    /// The commit in full, with `-dirty` behind it when files had been changed; `unknown` when nobody said it.
    pub commit: &'static str,
    /// The compiler, such as `1.89.0 (29483883e 2025-08-04)`.
    pub rustc: &'static str,
    /// The platform, in Rust's words, such as `x86_64-unknown-linux-gnu`.
    pub target: &'static str,
}

impl Build {
    /// As labels of a metric.
    pub fn labels(self) -> Vec<(String, String)> {
        [("version", self.version), ("commit", self.commit), ("rustc", self.rustc), ("target", self.target)]
            .map(|(label, value)| (label.to_owned(), value.to_owned()))
            .to_vec()
    }
}
