//! Every call times every bad answer.

use azimage_azure::{Error, ErrorKind, TransportErrorKind};
use bytes::Bytes;

use crate::{
    calls::{READS, WRITES},
    surroundings::{Always, Bad, Logs, PLANTED, TOKEN},
};

/// Longer ones don't fit into a status.
const LONGEST_MESSAGE: usize = 2300;

fn answer(status: u16, body: impl Into<Vec<u8>>) -> Bad {
    let headers = vec![
        ("location", format!("https://login.example/?code={PLANTED}")),
        ("azure-asyncoperation", format!("https://management.azure.com/operations/1?t=1&s={PLANTED}")),
        ("retry-after", "soon".to_owned()),
    ];
    Bad::Answer { status, headers, body: Bytes::from(body.into()) }
}

/// Bodies that no read can use, with any status.
fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let gzip = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    vec![
        ("empty", Vec::new()),
        ("white space", b" \r\n\t".to_vec()),
        ("a page", format!("<html><a href='https://proxy.example/login?next={PLANTED}'>Sign in</a></html>").into()),
        ("a page with a relative link", format!("<html> /login?sig={PLANTED} </html>").into()),
        ("a token", format!("{{\"access_token\":\"{TOKEN}\"").into()),
        ("cut off", b"{\"location\":\"westeur".to_vec()),
        ("a number", b"42".to_vec()),
        ("a text", format!("\"{PLANTED}\"").into()),
        ("a list", b"[]".to_vec()),
        ("nothing in it", b"{}".to_vec()),
        ("null", b"null".to_vec()),
        ("other types", format!("{{\"location\":[\"{PLANTED}\"],\"name\":7,\"status\":{{}},\"value\":\"{PLANTED}\",\"properties\":\"{PLANTED}\"}}").into()),
        ("deep lists", vec![b'['; 200_000]),
        ("deep objects", "{\"properties\":".repeat(100_000).into()),
        ("no UTF-8", b"{\"location\":\"west\xff\xfeeurope\",\"name\":\"\xc3\x28\"}".to_vec()),
        ("gzip", gzip),
        ("zeros", vec![0; 4096]),
        ("huge", vec![b'x'; 8 * 1024 * 1024]),
    ]
}

/// Errors in Azure's form with secrets in them.
fn error_body() -> Vec<u8> {
    format!(
        "{{\"error\":{{\"code\":\"Odd\",\"message\":\"see https://x.blob.core.windows.net/vhds/a?sv=1&sig={PLANTED} and {TOKEN} or /a?sig={PLANTED}\",\"details\":[{{\"message\":\"https://a/?{PLANTED}\"}}]}}}}"
    )
    .into()
}

fn without_secrets(name: &str, error: &Error) {
    let said = format!("{error} {error:?} {} {:?}", error.message(), error.code());
    for secret in [TOKEN, PLANTED] {
        assert!(!said.contains(secret), "{name}: {said}");
    }
    assert!(!error.message().is_empty(), "{name} says nothing");
    assert!(error.message().len() <= LONGEST_MESSAGE, "{name}: {} bytes", error.message().len());
    assert!(!error.message().contains(char::is_control), "{name}: {said}");
}

#[tokio::test]
async fn a_body_that_is_not_azures_is_told_from_every_read_and_harms_no_write() {
    let logs = Logs::default();
    let guard = logs.subscribe();
    let mut count = 0;
    for (name, body) in bodies() {
        let bad = answer(200, body);
        for read in READS {
            let (transport, client) = Always::client(&bad);
            let error = match read.send(&client).await {
                Err(error) => error,
                Ok(value) => panic!("{read:?} reads {name} as {value}"),
            };
            assert_eq!(*error.kind(), ErrorKind::Malformed, "{read:?} of {name}");
            without_secrets(&format!("{read:?} of {name}"), &error);
            assert_eq!(*transport.sent.lock().unwrap(), 1, "{read:?} of {name} is sent once");
            count += 1;
        }
        for write in WRITES {
            let (transport, client) = Always::client(&bad);
            let accepted = write.send(&client).await.unwrap();
            assert!(!format!("{accepted:?}").contains(PLANTED), "{write:?} of {name}");
            assert_eq!(*transport.sent.lock().unwrap(), 1, "{write:?} of {name} is sent once");
            count += 1;
        }
    }
    drop(guard);
    let logs = logs.text();
    assert!(logs.contains("azure request"), "the log is looked at");
    assert!(!logs.contains(PLANTED) && !logs.contains(TOKEN), "the log tells a secret");
    println!("{count} calls with bodies that aren't Azure's");
}

