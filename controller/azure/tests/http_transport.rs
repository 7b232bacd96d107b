//! The real transport against servers on loopback that behave badly.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::Duration,
};

use azimage_azure::{
    HttpTransport, HttpTransportError, HttpTransportOptions, Transport, TransportError, TransportErrorKind,
};
use bytes::Bytes;
use http::{Method, Request, Response};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// Answers each connection with `respond`, which gets the request's head.
fn serve(respond: impl Fn(&str, &mut dyn Write) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let head = head(&mut stream);
            respond(&head, &mut stream);
        }
    });
    address
}

fn head(stream: &mut dyn Read) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap().to_ascii_lowercase()
}

fn transport(options: &HttpTransportOptions) -> HttpTransport {
    // Fails when another test was first, which is as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    HttpTransport::new(options).unwrap()
}

async fn request(method: Method, url: String) -> Result<Response<Bytes>, TransportError> {
    let options = HttpTransportOptions { timeout: Duration::from_millis(700), ..HttpTransportOptions::default() };
    let request = Request::builder().method(method).uri(url).body(Bytes::new()).unwrap();
    transport(&options).send(request).await
}

#[tokio::test]
async fn an_answer_comes_back_with_status_headers_and_body() {
    let address = serve(|head, stream| {
        assert!(head.contains(concat!("user-agent: azimage/", env!("CARGO_PKG_VERSION"))), "{head}");
        assert!(head.contains("content-length: 0"), "an action without a body must say so: {head}");
        stream.write_all(b"HTTP/1.1 418 Teapot\r\nretry-after: 7\r\ncontent-length: 3\r\n\r\ntea").unwrap();
    });
    let answer = request(Method::POST, format!("http://{address}/x")).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.body().as_ref()), (418, &b"tea"[..]));
    assert_eq!(answer.headers()["retry-after"], "7");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let address = serve(|_, stream| {
        stream.write_all(b"HTTP/1.1 307 x\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n").unwrap();
    });
    assert_eq!(request(Method::GET, format!("http://{address}/x")).await.unwrap().status().as_u16(), 307);
}

#[tokio::test]
async fn a_refused_connection_has_surely_sent_nothing() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = request(Method::PUT, format!("http://{address}/x?s=SIGNATURE")).await.unwrap_err();
    assert_eq!((error.kind, error.possibly_sent), (TransportErrorKind::Connect, false));
    assert!(!format!("{error} {error:?}").contains("SIGNATURE"), "{error:?}");
}

#[tokio::test]
async fn silence_and_trickling_end_by_the_timeout_of_the_whole_exchange() {
    let silent = serve(|_, _| thread::sleep(Duration::from_secs(5)));
    let trickling = serve(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n");
        while stream.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(50));
        }
    });
    for address in [silent, trickling] {
        let error = request(Method::PUT, format!("http://{address}/x?s=SIGNATURE")).await.unwrap_err();
        assert_eq!((error.kind, error.possibly_sent), (TransportErrorKind::TimedOut, true), "{error}");
        assert!(!format!("{error} {error:?}").contains("SIGNATURE"), "{error:?}");
    }
}

#[tokio::test]
async fn a_connection_that_ends_early_may_have_delivered_the_request() {
    let closing = serve(|_, _| ());
    let truncating = serve(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"location\":").unwrap();
    });
    let garbling = serve(|_, stream| stream.write_all(b"SSH-2.0-x\r\n\r\n").unwrap());
    for address in [closing, truncating, garbling] {
        let error = request(Method::PUT, format!("http://{address}/x")).await.unwrap_err();
        assert_eq!((error.kind, error.possibly_sent), (TransportErrorKind::Interrupted, true), "{error}");
    }
}

#[tokio::test]
async fn a_huge_body_is_refused_whether_it_is_announced_or_not() {
    let announced = serve(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n");
    });
    let endless = serve(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b'x'; 8192]).is_ok() {}
    });
    let options = HttpTransportOptions::default();
    for address in [announced, endless] {
        let request = Request::builder().uri(format!("http://{address}/x")).body(Bytes::new()).unwrap();
        let error = transport(&options).send(request).await.unwrap_err();
        assert_eq!((error.kind, error.possibly_sent), (TransportErrorKind::BodyTooLarge, true), "{error}");
    }
}

/// A TLS server with a certificate of its own, and that certificate in PEM form.
fn serve_tls() -> (SocketAddr, String) {
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream): Result<TcpStream, _> = stream else { return };
            let mut connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut tls = rustls::Stream::new(&mut connection, &mut stream);
            if head(&mut tls).is_empty() {
                continue;
            }
            let _ = tls.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
            tls.conn.send_close_notify();
            let _ = tls.flush();
        }
    });
    (address, cert.pem())
}

#[tokio::test]
async fn a_private_authority_is_trusted_only_when_its_certificate_is_given() {
    let (address, pem) = serve_tls();
    let url = format!("https://localhost:{}/x", address.port());
    let request = || Request::builder().method(Method::PUT).uri(&url).body(Bytes::new()).unwrap();

    let trusting = HttpTransportOptions { ca_bundle: Some(pem.into_bytes()), ..HttpTransportOptions::default() };
    assert_eq!(transport(&trusting).send(request()).await.unwrap().body().as_ref(), b"ok");

    let (_, other) = serve_tls();
    let wary = HttpTransportOptions { ca_bundle: Some(other.into_bytes()), ..HttpTransportOptions::default() };
    let error = transport(&wary).send(request()).await.unwrap_err();
    assert_eq!((error.kind, error.possibly_sent), (TransportErrorKind::Connect, false), "{error}");
    assert!(error.message.contains("certificate"), "{error}");
}

#[test]
fn a_bundle_without_certificates_is_refused_at_the_start() {
    for bundle in ["", "not PEM", "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n"] {
        let options = HttpTransportOptions { ca_bundle: Some(bundle.into()), ..HttpTransportOptions::default() };
        let result = HttpTransport::new(&options);
        assert!(matches!(result, Err(HttpTransportError::CaBundle(_))), "{bundle}: {result:?}");
    }
}
