//! Long-running operations.

use std::{fmt, str::FromStr, time::Duration};

use azimage_names::values::OperationState;
use serde::Deserialize;
use url::Url;

use crate::{
    arm::call::Call, arm::client::Client, arm::error::Error, arm::error_body::clean, arm::retry_after::retry_after,
};

/// Operation URLs were recorded with up to 3,630 characters (azure-cli recordings, 2025).
const LONGEST: usize = 16 * 1024;

/// Where the status of a running operation is read: the `Azure-AsyncOperation` header of an accepted write.
///
/// It carries a signature, so it is a secret of sorts: `Debug` hides it and it has no `Display`. It must be kept
/// whole to go on reading after a restart; a lost one is no harm, since the resource's own provisioning state tells
/// the same.
#[derive(Clone, PartialEq, Eq)]
pub struct OperationUrl(Url);

/// Why a text is not the URL of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the URL of an operation: it must be absolute, begin with https:// and have at most {LONGEST} characters")]
pub struct OperationUrlError;

impl OperationUrl {
    /// Reads a URL that [`OperationUrl::expose`] gave.
    pub fn parse(text: &str) -> Result<Self, OperationUrlError> {
        let url = Url::parse(text).map_err(|_| OperationUrlError)?;
        if text.len() <= LONGEST && url.scheme() == "https" && url.has_host() {
            Ok(Self(url))
        } else {
            Err(OperationUrlError)
        }
    }

    /// The whole URL, for keeping it. Not for logs or messages.
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for OperationUrl {
    type Err = OperationUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Debug for OperationUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OperationUrl([REDACTED])")
    }
}

/// The error of an operation that failed or was cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationFailure {
    /// Azure's error code.
    pub code: String,
    /// Azure's message, bounded and in one line.
    pub message: String,
}

/// The status of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationStatus {
    /// How far it is.
    pub state: OperationState,
    /// Why it failed, if it did and Azure says so.
    pub failure: Option<OperationFailure>,
    /// Progress from 0 to 100, which Compute does not send as of 2026.
    pub percent: Option<u8>,
    /// How long to wait before reading again, if Azure asks for it.
    pub retry_after: Option<Duration>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    status: OperationState,
    error: Option<WireError>,
    percent_complete: Option<f64>,
}

#[derive(Deserialize)]
struct WireError {
    code: Option<String>,
    message: Option<String>,
}

impl Client {
    /// Reads the status of an operation. An error here means that the status could not be read, not that the
    /// operation failed: a failed one is an `Ok` with [`OperationState::Failed`].
    pub async fn operation(&self, call: &Call, url: &OperationUrl) -> Result<OperationStatus, Error> {
        let exchange = Self::exchange(call, &http::Method::GET, &"the status of an operation");
        if !self.cloud().is_resource_manager(&url.0) {
            return Err(Error::malformed(
                &exchange,
                None,
                "the operation's URL leads away from Azure Resource Manager",
            ));
        }
        let reply = self.send(exchange, url.0.clone(), None, None).await?;
        let wire: Wire = reply.read()?;
        let failure = wire.error.map(|error| OperationFailure {
            code: clean(&error.code.unwrap_or_default(), 100),
            message: clean(&error.message.unwrap_or_default(), 1024),
        });
        Ok(OperationStatus {
            failure: failure.filter(|_| wire.status.is_final() && wire.status != OperationState::Succeeded),
            state: wire.status,
            percent: wire.percent_complete.map(percent),
            retry_after: retry_after(&reply.headers),
        })
    }
}

/// A percentage as a whole number from 0 to 100.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=100 before the cast")]
pub(crate) fn percent(number: f64) -> u8 {
    number.clamp(0.0, 100.0) as u8
}