#[tokio::test]
async fn a_refusal_that_is_not_azures_is_no_verdict_and_none_tells_secrets() {
    let logs = Logs::default();
    let guard = logs.subscribe();
    let mut count = 0;
    for status in
        [204, 301, 302, 307, 400, 401, 403, 404, 405, 407, 409, 410, 412, 413, 418, 429, 451, 500, 502, 503, 504, 599]
    {
        // The beginning of a foreign refusal is told, as it is what helps; words in it that nothing marks as secret with it.
        let foreign = bodies()
            .into_iter()
            .filter(|(name, _)| !matches!(*name, "huge" | "deep objects" | "a text" | "other types"));
        for (name, body) in foreign.chain([("an error of Azure", error_body())]) {
            let bad = answer(status, body);
            let ours = name == "an error of Azure";
            for read in READS {
                let (transport, client) = Always::client(&bad);
                let told = format!("{read:?} of {status} with {name}");
                let Err(error) = read.send(&client).await else { panic!("{told} is read") };
                without_secrets(&told, &error);
                let verdict = matches!(
                    error.kind(),
                    ErrorKind::NotFound
                        | ErrorKind::Denied { .. }
                        | ErrorKind::Forbidden(_)
                        | ErrorKind::InUse
                        | ErrorKind::Rejected
                        | ErrorKind::Busy
                        | ErrorKind::NotAllowed
                );
                assert!(ours || !verdict, "{told}: {error:?}");
                assert_eq!(*transport.sent.lock().unwrap(), if status == 401 { 2 } else { 1 }, "{told}");
                count += 1;
            }
            for write in WRITES {
                let (transport, client) = Always::client(&bad);
                let told = format!("{write:?} of {status} with {name}");
                match write.send(&client).await {
                    Ok(_) => assert_eq!(status, 204, "{told}"),
                    Err(error) => without_secrets(&told, &error),
                }
                assert_eq!(*transport.sent.lock().unwrap(), if status == 401 { 2 } else { 1 }, "{told}");
                count += 1;
            }
        }
    }
    drop(guard);
    let logs = logs.text();
    assert!(!logs.contains(PLANTED) && !logs.contains(TOKEN), "the log tells a secret");
    println!("{count} calls with refusals");
}

#[tokio::test]
async fn no_answer_at_all_is_told_and_a_write_may_have_been_carried_out() {
    for kind in [
        TransportErrorKind::Connect,
        TransportErrorKind::TimedOut,
        TransportErrorKind::Interrupted,
        TransportErrorKind::BodyTooLarge,
    ] {
        for read in READS {
            let (transport, client) = Always::client(&Bad::None(kind));
            let error = read.send(&client).await.unwrap_err();
            without_secrets(&format!("{read:?} {kind:?}"), &error);
            assert!(!error.possibly_applied());
            assert_eq!(*transport.sent.lock().unwrap(), 1);
        }
        for write in WRITES {
            let (transport, client) = Always::client(&Bad::None(kind));
            let error = write.send(&client).await.unwrap_err();
            assert!(error.possibly_applied(), "{write:?} {kind:?}");
            assert_eq!(*transport.sent.lock().unwrap(), 1);
        }
    }
}
