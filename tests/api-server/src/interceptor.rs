//! Where faults come in.

use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use serde_json::Value;

use super::{call::Call, failure::Failure};

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It goes on as if nobody had looked.
    Proceed,
    /// The connection breaks. The client can't know whether the request took effect.
    Disconnect,
    /// The client gets this error.
    Answer(Failure),
    /// It takes effect, and then the connection breaks.
    ProceedAndDisconnect,
    /// It takes effect, and then [`Interceptor::crash`] is called.
    ProceedAndCrash,
    /// It takes effect, and nobody waits for the answer any more.
    ProceedAndHang,
    /// The connection breaks, and the request takes effect so much later.
    Late(Duration),
}

/// What becomes of an event of a watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The client gets it.
    Deliver,
    /// The stream ends before it.
    Cut,
}

/// Stands between the clients and the server. To delay a request or an event, take the time before answering; to let a
/// request hang, never answer.
#[async_trait]
pub trait Interceptor: Send + Sync {
    /// Before a request takes effect. What is answered other than [`Verdict::Proceed`] keeps it from that.
    async fn before(&self, call: &Call) -> Verdict {
        let _ = call;
        Verdict::Proceed
    }

    /// After a request took effect, or was refused, and before the client gets to know it.
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

/// Lets everything through.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFaults;

impl Interceptor for NoFaults {}
