//! `TokenRequest`: tokens of `ServiceAccount`s, signed as those of a real cluster.

use std::sync::OnceLock;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::StatusCode;
use jsonwebtoken::{Algorithm, EncodingKey, jwk::Jwk};
use rcgen::{KeyPair, PKCS_RSA_SHA256, RsaKeySize, SigningKey};
use serde_json::{Value, json};

use super::{
    failure::{Cause, Failure},
    store::{Key, Store},
};

/// The issuer, and the audience where a request names none.
const ISSUER: &str = "https://kubernetes.simulation";

/// The name of the key.
const KEY_ID: &str = "simulation";

/// The default lifetime of a token in seconds.
const LIFETIME: i64 = 3600;

/// A key and what is published of it. It is made once for a process, since nothing that is compared shows it.
struct IssuerKey {
    pair: KeyPair,
    published: Jwk,
}

impl IssuerKey {
    fn get() -> Option<&'static Self> {
        static KEY: OnceLock<Option<IssuerKey>> = OnceLock::new();
        KEY.get_or_init(|| {
            let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).ok()?;
            let key = EncodingKey::from_rsa_pem(pair.serialize_pem().as_bytes()).ok()?;
            let mut published = Jwk::from_encoding_key(&key, Algorithm::RS256).ok()?;
            published.common.key_id = Some(KEY_ID.to_owned());
            Some(Self { pair, published })
        })
        .as_ref()
    }

    /// The claims as a token. `jsonwebtoken` would read the key anew for each, which takes longer than to sign.
    fn token(&self, claims: &Value) -> Option<String> {
        let header = json!({"alg": "RS256", "kid": KEY_ID});
        let signed = [&header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
        let signature = self.pair.sign(signed.as_bytes()).ok()?;
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

pub(super) fn issuer() -> Value {
    let keys: Vec<&Jwk> = IssuerKey::get().map(|key| &key.published).into_iter().collect();
    json!({"issuer": ISSUER, "jwks": {"keys": keys}})
}

impl Store {
    /// Issues a token of a `ServiceAccount`. Nothing is kept.
    pub(super) fn token(&mut self, key: &Key, request: &Value) -> Result<Value, Failure> {
        let Some(stored) = self.objects.get(key) else {
            return Err(Failure::not_found("serviceaccounts", &key.name));
        };
        let uid = stored.object["metadata"]["uid"].clone();
        let known = ["audiences", "expirationSeconds"];
        for (name, value) in request["spec"].as_object().into_iter().flatten() {
            if !known.contains(&name.as_str()) && !value.is_null() {
                return Err(Failure::not_implemented(format_args!("the field spec.{name} of a TokenRequest")));
            }
        }
        let lifetime = match &request["spec"]["expirationSeconds"] {
            Value::Null => LIFETIME,
            seconds => seconds.as_i64().ok_or_else(|| Failure::bad_request("expirationSeconds is no number"))?,
        };
        check_lifetime(lifetime)?;
        let audiences = match request["spec"]["audiences"].as_array() {
            Some(audiences) if !audiences.is_empty() => audiences.clone(),
            _ => vec![json!(ISSUER)],
        };
        let now = (self.clock)().as_second();
        let claims = json!({
            "aud": audiences, "exp": now + lifetime, "iat": now, "iss": ISSUER, "jti": self.new_uid(),
            "kubernetes.io": {"namespace": key.namespace, "serviceaccount": {"name": key.name, "uid": uid}},
            "nbf": now, "sub": format!("system:serviceaccount:{}:{}", key.namespace, key.name),
        });
        let unsigned = || Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "there is no signing key");
        let token = IssuerKey::get().and_then(|key| key.token(&claims)).ok_or_else(unsigned)?;
        let expires = jiff::Timestamp::from_second(now + lifetime).unwrap_or(jiff::Timestamp::MAX);
        Ok(json!({
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
            "metadata": {"name": key.name, "namespace": key.namespace, "creationTimestamp": self.now()},
            "spec": {"audiences": claims["aud"], "expirationSeconds": lifetime, "boundObjectRef": null},
            "status": {"token": token, "expirationTimestamp": format!("{expires:.0}")},
        }))
    }
}

fn check_lifetime(seconds: i64) -> Result<(), Failure> {
    let why = match seconds {
        ..600 => "may not specify a duration less than 10 minutes",
        600..=0x1_0000_0000 => return Ok(()),
        _ => "may not specify a duration larger than 2^32 seconds",
    };
    let cause = Cause {
        reason: "FieldValueInvalid",
        message: format!("Invalid value: {seconds}: {why}"),
        field: "spec.expirationSeconds".to_owned(),
    };
    Err(Failure::invalid("TokenRequest.authentication.k8s.io", "", &[cause]))
}
