//! Client assertions that an application signs with the key of its own certificate (behaviour section 15).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, EncodingKey, Header, encode,
    jwk::{AlgorithmParameters, Jwk},
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::identity::token_error::{TokenError, TokenErrorKind};

/// How long an assertion is good for, in seconds. It is used at once.
const LIFETIME: i64 = 600;
/// The authority's clock may be behind ours by so many seconds.
const SKEW: i64 = 60;

/// Whom an assertion is from and for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claims<'a> {
    /// Client (application) id.
    pub(crate) client_id: &'a str,
    /// The token endpoint.
    pub(crate) audience: &'a str,
    /// Never used before.
    pub(crate) id: Uuid,
    /// Now.
    pub(crate) now: jiff::Timestamp,
}

/// An assertion, signed with the key in `pem`, which names the certificate in `pem` that belongs to the key.
///
/// Other certificates, such as those of a chain, may be there as well, in any order. No part of `pem` is in an error.
pub(crate) fn assertion(pem: &SecretString, claims: Claims<'_>) -> Result<SecretString, TokenError> {
    let text = pem.expose_secret();
    if text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") || text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(wrong("its key is encrypted; store it without a password"));
    }
    let key =
        PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| wrong("there is no private key (PEM) in it"))?;
    let (PrivateKeyDer::Pkcs1(_) | PrivateKeyDer::Pkcs8(_)) = key else {
        return Err(wrong("its key isn't an RSA key"));
    };
    let signer =
        EncodingKey::from_rsa_pem(pem_of_key(text).as_bytes()).map_err(|_| wrong("its key isn't an RSA key"))?;
    let modulus = match Jwk::from_encoding_key(&signer, Algorithm::PS256).map(|jwk| jwk.algorithm) {
        Ok(AlgorithmParameters::RSA(key)) => URL_SAFE_NO_PAD.decode(key.n).unwrap_or_default(),
        _ => return Err(wrong("its key isn't an RSA key")),
    };
    let certificates: Vec<CertificateDer<'_>> = CertificateDer::pem_slice_iter(text.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|_| wrong("a certificate in it can't be read"))?;
    if certificates.is_empty() {
        return Err(wrong("there is no certificate (PEM) in it"));
    }
    // A certificate holds the modulus of its own key alone, so that tells whose it is without reading all of it.
    let own = certificates.iter().find(|certificate| holds(certificate, &modulus));
    let own = own.ok_or_else(|| wrong("its key belongs to none of its certificates"))?;
    let header =
        Header { x5t_s256: Some(URL_SAFE_NO_PAD.encode(Sha256::digest(own))), ..Header::new(Algorithm::PS256) };
    let now = claims.now.as_second();
    let body = serde_json::json!({
        "iss": claims.client_id,
        "sub": claims.client_id,
        "aud": claims.audience,
        "jti": claims.id,
        "iat": now,
        "nbf": now - SKEW,
        "exp": now + LIFETIME,
    });
    encode(&header, &body, &signer).map(SecretString::from).map_err(|_| wrong("nothing can be signed with its key"))
}

fn wrong(what: &str) -> TokenError {
    TokenError::new(TokenErrorKind::Configuration, format!("the client certificate can't be used: {what}"))
}

fn holds(certificate: &[u8], modulus: &[u8]) -> bool {
    !modulus.is_empty() && certificate.windows(modulus.len()).any(|part| part == modulus)
}

/// The part of the text that is the key.
fn pem_of_key(text: &str) -> &str {
    const END: &str = "PRIVATE KEY-----";
    let Some(begin) = text.find(END).and_then(|at| text[..at].rfind("-----BEGIN ")) else { return "" };
    let rest = &text[begin..];
    let end = rest.find("-----END ").and_then(|at| rest[at..].find(END).map(|length| at + length + END.len()));
    &rest[..end.unwrap_or(rest.len())]
}

#[cfg(test)]
mod tests;
