//! Which client an object gets, over an API server that knows `ServiceAccount`s.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use azimage_azure::{
    AssertionSource, BearerToken, Client as AzureClient, Cloud, TokenError, TokenErrorKind, TokenSource, Transport,
    TransportError, TransportErrorKind,
};
use azimage_core::{Federation, Identity};
use azimage_crds::Reason;
use http::{Method, Request, Response, StatusCode};
use kube::{Client, client::Body};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{AzureClients, Identities, Unidentified};

const CLIENT_ID: &str = "11111111-0000-0000-0000-000000000001";

/// `ServiceAccount`s by path, and what was asked.
#[derive(Clone, Default)]
struct Server {
    accounts: Arc<Mutex<BTreeMap<String, Value>>>,
    forbidden: Arc<Mutex<Vec<Method>>>,
    tokens: Arc<Mutex<Vec<Value>>>,
}

impl Server {
    fn set(&self, namespace: &str, name: &str, uid: &str, annotations: &Value) {
        let account = json!({
            "apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": {"namespace": namespace, "name": name, "uid": uid, "annotations": annotations},
        });
        self.accounts.lock().unwrap().insert(path(namespace, name), account);
    }

    fn client(&self) -> Client {
        let server = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let server = server.clone();
            async move { Ok::<_, tower::BoxError>(server.answer(request).await) }
        });
        Client::new(service, "default")
    }

    async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path().to_owned();
        if self.forbidden.lock().unwrap().contains(&parts.method) {
            return status(StatusCode::FORBIDDEN, "Forbidden");
        }
        let account = self.accounts.lock().unwrap().get(path.trim_end_matches("/token")).cloned();
        let Some(account) = account else { return status(StatusCode::NOT_FOUND, "NotFound") };
        if !path.ends_with("/token") {
            return Response::new(account.to_string().into_bytes().into());
        }
        let asked: Value = serde_json::from_slice(&body.collect_bytes().await.unwrap()).unwrap();
        self.tokens.lock().unwrap().push(asked["spec"].clone());
        let mut answer = asked;
        answer["status"] = json!({"token": format!("token of {path}"), "expirationTimestamp": "2026-01-01T00:00:00Z"});
        Response::new(answer.to_string().into_bytes().into())
    }
}

fn path(namespace: &str, name: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/serviceaccounts/{name}")
}

fn status(code: StatusCode, reason: &str) -> Response<Body> {
    let body = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code.as_u16(), "message": reason});
    let mut response = Response::new(Body::from(body.to_string().into_bytes()));
    *response.status_mut() = code;
    response
}

/// Remembers for whom it made clients.
#[derive(Default)]
struct Made(Mutex<Vec<(Federation, Arc<dyn AssertionSource>)>>);

struct Nothing;

#[async_trait]
impl Transport for Nothing {
    async fn send(&self, _: Request<bytes::Bytes>) -> Result<Response<bytes::Bytes>, TransportError> {
        Err(TransportError { kind: TransportErrorKind::Connect, possibly_sent: false, message: String::new() })
    }
}

#[async_trait]
impl TokenSource for Nothing {
    async fn token(&self) -> Result<BearerToken, TokenError> {
        Err(TokenError::new(TokenErrorKind::Unreachable, ""))
    }
}

impl AzureClients for Made {
    fn own(&self) -> AzureClient {
        AzureClient::new(Arc::new(Nothing), Arc::new(Nothing), Cloud::public())
    }

    fn federated(&self, federation: &Federation, source: Arc<dyn AssertionSource>) -> Result<AzureClient, TokenError> {
        self.0.lock().unwrap().push((federation.clone(), source));
        Ok(self.own())
    }
}

