//! Azure's side: every request goes to the simulator, its outcome to the socket.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Extension, Request, State},
    http::{Response, StatusCode},
};

use bytes::Bytes;

use super::{Shared, connection::Connection};
use crate::{Outcome, Simulator, clock::Moment};

/// Larger requests are refused, as Azure Resource Manager does at about this size.
const LARGEST_BODY: usize = 4 * 1024 * 1024;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new().fallback(azure).with_state(shared)
}

/// The metadata service of a machine. Its connections can't send anything but answers.
pub(super) fn metadata_router(shared: Arc<Shared>) -> Router {
    Router::new().fallback(metadata).with_state(shared)
}

async fn azure(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Connection>,
    request: Request,
) -> Response<Body> {
    answer(&shared, Some(&connection), request, Simulator::handle).await
}

async fn metadata(State(shared): State<Arc<Shared>>, request: Request) -> Response<Body> {
    answer(&shared, None, request, Simulator::handle_metadata).await
}

async fn answer(
    shared: &Shared,
    connection: Option<&Connection>,
    request: Request,
    handle: fn(&mut Simulator, &http::Request<Bytes>, Moment) -> Outcome,
) -> Response<Body> {
    let reset = || connection.map_or_else(no_connection, Connection::reset);
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
        handle(&mut simulator, &request, moment)
    };
    tracing::debug!(method = %request.method(), path = request.uri().path(), "request");
    match outcome {
        Outcome::Answer(response) => response.map(Body::from),
        Outcome::Delayed(time, response) => {
            tokio::time::sleep(time).await;
            response.map(Body::from)
        }
        Outcome::Hang { fault, response } => {
            // The end of the connection drops this future.
            while shared.simulator().fault_exists(fault) {
                if removed.changed().await.is_err() {
                    break;
                }
            }
            match response {
                Some(response) => response.map(Body::from),
                None => reset(),
            }
        }
        Outcome::Wire(wire, response) => {
            connection.map_or_else(no_connection, |connection| connection.play(wire.script(&response)))
        }
        Outcome::Reset => reset(),
    }
}

/// What stands for a fault of the connection where there can be none.
fn no_connection() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response
}
