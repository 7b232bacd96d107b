//! Reading the end of a blob by a signed address.
//!
//! Whoever has the address may read, so it is a secret: no error and no log holds it, nor anything that storage says
//! beside its code. It leads away from Resource Manager, so no token goes there.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use url::Url;

use crate::{
    arm::call::Call,
    arm::client::{Client, transport_failed},
    arm::error::{Error, ErrorKind, Exchange, Parts},
    arm::retry_after::retry_after,
};

/// How much of a log is read at most, in bytes from its end.
pub const LARGEST_LOG: u64 = 4 * 1024 * 1024;

/// What storage says where there is no such blob (yet).
const ABSENT: [&str; 3] = ["BlobNotFound", "ContainerNotFound", "ResourceNotFound"];

/// An answer of storage that is no failure.
enum Part {
    /// All of it.
    Whole(Bytes),
    /// The bytes of a range, and how many there are altogether.
    Range(Bytes, u64),
    /// There is nothing.
    Nothing,
}

impl Client {
    /// The last [`LARGEST_LOG`] bytes of a blob, or `None` where it doesn't exist or is empty. `subject` stands in errors
    /// instead of the address. Storage knows no range that counts from the end, so a long blob takes two requests.
    pub(crate) async fn blob_end(&self, call: &Call, subject: &str, address: &str) -> Result<Option<Bytes>, Error> {
        let exchange = Self::exchange(call, &Method::GET, &subject);
        let url = Url::parse(address).ok().filter(|url| url.scheme() == "https" && url.has_host());
        let Some(url) = url else {
            return Err(Error::malformed(&exchange, None, "Azure gave no https address of it"));
        };
        match self.range(&exchange, &url, 0, LARGEST_LOG - 1).await? {
            Part::Nothing => Ok(None),
            Part::Whole(bytes) => Ok(Some(bytes)),
            Part::Range(bytes, total) if total <= LARGEST_LOG => Ok(Some(bytes)),
            Part::Range(_, total) => match self.range(&exchange, &url, total - LARGEST_LOG, total - 1).await? {
                Part::Nothing => Ok(None),
                Part::Whole(bytes) | Part::Range(bytes, _) => Ok(Some(bytes)),
            },
        }
    }

    async fn range(&self, exchange: &Exchange, url: &Url, first: u64, last: u64) -> Result<Part, Error> {
        // Neither a token nor ids of ours.
        let request = Request::get(url.as_str())
            .header(header::RANGE, format!("bytes={first}-{last}"))
            .body(Bytes::new())
            .map_err(|_| Error::malformed(exchange, None, "the address that Azure gave is none"))?;
        let answer = self.transport().send(request).await.map_err(|error| transport_failed(exchange, error))?;
        tracing::debug!(subject = %exchange.subject, status = answer.status().as_u16(), "storage request");
        part(exchange, answer)
    }
}

fn part(exchange: &Exchange, answer: Response<Bytes>) -> Result<Part, Error> {
    let status = answer.status();
    let code = code(answer.headers());
    match status {
        StatusCode::OK => Ok(Part::Whole(answer.into_body())),
        StatusCode::PARTIAL_CONTENT => match total(answer.headers()) {
            Some(total) => Ok(Part::Range(answer.into_body(), total)),
            None => Err(Error::malformed(exchange, Some(status), "storage doesn't say which part of it this is")),
        },
        StatusCode::RANGE_NOT_SATISFIABLE => Ok(Part::Nothing),
        StatusCode::NOT_FOUND if code.as_deref().is_some_and(|code| ABSENT.contains(&code)) => Ok(Part::Nothing),
        _ => {
            let message = match &code {
                Some(_) => "storage doesn't give it",
                None => "the answer is not one of Azure's storage; is a proxy in between?",
            };
            let kind = if code.is_some() { ErrorKind::Transient } else { ErrorKind::Malformed };
            let retry_after = retry_after(answer.headers());
            let message = message.to_owned();
            Err(Error::new(Parts {
                kind,
                status: Some(status),
                code,
                message,
                retry_after,
                exchange: exchange.clone(),
            }))
        }
    }
}

/// The code of a refusal. Its body may repeat what was asked for, and is never looked at.
fn code(headers: &HeaderMap) -> Option<String> {
    let code = headers.get("x-ms-error-code")?.to_str().ok()?;
    (code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric())).then(|| code.to_owned())
}

/// The number after the stroke of `bytes 0-9/100`.
fn total(headers: &HeaderMap) -> Option<u64> {
    let text = headers.get(header::CONTENT_RANGE)?.to_str().ok()?;
    text.strip_prefix("bytes ")?.split_once('/')?.1.trim().parse().ok()
}
