use jsonwebtoken::{EncodingKey, Header, encode, jwk::Jwk};
use rcgen::{KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::json;

use super::*;

const ISSUER: &str = "https://cluster.example";
const SUBJECT: &str = "system:serviceaccount:images:publisher";
const AUDIENCE: &str = "api://AzureADTokenExchange";

fn key() -> EncodingKey {
    let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    EncodingKey::from_rsa_pem(pair.serialize_pem().as_bytes()).unwrap()
}

fn published(key: &EncodingKey) -> JwkSet {
    let mut jwk = Jwk::from_encoding_key(key, Algorithm::RS256).unwrap();
    jwk.common.key_id = Some("k".to_owned());
    keys(&json!({"keys": [jwk]})).unwrap()
}

fn signed(key: &EncodingKey, kid: &str, change: &Value) -> String {
    let mut claims = json!({"iss": ISSUER, "sub": SUBJECT, "aud": [AUDIENCE], "iat": 0, "nbf": 0, "exp": 600});
    for (name, value) in change.as_object().unwrap() {
        claims[name] = value.clone();
    }
    encode(&Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::RS256) }, &claims, key).unwrap()
}

#[test]
fn an_assertion_is_compared_and_its_signature_checked() {
    let (own, other) = (key(), key());
    let issuers = BTreeMap::from([(ISSUER.to_owned(), published(&own))]);
    let trusted =
        FederatedCredential { issuer: ISSUER.to_owned(), subject: SUBJECT.to_owned(), audience: AUDIENCE.to_owned() };
    let good = signed(&own, "k", &json!({}));
    let (head, tail) = good.split_once('.').unwrap();
    let (_, signature) = tail.split_once('.').unwrap();
    let swapped = signed(&other, "k", &json!({"iat": 1}));
    let swapped = swapped.rsplit_once('.').unwrap().0;
    let cases = [
        ("a good one", good.clone(), 0, None),
        ("one audience as text", signed(&own, "k", &json!({"aud": AUDIENCE})), 0, None),
        ("a clock that differs by five minutes", good.clone(), 899, None),
        ("no token", "garbage".to_owned(), 0, Some(50027)),
        ("claims that are none", format!("{head}.e30.{signature}"), 0, Some(50027)),
        ("another issuer", signed(&own, "k", &json!({"iss": "https://other.example"})), 0, Some(700_211)),
        ("another subject", signed(&own, "k", &json!({"sub": "system:serviceaccount:b:publisher"})), 0, Some(700_213)),
        ("another audience", signed(&own, "k", &json!({"aud": ["https://kubernetes"]})), 0, Some(700_212)),
        ("expired", good.clone(), 901, Some(700_024)),
        ("not valid yet", signed(&own, "k", &json!({"nbf": 400})), 0, Some(700_024)),
        ("an unknown key", signed(&own, "k2", &json!({})), 0, Some(50013)),
        ("another's key under the same id", signed(&other, "k", &json!({})), 0, Some(50013)),
        ("another's signature", format!("{swapped}.{signature}"), 0, Some(50013)),
    ];
    for (case, assertion, at, expected) in cases {
        let now = Timestamp::from_second(at).unwrap();
        let credentials = std::slice::from_ref(&trusted);
        let code = verify(&assertion, "app", credentials, &issuers, now).err().map(|(code, _)| code);
        assert_eq!(code, expected, "{case}");
    }
    let none = verify(&good, "app", &[], &issuers, Timestamp::UNIX_EPOCH).unwrap_err();
    assert_eq!(none.0, 70025);
}