impl Made {
    fn last(&self) -> (Federation, Arc<dyn AssertionSource>) {
        self.0.lock().unwrap().last().unwrap().clone()
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

fn setup() -> (Server, Arc<Made>, Identities) {
    let (server, made) = (Server::default(), Arc::new(Made::default()));
    let identities = Identities::new(made.clone(), server.client(), Some("tenant".to_owned()));
    (server, made, identities)
}

fn publisher() -> Identity {
    Identity::ServiceAccount("publisher".to_owned())
}

async fn reason(identities: &Identities, namespace: &str) -> Reason {
    match identities.client(namespace, &publisher()).await {
        Err(Unidentified::Violation(violation)) => {
            assert!(violation.message.contains("publisher"), "{violation}");
            violation.reason
        }
        other => panic!("no violation: {other:?}"),
    }
}

#[tokio::test]
async fn a_client_is_kept_until_its_service_account_changes() {
    let (server, made, identities) = setup();
    let annotations = json!({"azure.workload.identity/client-id": CLIENT_ID});
    server.set("a", "publisher", "u-1", &annotations);
    for _ in 0..3 {
        identities.client("a", &publisher()).await.unwrap();
    }
    assert_eq!(made.count(), 1);
    assert_eq!(made.last().0, Federation { tenant_id: "tenant".to_owned(), client_id: CLIENT_ID.to_owned() });
    server.set("a", "publisher", "u-2", &annotations);
    identities.client("a", &publisher()).await.unwrap();
    assert_eq!(made.count(), 2, "made anew under the same name");
    let other = CLIENT_ID.replace('1', "2");
    server.set("a", "publisher", "u-2", &json!({"azure.workload.identity/client-id": other}));
    identities.client("a", &publisher()).await.unwrap();
    assert_eq!((made.count(), made.last().0.client_id), (3, other));
    server.set("a", "publisher", "u-2", &json!({"azure.workload.identity/client-id": CLIENT_ID, "azure.workload.identity/tenant-id": "contoso.example"}));
    identities.client("a", &publisher()).await.unwrap();
    assert_eq!((made.count(), made.last().0.tenant_id), (4, "contoso.example".to_owned()));
    assert_eq!(identities.count(), 1);
}

#[tokio::test]
async fn a_service_account_that_is_gone_or_says_nothing_acts_no_more() {
    let (server, _, identities) = setup();
    assert_eq!(reason(&identities, "a").await, Reason::ServiceAccountNotFound);
    server.set("a", "publisher", "u-1", &json!({"azure.workload.identity/client-id": CLIENT_ID}));
    identities.client("a", &publisher()).await.unwrap();
    assert_eq!(identities.count(), 1);
    server.set("a", "publisher", "u-1", &json!({}));
    assert_eq!(reason(&identities, "a").await, Reason::IdentityIncomplete);
    assert_eq!(identities.count(), 0, "nothing is kept of what no longer holds");
    server.accounts.lock().unwrap().clear();
    assert_eq!(reason(&identities, "a").await, Reason::ServiceAccountNotFound);
    server.forbidden.lock().unwrap().push(Method::GET);
    assert_eq!(reason(&identities, "a").await, Reason::IdentityIncomplete);
}

#[tokio::test]
async fn nothing_of_one_namespace_is_found_from_another() {
    let (server, made, identities) = setup();
    server.set("a", "publisher", "u-1", &json!({"azure.workload.identity/client-id": CLIENT_ID}));
    identities.client("a", &publisher()).await.unwrap();
    assert_eq!(reason(&identities, "b").await, Reason::ServiceAccountNotFound);
    let other = CLIENT_ID.replace('1', "2");
    server.set("b", "publisher", "u-2", &json!({"azure.workload.identity/client-id": other}));
    identities.client("b", &publisher()).await.unwrap();
    let (federation, source) = made.last();
    assert_eq!(federation.client_id, other);
    let token = source.assertion().await.unwrap();
    assert_eq!(token.expose_secret(), "token of /api/v1/namespaces/b/serviceaccounts/publisher/token");
    identities.retain(|(namespace, _)| namespace == "b");
    assert_eq!(identities.count(), 1);
}

#[tokio::test]
async fn tokens_are_for_azure_alone_and_what_fails_is_said() {
    let (server, made, identities) = setup();
    server.set("a", "publisher", "u-1", &json!({"azure.workload.identity/client-id": CLIENT_ID}));
    identities.client("a", &publisher()).await.unwrap();
    let (_, source) = made.last();
    source.assertion().await.unwrap();
    let asked = server.tokens.lock().unwrap()[0].clone();
    assert_eq!(asked["audiences"], json!(["api://AzureADTokenExchange"]));
    assert_eq!(asked["expirationSeconds"], 600);
    server.forbidden.lock().unwrap().push(Method::POST);
    let error = source.assertion().await.unwrap_err();
    assert_eq!(error.kind, TokenErrorKind::Configuration);
    assert!(error.message.contains("serviceaccounts/token"), "{error}");
    server.forbidden.lock().unwrap().clear();
    server.accounts.lock().unwrap().clear();
    let error = source.assertion().await.unwrap_err();
    assert!(error.message.contains("there is no ServiceAccount publisher"), "{error}");
}
