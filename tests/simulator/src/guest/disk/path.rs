//! Paths as texts.

use std::sync::Arc;

/// `path` as seen from `folder`.
pub(crate) fn absolute(folder: &str, path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", folder.trim_end_matches('/')) }
}

/// The part behind the last slash.
pub(crate) fn base_name(path: &str) -> &str {
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() && !path.is_empty() { "/" } else { trimmed.rsplit('/').next().unwrap_or_default() }
}

/// The part before the last slash, as `dirname` says it.
pub(crate) fn folder_of(path: &str) -> &str {
    match path.trim_end_matches('/').rsplit_once('/') {
        Some(("", _)) => "/",
        Some((folder, _)) => folder.trim_end_matches('/'),
        None if path.starts_with('/') => "/",
        None => ".",
    }
}

pub(super) fn join(parts: &[Arc<str>]) -> String {
    if parts.is_empty() {
        return "/".to_owned();
    }
    parts.iter().fold(String::new(), |path, part| format!("{path}/{part}"))
}
