//! The metadata service of a machine (IMDS), which gives the tokens of managed identities (behaviour section 15).

use std::{future::pending, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::{
    http::transport::{Transport, TransportError},
    identity::token_error::{Asked, TokenError, TokenErrorKind},
};

/// Hands on the first answer if it is a good one. Else what is wrong with it comes out of the receiver, and the request
/// is never answered: `azure_identity` would try again for more than a minute, while a worker waits, and then tell
/// less. Whoever asked backs off and asks again.
pub(crate) struct FirstAnswer {
    transport: Arc<dyn Transport>,
    wrong: Sender<TokenError>,
}

impl FirstAnswer {
    pub(crate) fn new(transport: Arc<dyn Transport>) -> (Self, Receiver<TokenError>) {
        let (wrong, received) = channel(1);
        (Self { transport, wrong }, received)
    }
}

#[async_trait]
impl Transport for FirstAnswer {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let error = match self.transport.send(request).await {
            Ok(answer) if answer.status().is_success() => return Ok(answer),
            Ok(answer) => refusal(answer.status().as_u16(), &String::from_utf8_lossy(answer.body())),
            Err(error) => {
                let text = format!("{} is not reached: {}", Asked::MetadataService, error.message);
                TokenError::new(TokenErrorKind::Unreachable, text)
            }
        };
        // The other end is gone only when nobody waits any more.
        let _ = self.wrong.send(error).await;
        pending().await
    }
}

/// It says 400 for an identity that the machine does not have, and 404, 410, 429 and 5xx while it is updated, busy or
/// out of order.
fn refusal(status: u16, body: &str) -> TokenError {
    let asked = Asked::MetadataService;
    if status == 400 {
        let message = format!(
            "{asked} knows no such identity of this machine (HTTP 400); assign it to the machine or its scale set, or correct the client id"
        );
        return TokenError::new(TokenErrorKind::Refused, message);
    }
    let passes = status >= 500 || matches!(status, 404 | 408 | 410 | 429);
    let kind = if passes { TokenErrorKind::Unreachable } else { TokenErrorKind::Refused };
    TokenError::masked(kind, &format!("{asked} answered HTTP {status}: {body}"))
}
