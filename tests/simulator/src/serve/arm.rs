//! Azure's side: every request goes to the simulator, its outcome to the socket.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Extension, Request, State},
    http::{Response, StatusCode},
};

use super::{Shared, connection::Connection};
use crate::Outcome;

/// Larger requests are refused, as Azure Resource Manager does at about this size.
const LARGEST_BODY: usize = 4 * 1024 * 1024;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new().fallback(answer).with_state(shared)
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Connection>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        let mut response = Response::new(Body::from(
            r#"{"error":{"code":"RequestContentTooLarge","message":"The request content is too large."}}"#,
        ));
        *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        return response;
    };
    let request = http::Request::from_parts(parts, body);
    let mut removed = shared.faults_removed.subscribe();
    let outcome = {
        let mut simulator = shared.simulator();
        let moment = shared.moment();
        simulator.handle(&request, moment)
    };
    tracing::debug!(method = %request.method(), path = request.uri().path(), "request");
    match outcome {
        Outcome::Answer(response) => response.map(Body::from),
        Outcome::Delayed(time, response) => {
            tokio::time::sleep(time).await;
            response.map(Body::from)
        }
        Outcome::Hang { fault, response } => {
            // The connection's end drops this future, which is the other way out.
            while shared.simulator().fault_exists(fault) {
                if removed.changed().await.is_err() {
                    break;
                }
            }
            match response {
                Some(response) => response.map(Body::from),
                None => connection.reset(),
            }
        }
        Outcome::Wire(wire, response) => connection.play(wire.script(&response)),
        Outcome::Reset => connection.reset(),
    }
}
