use std::{
    collections::VecDeque,
    sync::{
        Mutex as StdMutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::*;
use crate::{
    TransportError, TransportErrorKind,
    fake::{Script, answer, no_answer},
    identity::secret_file::SecretFile,
};

const TENANT: &str = "11111111-0000-0000-0000-000000000001";

fn token(value: &str) -> String {
    serde_json::json!({"token_type": "Bearer", "expires_in": 3600, "ext_expires_in": 3600, "access_token": value})
        .to_string()
}

/// An identity with a client secret, and its clock.
fn identity(script: &Arc<Script>) -> (AzureIdentity, Arc<StdMutex<jiff::Timestamp>>) {
    identity_with(script, secret("hunter2"))
}

/// The same with another source: `azure_identity` stamps tokens with the real time, so the clock starts there.
fn identity_with(
    script: &Arc<Script>,
    secret: Arc<dyn SecretSource>,
) -> (AzureIdentity, Arc<StdMutex<jiff::Timestamp>>) {
    let start = azure_core::time::OffsetDateTime::now_utc().unix_timestamp();
    let clock = Arc::new(StdMutex::new(jiff::Timestamp::from_second(start).unwrap()));
    let now: Now = {
        let clock = Arc::clone(&clock);
        Arc::new(move || *clock.lock().unwrap())
    };
    let secret = Identity::ClientSecret { tenant: TENANT.to_owned(), client_id: "client".to_owned(), secret };
    let identity = AzureIdentity::new(secret, &Cloud::public(), Arc::clone(script) as _, now).unwrap();
    (identity, clock)
}

fn secret(value: &str) -> Arc<dyn SecretSource> {
    Arc::new(SecretString::from(value))
}

fn advance(clock: &StdMutex<jiff::Timestamp>, seconds: i64) {
    let mut now = clock.lock().unwrap();
    *now += jiff::SignedDuration::from_secs(seconds);
}

fn exposed(token: &BearerToken) -> &str {
    token.secret().expose_secret()
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_kept() {
    let script = Script::of([answer(200, &[], token("one"))]);
    let (identity, clock) = identity(&script);
    assert_eq!(exposed(&identity.token().await.unwrap()), "one");
    advance(&clock, 3000);
    assert_eq!(exposed(&identity.token().await.unwrap()), "one");
    assert_eq!(script.sent(), [format!("POST https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token")]);
    let body = String::from_utf8(script.requests.lock().unwrap()[0].body().to_vec()).unwrap();
    assert!(body.contains("scope=https%3A%2F%2Fmanagement.azure.com%2F.default"), "{body}");
}

#[tokio::test]
async fn a_refused_token_is_replaced_by_a_fresh_one() {
    let script = Script::of([answer(200, &[], token("one")), answer(200, &[], token("two"))]);
    let (identity, _) = identity(&script);
    let first = identity.token().await.unwrap();
    assert_eq!(exposed(&identity.replace(&first).await.unwrap()), "two");
    assert_eq!(exposed(&identity.replace(&first).await.unwrap()), "two", "another caller has replaced it already");
    assert_eq!(script.sent().len(), 2);
}

#[tokio::test]
async fn a_failed_renewal_does_not_matter_while_the_old_token_lives() {
    let short = serde_json::json!({"token_type": "Bearer", "expires_in": 200, "access_token": "one"}).to_string();
    let down = || no_answer(TransportErrorKind::Connect, false);
    let script = Script::of([answer(200, &[], short), down(), down()]);
    let (identity, clock) = identity(&script);
    assert_eq!(exposed(&identity.token().await.unwrap()), "one");
    for sent in [1, 2] {
        for _ in 0..3 {
            assert_eq!(exposed(&identity.token().await.unwrap()), "one");
        }
        assert_eq!(script.sent().len(), sent, "one renewal, then a pause");
        advance(&clock, 30);
    }
    advance(&clock, 200);
    assert_eq!(identity.token().await.unwrap_err().kind, TokenErrorKind::Unreachable);
}

#[tokio::test]
async fn whoever_counts_is_told_of_each_request_for_a_token_and_of_nothing_else() {
    let refused = serde_json::json!({"error": "invalid_client", "error_description": "AADSTS7000215: no"}).to_string();
    let down = no_answer(TransportErrorKind::Connect, false);
    let script = Script::of([answer(401, &[], refused), down, answer(200, &[], token("one"))]);
    let told = Arc::new(StdMutex::new(Vec::new()));
    let observer: TokenObserver = {
        let told = Arc::clone(&told);
        Arc::new(move |outcome| told.lock().unwrap().push(outcome))
    };
    let identity = identity(&script).0.observed(observer);
    identity.token().await.unwrap_err();
    identity.token().await.unwrap_err();
    identity.token().await.unwrap();
    identity.token().await.unwrap();
    let expected = [Some(TokenErrorKind::Refused), Some(TokenErrorKind::Unreachable), None];
    assert_eq!(*told.lock().unwrap(), expected);
}

/// Answers when it is told what to.
#[derive(Debug, Default)]
struct Slow {
    answers: StdMutex<VecDeque<String>>,
    asked: AtomicUsize,
}

#[async_trait]
impl Transport for Slow {
    async fn send(&self, _: http::Request<bytes::Bytes>) -> Result<http::Response<bytes::Bytes>, TransportError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let next = self.answers.lock().unwrap().pop_front();
        match next {
            Some(body) => Ok(http::Response::new(bytes::Bytes::from(body))),
            None => pending().await,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_authority_that_hangs_holds_one_at_a_time() {
    let transport = Arc::new(Slow::default());
    let secret = Identity::ClientSecret { tenant: TENANT.to_owned(), client_id: "c".to_owned(), secret: secret("x") };
    let start = azure_core::time::OffsetDateTime::now_utc().unix_timestamp();
    let now: Now = Arc::new(move || jiff::Timestamp::from_second(start).unwrap());
    let identity = AzureIdentity::new(secret, &Cloud::public(), Arc::clone(&transport) as _, now).unwrap();
    let identity = Arc::new(identity);
    let ten = async || {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..10 {
            let identity = Arc::clone(&identity);
            tasks.spawn(async move { identity.token().await });
        }
        tasks.join_all().await
    };
    let begun = tokio::time::Instant::now();
    for error in ten().await.into_iter().map(Result::unwrap_err) {
        assert_eq!(error.kind, TokenErrorKind::Unreachable);
        assert!(error.message.contains("the token authority gave no answer within 20 s"), "{error}");
    }
    assert_eq!(begun.elapsed(), TOKEN_TIMEOUT, "all have waited at the same time");
    assert_eq!(transport.asked.load(Ordering::SeqCst), 1);
    // From now on whoever asks waits alone, and the others know at once.
    let one = identity.token();
    tokio::pin!(one);
    tokio::select! {
        biased;
        _ = &mut one => panic!("it hangs"),
        () = tokio::time::sleep(Duration::from_secs(1)) => {}
    }
    let begun = tokio::time::Instant::now();
    assert_eq!(identity.token().await.unwrap_err().kind, TokenErrorKind::Unreachable);
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert!(one.await.is_err());
    assert_eq!(transport.asked.load(Ordering::SeqCst), 2);
    transport.answers.lock().unwrap().push_back(token("healed"));
    // Those who come while one asks may be sent away; it has the token for all.
    assert!(ten().await.iter().any(Result::is_ok));
    assert_eq!(exposed(&identity.token().await.unwrap()), "healed");
    assert_eq!(transport.asked.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_refusal_names_what_is_wrong_and_never_the_secret() {
    let body = r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided: hunter2.","error_codes":[7000215]}"#;
    let unknown = r#"{"error":"invalid_client","error_description":"AADSTS1: hunter2 is strange.","error_codes":[1]}"#;
    for (body, expected) in [(body, "give its value, not its id"), (unknown, "is strange")] {
        let script = Script::of([answer(401, &[], body)]);
        let (identity, _) = identity(&script);
        let error = identity.token().await.unwrap_err();
        assert_eq!(error.kind, TokenErrorKind::Refused);
        assert!(error.message.contains(expected), "{error}");
        assert!(!format!("{error:?} {identity:?}").contains("hunter2"), "{error:?} {identity:?}");
    }
}

#[tokio::test]
async fn an_answer_that_is_not_the_authoritys_counts_as_unreachable() {
    for (status, body) in [(200, ""), (200, "<html>"), (502, "<html>"), (404, ""), (302, "")] {
        let script = Script::of([answer(status, &[], body)]);
        let (identity, _) = identity(&script);
        let error = identity.token().await.unwrap_err();
        assert_eq!(error.kind, TokenErrorKind::Unreachable, "{status} {body}: {error}");
    }
}

#[test]
fn what_is_missing_is_said_at_the_start() {
    let script = Script::of([]);
    let now: Now = Arc::new(|| jiff::Timestamp::UNIX_EPOCH);
    let secret = Identity::ClientSecret { tenant: "a b".to_owned(), client_id: "c".to_owned(), secret: secret("x") };
    let error = AzureIdentity::new(secret, &Cloud::public(), script, now).unwrap_err();
    assert_eq!(error.kind, TokenErrorKind::Configuration);
    assert!(error.message.contains("tenant"), "{error}");
}

#[tokio::test]
async fn a_managed_identity_asks_the_machines_own_endpoint() {
    let expires = azure_core::time::OffsetDateTime::now_utc().unix_timestamp() + 3600;
    let body = serde_json::json!({"access_token": "one", "expires_on": expires.to_string(), "token_type": "Bearer",
        "resource": "https://management.azure.com"});
    let script = Script::of([answer(200, &[], body.to_string())]);
    let now: Now = Arc::new(|| jiff::Timestamp::UNIX_EPOCH);
    let managed = Identity::ManagedIdentity { client_id: Some("client".to_owned()) };
    let identity = AzureIdentity::new(managed, &Cloud::public(), Arc::clone(&script) as _, now).unwrap();
    assert_eq!(exposed(&identity.token().await.unwrap()), "one");
    let sent = &script.sent()[0];
    assert!(sent.starts_with("GET http://169.254.169.254/metadata/identity/oauth2/token?"), "{sent}");
    assert!(sent.contains("client_id=client"), "{sent}");
}

#[tokio::test]
async fn an_exchanged_secret_is_in_use_from_the_next_token_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("client-secret");
    let refusal = r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided.","error_codes":[7000215]}"#;
    std::fs::write(&path, "old").unwrap();
    let script =
        Script::of([answer(200, &[], token("one")), answer(401, &[], refusal), answer(200, &[], token("two"))]);
    let (identity, clock) = identity_with(&script, Arc::new(SecretFile::new(&path)));
    assert_eq!(exposed(&identity.token().await.unwrap()), "one");
    // The old secret is deleted before the new one is there: the token still serves.
    advance(&clock, 3400);
    assert_eq!(exposed(&identity.token().await.unwrap()), "one");
    std::fs::remove_file(&path).unwrap();
    advance(&clock, 30);
    assert_eq!(exposed(&identity.token().await.unwrap()), "one");
    std::fs::write(&path, "new").unwrap();
    advance(&clock, 30);
    assert_eq!(exposed(&identity.token().await.unwrap()), "two");
    let bodies = script.requests.lock().unwrap();
    let secrets = bodies.iter().map(|request| {
        let form = String::from_utf8(request.body().to_vec()).unwrap();
        form.split('&').find_map(|field| field.strip_prefix("client_secret=").map(str::to_owned)).unwrap()
    });
    assert_eq!(secrets.collect::<Vec<_>>(), ["old", "old", "new"], "nothing is asked for without a secret");
}

#[tokio::test]
async fn a_certificate_is_shown_by_an_assertion_for_this_authority() {
    let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    let made = rcgen::CertificateParams::new(vec!["azimage".to_owned()]).unwrap().self_signed(&key).unwrap();
    let pem = format!("{}{}", key.serialize_pem(), made.pem());
    for (cloud, host) in [
        (Cloud::public(), "https://login.microsoftonline.com"),
        (Cloud::us_government(), "https://login.microsoftonline.us"),
        (Cloud::china(), "https://login.chinacloudapi.cn"),
    ] {
        let script = Script::of([answer(200, &[], token("one"))]);
        let now: Now = Arc::new(|| jiff::Timestamp::UNIX_EPOCH);
        let certificate = Identity::ClientCertificate {
            tenant: TENANT.to_owned(),
            client_id: "client".to_owned(),
            certificate: secret(&pem),
        };
        let identity = AzureIdentity::new(certificate, &cloud, Arc::clone(&script) as _, now).unwrap();
        assert_eq!(exposed(&identity.token().await.unwrap()), "one");
        let endpoint = format!("{host}/{TENANT}/oauth2/v2.0/token");
        assert_eq!(script.sent(), [format!("POST {endpoint}")]);
        let form = script.requests.lock().unwrap()[0].body().to_vec();
        let field = |name: &str| {
            url::form_urlencoded::parse(&form).find(|(field, _)| field == name).map(|(_, value)| value.into_owned())
        };
        assert_eq!(field("scope").as_deref(), Some(cloud.scope()));
        assert_eq!(field("client_id").as_deref(), Some("client"));
        let claims =
            jsonwebtoken::dangerous::insecure_decode_claims::<serde_json::Value>(field("client_assertion").unwrap());
        assert_eq!(claims.unwrap()["aud"], endpoint);
    }
}

#[tokio::test]
async fn what_the_metadata_service_says_is_told_apart() {
    let missing = r#"{"error":"invalid_request","error_description":"Identity not found"}"#;
    let cases = [
        (400, missing, TokenErrorKind::Refused, "assign it to the machine"),
        (403, "", TokenErrorKind::Refused, "HTTP 403"),
        (404, "", TokenErrorKind::Unreachable, "HTTP 404"),
        (410, "", TokenErrorKind::Unreachable, "HTTP 410"),
        (429, "too many", TokenErrorKind::Unreachable, "HTTP 429"),
        (500, "internal eyJhbGciOi.eyJzdWIi.c2ln", TokenErrorKind::Unreachable, "internal …"),
        (200, "<html>", TokenErrorKind::Unreachable, "metadata service"),
        (
            200,
            r#"{"access_token":"x","expires_on":5,"token_type":"Bearer","resource":"x"}"#,
            TokenErrorKind::Unreachable,
            "metadata service",
        ),
    ];
    for (status, body, kind, expected) in cases {
        let script = Script::of([answer(status, &[], body)]);
        let now: Now = Arc::new(|| jiff::Timestamp::UNIX_EPOCH);
        let managed = Identity::ManagedIdentity { client_id: None };
        let identity = AzureIdentity::new(managed, &Cloud::public(), Arc::clone(&script) as _, now).unwrap();
        let error = identity.token().await.unwrap_err();
        assert_eq!(error.kind, kind, "{status} {body}: {error}");
        assert!(error.message.contains(expected), "{status} {body}: {error}");
        assert_eq!(script.sent().len(), 1, "{status}: whoever asked backs off");
    }
}
