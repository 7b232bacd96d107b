//! Answers that are wrong below HTTP, byte by byte.

use std::{fmt::Write as _, time::Duration};

use bytes::Bytes;
use http::{Response, header};
use serde::{Deserialize, Serialize};

/// How the bytes of an answer are wrong. Only the simulator behind sockets sends them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wire {
    /// Bytes that are no HTTP.
    NotHttp,
    /// The connection is reset within the headers.
    CutInHead,
    /// The connection is reset within the body.
    CutInBody,
    /// `Content-Length` promises a hundred bytes more than there are; then the connection closes in good order.
    LengthTooLong,
    /// `Content-Length` promises a byte less than there are.
    LengthTooShort,
    /// White space, a byte a second, for an hour.
    Drip,
    /// White space in chunks, without an end.
    Endless,
    /// White space in chunks whose sizes aren't numbers.
    BadChunks,
    /// A `Content-Length` of 64 MiB, and white space.
    Oversized,
    /// 101 Switching Protocols, and nothing more.
    SwitchingProtocols,
    /// 103 Early Hints, a hundred each second, without an end.
    EarlyHints,
    /// A header of one MiB.
    HugeHeader,
    /// A header whose name holds a control character.
    BadHeader,
    /// A second answer right behind the first one, to a request that wasn't sent.
    TwoAnswers,
}

/// What is sent instead of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Script {
    /// First this.
    pub(crate) first: Bytes,
    /// Then this, again and again, with a pause before each.
    pub(crate) again: Option<(Bytes, Duration)>,
    pub(crate) end: End,
}

/// How a connection ends after the first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// In good order.
    Close,
    /// With a reset.
    Reset,
    /// When the caller closes it.
    Held,
}

const OVERSIZED: usize = 64 * 1024 * 1024;
const HUGE_HEADER: usize = 1024 * 1024;
const SPACES: usize = 16 * 1024;

impl Wire {
    /// The bytes in place of an answer.
    pub(crate) fn script(self, answer: &Response<Bytes>) -> Script {
        let body = if answer.body().is_empty() { &b"{}"[..] } else { answer.body() };
        let counted = |length: usize| head(answer, &format!("content-length: {length}"));
        let whole = |length: usize, body: &[u8]| [counted(length).as_bytes(), body].concat();
        let spaces = || Bytes::from(vec![b' '; SPACES]);
        let script = |first: Vec<u8>, end| Script { first: first.into(), again: None, end };
        let repeated = |first: String, again: Bytes, pause| Script {
            first: first.into(),
            again: Some((again, pause)),
            end: End::Held,
        };
        match self {
            Self::NotHttp => script(b"\x00\x01 this is no HTTP \xff\xfe\r\n\r\n".to_vec(), End::Close),
            Self::CutInHead => {
                let head = counted(body.len());
                script(head.as_bytes()[..head.len() / 2].to_vec(), End::Reset)
            }
            Self::CutInBody => script(whole(body.len(), &body[..body.len() / 2]), End::Reset),
            Self::LengthTooLong => script(whole(body.len() + 100, body), End::Close),
            Self::LengthTooShort => script(whole(body.len() - 1, body), End::Close),
            Self::Drip => repeated(counted(3600), Bytes::from_static(b" "), Duration::from_secs(1)),
            Self::Endless => {
                let chunk = [format!("{SPACES:x}\r\n").as_bytes(), &spaces(), b"\r\n"].concat();
                repeated(head(answer, "transfer-encoding: chunked"), chunk.into(), Duration::ZERO)
            }
            Self::BadChunks => {
                script([head(answer, "transfer-encoding: chunked").as_bytes(), b"many\r\n   \r\n"].concat(), End::Close)
            }
            Self::Oversized => repeated(counted(OVERSIZED), spaces(), Duration::ZERO),
            Self::SwitchingProtocols => script(
                b"HTTP/1.1 101 Switching Protocols\r\nupgrade: another\r\nconnection: upgrade\r\n\r\n".to_vec(),
                End::Held,
            ),
            Self::EarlyHints => {
                let hint = "HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n";
                repeated(hint.to_owned(), Bytes::from_static(hint.as_bytes()), Duration::from_millis(10))
            }
            Self::HugeHeader => {
                let header = format!("content-length: {}\r\nx-ms-huge: {}", body.len(), "x".repeat(HUGE_HEADER));
                script([head(answer, &header).as_bytes(), body].concat(), End::Close)
            }
            Self::BadHeader => {
                let header = format!("content-length: {}\r\nx-ms-\x01bad: 1", body.len());
                script([head(answer, &header).as_bytes(), body].concat(), End::Close)
            }
            Self::TwoAnswers => {
                let second = b"HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n{\"unasked\": true}";
                script([&whole(body.len(), body)[..], second].concat(), End::Held)
            }
        }
    }
}

/// Status line and headers, with those of the body's length as given.
fn head(answer: &Response<Bytes>, length: &str) -> String {
    let status = answer.status();
    let mut text = format!("HTTP/1.1 {} {}\r\n", status.as_u16(), status.canonical_reason().unwrap_or_default());
    for (name, value) in answer.headers() {
        if ![header::CONTENT_LENGTH, header::TRANSFER_ENCODING].contains(name) {
            let _ = write!(text, "{name}: {}\r\n", value.to_str().unwrap_or_default());
        }
    }
    text.push_str(length);
    text.push_str("\r\n\r\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_wrong_in_just_one_way() {
        let answer = Response::builder().status(201).header("etag", "\"1\"").body(Bytes::from("{\"a\":1}")).unwrap();
        let first = |wire: Wire| String::from_utf8_lossy(&wire.script(&answer).first).into_owned();
        let long = "HTTP/1.1 201 Created\r\netag: \"1\"\r\ncontent-length: 107\r\n\r\n{\"a\":1}";
        assert_eq!(first(Wire::LengthTooLong), long);
        let short = "HTTP/1.1 201 Created\r\netag: \"1\"\r\ncontent-length: 6\r\n\r\n{\"a\":1}";
        assert_eq!(first(Wire::LengthTooShort), short);
        assert_eq!(first(Wire::CutInBody), "HTTP/1.1 201 Created\r\netag: \"1\"\r\ncontent-length: 7\r\n\r\n{\"a");
        assert!(
            first(Wire::TwoAnswers)
                .ends_with("{\"a\":1}HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n{\"unasked\": true}")
        );
        assert_eq!(Wire::CutInHead.script(&answer).end, End::Reset);
        assert_eq!(Wire::Drip.script(&answer).again, Some((Bytes::from_static(b" "), Duration::from_secs(1))));
    }
}
