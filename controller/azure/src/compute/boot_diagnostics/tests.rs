use http::Response;
use serde_json::json;

use crate::{
    ErrorKind, LARGEST_LOG, TransportErrorKind,
    fake::{Script, VM, answer, call, no_answer, vm},
    http::transport::TransportError,
};

const SIGNED: &str = "https://md-1.z1.blob.storage.azure.net/bootdiagnostics/log?sv=2018&se=2026&sig=SECRET%3D";

type Answer = Result<Response<bytes::Bytes>, TransportError>;

fn addresses() -> Answer {
    answer(
        200,
        &[],
        json!({"consoleScreenshotBlobUri": "https://x/?sig=S", "serialConsoleLogBlobUri": SIGNED}).to_string(),
    )
}

fn part(first: u64, last: u64, total: u64) -> Answer {
    let body = vec![b'x'; usize::try_from(last - first + 1).unwrap()];
    answer(206, &[("content-range", &format!("bytes {first}-{last}/{total}"))], body)
}

#[tokio::test]
async fn the_log_is_read_by_its_address_alone_and_no_token_goes_there() {
    let script = Script::of([addresses(), part(0, 99, 100)]);
    let log = script.client().serial_console_log(&call(), &vm()).await.unwrap().unwrap();
    assert_eq!(log.len(), 100);
    let post = format!(
        "POST https://management.azure.com{VM}/retrieveBootDiagnosticsData?sasUriExpirationTimeInMinutes=10&api-version=2025-04-01"
    );
    assert_eq!(script.sent(), [post, format!("GET {SIGNED}")]);
    assert_eq!(script.header(0, "authorization").as_deref(), Some("Bearer token-1"));
    let requests = script.requests.lock().unwrap();
    let headers: Vec<&str> = requests[1].headers().keys().map(http::HeaderName::as_str).collect();
    assert_eq!(headers, ["range"], "neither a token nor anything else of ours");
}

#[tokio::test]
async fn of_a_screenshot_only_that_it_is_there_is_told() {
    let no_screenshot = answer(200, &[], json!({"serialConsoleLogBlobUri": SIGNED}).to_string());
    for (addresses, has_screenshot) in [(addresses(), true), (no_screenshot, false)] {
        let script = Script::of([addresses, part(0, 99, 100)]);
        let record = script.client().boot_record(&call(), &vm()).await.unwrap();
        assert_eq!((record.log.unwrap().len(), record.has_screenshot), (100, has_screenshot));
        assert_eq!(script.sent().len(), 2, "nobody asks for it");
    }
}

#[tokio::test]
async fn of_a_long_log_the_end_is_read() {
    let total = 3 * LARGEST_LOG + 7;
    let script =
        Script::of([addresses(), part(0, LARGEST_LOG - 1, total), part(total - LARGEST_LOG, total - 1, total)]);
    let log = script.client().serial_console_log(&call(), &vm()).await.unwrap().unwrap();
    assert_eq!(log.len() as u64, LARGEST_LOG);
    assert_eq!(script.header(1, "range"), Some(format!("bytes=0-{}", LARGEST_LOG - 1)));
    assert_eq!(script.header(2, "range"), Some(format!("bytes={}-{}", total - LARGEST_LOG, total - 1)));
}

#[tokio::test]
async fn a_log_that_is_not_there_yet_is_no_failure() {
    for (name, storage) in [
        ("no blob", answer(404, &[("x-ms-error-code", "BlobNotFound")], "<Error/>")),
        ("no container", answer(404, &[("x-ms-error-code", "ContainerNotFound")], "<Error/>")),
        ("an empty blob", answer(416, &[("x-ms-error-code", "InvalidRange")], "<Error/>")),
    ] {
        let script = Script::of([addresses(), storage]);
        assert_eq!(script.client().serial_console_log(&call(), &vm()).await.unwrap(), None, "{name}");
    }
    let script = Script::of([addresses(), answer(200, &[], "all of it")]);
    let log = script.client().serial_console_log(&call(), &vm()).await.unwrap();
    assert_eq!(log.as_deref(), Some(&b"all of it"[..]), "a storage that knows no ranges");
}

#[tokio::test]
async fn whatever_else_storage_answers_is_told_without_the_address() {
    let echo = format!("<Error><Message>{SIGNED} is not valid</Message></Error>");
    let transient = ErrorKind::Transient;
    let transport = ErrorKind::Transport { timed_out: true, possibly_sent: true };
    for (name, storage, kind) in [
        ("refused", answer(403, &[("x-ms-error-code", "AuthenticationFailed")], echo.clone()), &transient),
        ("busy", answer(503, &[("x-ms-error-code", "ServerBusy")], echo.clone()), &transient),
        ("too many", answer(429, &[("x-ms-error-code", "TooManyRequests"), ("retry-after", "7")], ""), &transient),
        ("another kind of 404", answer(404, &[("x-ms-error-code", "AccountIsDisabled")], ""), &transient),
        ("a proxy's 404", answer(404, &[], echo.clone()), &ErrorKind::Malformed),
        ("a proxy's refusal", answer(403, &[], echo.clone()), &ErrorKind::Malformed),
        ("a redirect", answer(302, &[("location", SIGNED)], ""), &ErrorKind::Malformed),
        ("a code that is none", answer(403, &[("x-ms-error-code", SIGNED)], ""), &ErrorKind::Malformed),
        ("a part of what", answer(206, &[], "x"), &ErrorKind::Malformed),
        ("a part of nonsense", answer(206, &[("content-range", "bytes 0-1/*")], "xx"), &ErrorKind::Malformed),
        ("no answer", no_answer(TransportErrorKind::TimedOut, true), &transport),
        ("too long", no_answer(TransportErrorKind::BodyTooLarge, true), &ErrorKind::Malformed),
    ] {
        let script = Script::of([addresses(), storage]);
        let error = script.client().serial_console_log(&call(), &vm()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{name}");
        let told = format!("{error} {error:?} {}", error.message());
        assert!(!told.contains("SECRET") && !told.contains("sig=") && !told.contains("blob.storage"), "{name}: {told}");
        assert!(told.contains("the serial console log of") && !error.possibly_applied(), "{name}: {told}");
        assert_eq!(script.sent().len(), 2, "{name}: no redirect is followed, nothing is repeated");
    }
}

#[tokio::test]
async fn an_address_that_is_none_of_storage_is_asked_nothing() {
    for (name, body) in [
        ("none", json!({})),
        ("null", json!({"serialConsoleLogBlobUri": null})),
        ("not https", json!({"serialConsoleLogBlobUri": "http://md-1.blob/log?sig=SECRET"})),
        ("no address", json!({"serialConsoleLogBlobUri": "SECRET"})),
        ("another type", json!({"serialConsoleLogBlobUri": ["SECRET"]})),
        ("a file", json!({"serialConsoleLogBlobUri": "file:///SECRET"})),
    ] {
        let script = Script::of([answer(200, &[], body.to_string())]);
        let error = script.client().serial_console_log(&call(), &vm()).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Malformed, "{name}");
        assert!(!format!("{error} {error:?}").contains("SECRET"), "{name}: {error}");
    }
    let off = r#"{"error":{"code":"OperationNotAllowed","message":"boot diagnostics is not enabled."}}"#;
    let script = Script::of([answer(409, &[], off)]);
    let error = script.client().serial_console_log(&call(), &vm()).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotAllowed);
}
