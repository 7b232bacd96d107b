//! Client assertions that an application signs with its own certificate (behaviour section 15).

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, dangerous::insecure_decode_claims, decode, decode_header};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{
    assertion::{Refusal, SKEW},
    scenario,
};

/// A registered certificate.
pub(crate) struct Certificate {
    thumbprint: String,
    key: DecodingKey,
    expires: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    exp: i64,
    nbf: Option<i64>,
}

impl TryFrom<&scenario::Certificate> for Certificate {
    type Error = String;

    fn try_from(given: &scenario::Certificate) -> Result<Self, String> {
        let key = DecodingKey::from_rsa_pem(given.pem.as_bytes()).map_err(|error| error.to_string())?;
        let body = given.pem.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
        let der = STANDARD.decode(body.collect::<String>()).map_err(|error| error.to_string())?;
        Ok(Self { thumbprint: URL_SAFE_NO_PAD.encode(Sha256::digest(der)), key, expires: given.expires })
    }
}

/// Does the assertion name a certificate of the application's, instead of an issuer that it trusts?
pub(crate) fn is_meant(assertion: &str) -> bool {
    decode_header(assertion).is_ok_and(|header| header.x5t_s256.is_some() || header.x5t.is_some())
}

/// Whether an assertion is signed by `client` with one of its `certificates` for the token endpoint `audience`.
pub(crate) fn verify(
    assertion: &str,
    client: &str,
    certificates: &[Certificate],
    audience: &str,
    now: Timestamp,
) -> Result<(), Refusal> {
    let malformed = || (50027, "JWT token is invalid or malformed.".to_owned());
    let header = decode_header(assertion).map_err(|_| malformed())?;
    let claims: Claims = insecure_decode_claims(assertion).map_err(|_| malformed())?;
    if claims.iss != client || claims.sub != client {
        return Err((
            700_021,
            "Client assertion application identifier doesn't match 'client_id' parameter.".to_owned(),
        ));
    }
    let named = header.x5t_s256.unwrap_or_default();
    let unaccepted = |why: &str| {
        let text = format!(
            "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - {why}, Thumbprint of key used by client: '{named}']"
        );
        (700_027, text)
    };
    let certificate = certificates.iter().find(|certificate| certificate.thumbprint == named);
    let certificate = certificate.ok_or_else(|| unaccepted("The key was not found."))?;
    if certificate.expires.is_some_and(|expires| expires <= now) {
        return Err(unaccepted("The key used is expired."));
    }
    // Time and audience are looked at below, on the simulator's own clock.
    let mut validation = Validation::new(Algorithm::PS256);
    validation.algorithms = vec![Algorithm::PS256, Algorithm::RS256];
    validation.validate_exp = false;
    validation.validate_aud = false;
    decode::<Value>(assertion, &certificate.key, &validation)
        .map_err(|_| unaccepted("The provided signature value did not match the expected signature value."))?;
    if claims.aud != audience {
        return Err((700_023, format!("Client assertion audience claim does not match Realm issuer. '{audience}'")));
    }
    let now = now.as_second();
    if claims.exp <= now - SKEW || claims.nbf.is_some_and(|begins| begins > now + SKEW) {
        return Err((700_024, "Client assertion is not within its valid time range.".to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header, encode};
    use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
    use serde_json::json;

    use super::*;

    const ENDPOINT: &str = "https://a/tenant/oauth2/v2.0/token";

    fn made(expires: Option<i64>) -> (EncodingKey, Certificate) {
        let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        let pem = CertificateParams::new(vec!["app".to_owned()]).unwrap().self_signed(&pair).unwrap().pem();
        let expires = expires.map(|at| Timestamp::from_second(at).unwrap());
        let certificate = Certificate::try_from(&scenario::Certificate { pem, expires }).unwrap();
        (EncodingKey::from_rsa_pem(pair.serialize_pem().as_bytes()).unwrap(), certificate)
    }

    fn signed(key: &EncodingKey, algorithm: Algorithm, certificate: &Certificate, change: &Value) -> String {
        let mut claims = json!({"iss": "app", "sub": "app", "aud": ENDPOINT, "nbf": 0, "exp": 600, "jti": "1"});
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let header = Header { x5t_s256: Some(certificate.thumbprint.clone()), ..Header::new(algorithm) };
        encode(&header, &claims, key).unwrap()
    }

    #[test]
    fn an_assertion_is_judged_by_the_registered_certificate() {
        let ((key, own), (other_key, other)) = (made(Some(5000)), made(None));
        let sign = |change: Value| signed(&key, Algorithm::PS256, &own, &change);
        let cases = [
            ("a good one", sign(json!({})), 0, None),
            ("the older signature", signed(&key, Algorithm::RS256, &own, &json!({})), 0, None),
            ("a clock that differs by five minutes", sign(json!({})), 899, None),
            ("no token", "garbage".to_owned(), 0, Some((50027, ""))),
            ("of another application", sign(json!({"iss": "b", "sub": "b"})), 0, Some((700_021, ""))),
            (
                "a certificate that isn't registered",
                signed(&other_key, Algorithm::PS256, &other, &json!({})),
                0,
                Some((700_027, "not found")),
            ),
            ("an expired certificate", sign(json!({"exp": 6000})), 5000, Some((700_027, "is expired"))),
            (
                "another's key",
                signed(&other_key, Algorithm::PS256, &own, &json!({})),
                0,
                Some((700_027, "signature value")),
            ),
            ("for another endpoint", sign(json!({"aud": "https://b"})), 0, Some((700_023, ""))),
            ("expired", sign(json!({})), 901, Some((700_024, ""))),
            ("not valid yet", sign(json!({"nbf": 400})), 0, Some((700_024, ""))),
        ];
        for (case, assertion, at, expected) in cases {
            let now = Timestamp::from_second(at).unwrap();
            let found = verify(&assertion, "app", std::slice::from_ref(&own), ENDPOINT, now).err();
            assert_eq!(found.as_ref().map(|(code, _)| *code), expected.map(|(code, _)| code), "{case}");
            assert!(found.is_none_or(|(_, text)| text.contains(expected.unwrap().1)), "{case}");
            assert_eq!(is_meant(&assertion), case != "no token", "{case}");
        }
    }
}
