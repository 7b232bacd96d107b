//! Taking resource ids apart along a written form.

use crate::{name::NameError, subscription_id::SubscriptionIdError, text::quote, version_number::VersionNumberError};

/// Why a text is not the resource id it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResourceIdError {
    /// Does not begin with a slash, or is empty.
    #[error("{text} is not a resource id: it must have the form {form}")]
    NotAPath {
        /// The refused text, quoted and shortened.
        text: String,
        /// The form that was expected.
        form: String,
    },
    /// Another word stands where the form has a fixed one.
    #[error("segment {position} of the resource id is {found}, but {expected:?} must stand there: the form is {form}")]
    Segment {
        /// Which segment, counted from 1.
        position: usize,
        /// What stands there, quoted and shortened.
        found: String,
        /// What must stand there.
        expected: &'static str,
        /// The form that was expected.
        form: String,
    },
    /// The text ends too early.
    #[error("the resource id ends before {missing:?}: the form is {form}")]
    TooShort {
        /// The first segment of the form that is missing.
        missing: &'static str,
        /// The form that was expected.
        form: String,
    },
    /// The text goes on after the form ends.
    #[error("the resource id goes on with {surplus} where it must end: the form is {form}")]
    TooLong {
        /// The rest, quoted and shortened.
        surplus: String,
        /// The form that was expected.
        form: String,
    },
    /// The subscription is not a GUID.
    #[error(transparent)]
    Subscription(#[from] SubscriptionIdError),
    /// A name is not one that Azure allows.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The last segment is not the number of an image version.
    #[error(transparent)]
    Version(#[from] VersionNumberError),
}

/// The form of the ids of one kind: its segments, with the places of names in braces.
#[derive(Clone, Debug, Default)]
pub struct Form(Vec<&'static str>);

impl Form {
    /// Goes on with `path`, whose segments have a slash between two of them.
    pub(crate) fn followed_by(mut self, path: &'static str) -> Self {
        self.0.extend(path.split('/'));
        self
    }

    /// The segments of `text` that stand at the places in braces. Fixed segments are compared without regard to letter
    /// case.
    pub(crate) fn capture<'a>(&self, text: &'a str) -> Result<Vec<&'a str>, ResourceIdError> {
        match self.capture_start(text)? {
            (captured, None) => Ok(captured),
            (_, Some(surplus)) => Err(ResourceIdError::TooLong { surplus: quote(surplus), form: self.to_string() }),
        }
    }

    /// As [`Form::capture`], and what follows the form, if anything does.
    pub(crate) fn capture_start<'a>(&self, text: &'a str) -> Result<(Vec<&'a str>, Option<&'a str>), ResourceIdError> {
        let form = || self.to_string();
        let Some(path) = text.strip_prefix('/') else {
            return Err(ResourceIdError::NotAPath { text: quote(text), form: form() });
        };
        let mut captured = Vec::new();
        let mut rest = Some(path);
        for (position, expected) in self.0.iter().copied().enumerate() {
            let Some(remaining) = rest else {
                return Err(ResourceIdError::TooShort { missing: expected, form: form() });
            };
            let (found, after) = match remaining.split_once('/') {
                Some((found, after)) => (found, Some(after)),
                None => (remaining, None),
            };
            rest = after;
            if is_place(expected) {
                captured.push(found);
            } else if !found.eq_ignore_ascii_case(expected) {
                let found = quote(found);
                return Err(ResourceIdError::Segment { position: position + 1, found, expected, form: form() });
            }
        }
        Ok((captured, rest))
    }
}

impl std::fmt::Display for Form {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|segment| write!(formatter, "/{segment}"))
    }
}

/// Whether a segment of a form is the place of a name.
pub(crate) fn is_place(segment: &str) -> bool {
    segment.starts_with('{')
}
