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
        form: &'static str,
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
        form: &'static str,
    },
    /// The text ends too early.
    #[error("the resource id ends before {missing:?}: the form is {form}")]
    TooShort {
        /// The first segment of the form that is missing.
        missing: &'static str,
        /// The form that was expected.
        form: &'static str,
    },
    /// The text goes on after the form ends.
    #[error("the resource id goes on with {surplus} where it must end: the form is {form}")]
    TooLong {
        /// The rest, quoted and shortened.
        surplus: String,
        /// The form that was expected.
        form: &'static str,
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

/// The segments of `text` that stand at the places in braces of `form`. Fixed segments are compared without regard
/// to letter case. `PLACES` must be the number of places in braces.
pub(crate) fn capture<'a, const PLACES: usize>(
    text: &'a str,
    form: &'static str,
) -> Result<[&'a str; PLACES], ResourceIdError> {
    let Some(path) = text.strip_prefix('/') else {
        return Err(ResourceIdError::NotAPath { text: quote(text), form });
    };
    let mut captured = [""; PLACES];
    let mut places = captured.iter_mut();
    let mut rest = Some(path);
    for (position, expected) in form.split('/').skip(1).enumerate() {
        let Some(remaining) = rest else {
            return Err(ResourceIdError::TooShort { missing: expected, form });
        };
        let (found, after) = match remaining.split_once('/') {
            Some((found, after)) => (found, Some(after)),
            None => (remaining, None),
        };
        rest = after;
        if expected.starts_with('{') {
            if let Some(place) = places.next() {
                *place = found;
            }
        } else if !found.eq_ignore_ascii_case(expected) {
            return Err(ResourceIdError::Segment { position: position + 1, found: quote(found), expected, form });
        }
    }
    match rest {
        Some(surplus) => Err(ResourceIdError::TooLong { surplus: quote(surplus), form }),
        None => Ok(captured),
    }
}
