//! What goes wrong on the way, decided by the seed, until it is calm.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use http::StatusCode;
use serde_json::Value;
use tokio::{sync::Notify, time::Instant};

use crate::{
    dice::Dice,
    kubernetes::{Call, Delivery, Failure, Interceptor, Verdict},
};

/// What goes wrong with a request to Azure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AzureFault {
    /// It takes a while.
    Slow(Duration),
    /// It never arrives, and the client waits for an answer in vain.
    RequestLost,
    /// It takes effect, and the answer gets lost.
    AnswerLost,
    /// No connection.
    Refused,
    /// Azure answers so, and does nothing.
    Status(u16),
    /// The controller is killed before the request arrives.
    CrashBefore,
    /// The controller is killed after the request took effect.
    CrashAfter,
}

/// The faults of a run: frequent until a moment, none after it.
#[derive(Clone, Debug)]
pub struct Faults {
    dice: Dice,
    until: Instant,
    in_a_thousand: u32,
    crash: Arc<Notify>,
}

impl Faults {
    /// So many faults in a thousand requests, for a span from now. Who waits for `crash` has to kill the controller.
    pub fn new(dice: Dice, span: Duration, in_a_thousand: u32, crash: Arc<Notify>) -> Self {
        Self { dice, until: Instant::now() + span, in_a_thousand, crash }
    }

    /// Has the controller killed, which waits here for its end.
    pub async fn crash<T>(&self) -> T {
        self.crash.notify_one();
        std::future::pending().await
    }

    fn strikes(&self) -> bool {
        Instant::now() < self.until && self.dice.happens(self.in_a_thousand)
    }

    /// The fault of the next request to Azure, if any.
    pub fn azure(&self) -> Option<AzureFault> {
        if !self.strikes() {
            return None;
        }
        Some(match self.dice.below(11) {
            0 => AzureFault::Slow(self.dice.span(60)),
            1 => AzureFault::RequestLost,
            2 | 3 => AzureFault::AnswerLost,
            4 => AzureFault::Refused,
            5 => AzureFault::Status(429),
            6 | 7 => AzureFault::CrashBefore,
            8 | 9 => AzureFault::CrashAfter,
            _ => AzureFault::Status(if self.dice.happens(500) { 500 } else { 503 }),
        })
    }
}

#[async_trait]
impl Interceptor for Faults {
    async fn before(&self, _: &Call) -> Verdict {
        if !self.strikes() {
            return Verdict::Proceed;
        }
        match self.dice.below(4) {
            3 => self.crash().await,
            0 => {
                tokio::time::sleep(self.dice.span(20)).await;
                Verdict::Proceed
            }
            1 => Verdict::Disconnect,
            _ => Verdict::Answer(Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "etcd is busy")),
        }
    }

    async fn after(&self, _: &Call, _: StatusCode) -> Verdict {
        if !self.strikes() {
            return Verdict::Proceed;
        }
        if self.dice.happens(500) { self.crash().await } else { Verdict::Disconnect }
    }

    async fn deliver(&self, _: &Call, _: &Value) -> Delivery {
        if self.strikes() { Delivery::Cut } else { Delivery::Deliver }
    }
}
