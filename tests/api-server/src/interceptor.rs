//! The interceptor, which injects faults.

use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use serde_json::Value;

use super::{call::Call, failure::Failure};

/// What happens to a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It is handled normally.
    Proceed,
    /// The connection breaks. The client can't know whether the request took effect.
    Disconnect,
    /// The client gets this error.
    Answer(Failure),
    /// It takes effect, and then the connection breaks.
    ProceedAndDisconnect,
    /// It takes effect, and then [`Interceptor::crash`] is called.
    ProceedAndCrash,
    /// It takes effect, and the client never gets the answer.
    ProceedAndHang,
    /// The connection breaks, and the request takes effect so much later.
    Late(Duration),
}

/// What happens to an event of a watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The client gets it.
    Deliver,
    /// The stream ends before it.
    Cut,
}

/// Is called between the clients and the server. To delay a request or an event, wait before returning; to let a request
/// hang, never return.
#[async_trait]
pub trait Interceptor: Send + Sync {
    /// Is called before a request takes effect, which only [`Verdict::Proceed`] and its variants allow.
    async fn before(&self, call: &Call) -> Verdict {
        let _ = call;
        Verdict::Proceed
    }

    /// Is called after a request took effect or was refused, before the client gets the answer.
    async fn after(&self, call: &Call, code: StatusCode) -> Verdict {
        let _ = (call, code);
        Verdict::Proceed
    }

    /// The client is to be killed here; never returns where that happens.
    async fn crash(&self) {}

    /// Before an event of a watch is sent: its object, as the client gets it.
    async fn deliver(&self, call: &Call, object: &Value) -> Delivery {
        let _ = (call, object);
        Delivery::Deliver
    }
}

/// Injects no faults.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFaults;

impl Interceptor for NoFaults {}
