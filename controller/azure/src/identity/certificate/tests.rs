use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::Value;

use super::*;

const NOW: i64 = 1_790_000_000;
const ENDPOINT: &str = "https://login.microsoftonline.com/tenant/oauth2/v2.0/token";

fn rsa() -> KeyPair {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap()
}

fn certificate(key: &KeyPair) -> (String, Vec<u8>) {
    let made = CertificateParams::new(vec!["azimage".to_owned()]).unwrap().self_signed(key).unwrap();
    (made.pem(), made.der().to_vec())
}

fn sign(pem: &str) -> Result<SecretString, TokenError> {
    let now = jiff::Timestamp::from_second(NOW).unwrap();
    assertion(&pem.into(), Claims { client_id: "client", audience: ENDPOINT, id: Uuid::nil(), now })
}

#[test]
fn an_assertion_names_the_certificate_of_its_key_wherever_that_stands() {
    let (key, issuer) = (rsa(), rsa());
    let (own, der) = certificate(&key);
    let (other, _) = certificate(&issuer);
    let secret = key.serialize_pem();
    for pem in [
        format!("{secret}{own}"),
        format!("{own}{secret}"),
        format!("{other}{own}{secret}"),
        format!("Bag Attributes\n    friendlyName: azimage\n{own}\n# the key\n{secret}{other}"),
    ] {
        let signed = sign(&pem).unwrap();
        let token = signed.expose_secret();
        let header = decode_header(token).unwrap();
        assert_eq!(header.alg, Algorithm::PS256);
        assert_eq!(header.x5t_s256, Some(URL_SAFE_NO_PAD.encode(Sha256::digest(&der))));
        let mut validation = Validation::new(Algorithm::PS256);
        validation.set_audience(&[ENDPOINT]);
        validation.validate_exp = false;
        let public = DecodingKey::from_rsa_pem(own.as_bytes()).unwrap();
        let claims = decode::<Value>(token, &public, &validation).unwrap().claims;
        assert_eq!((&claims["iss"], &claims["sub"]), (&"client".into(), &"client".into()));
        assert_eq!(claims["exp"].as_i64().unwrap() - NOW, LIFETIME);
        assert_eq!(claims["jti"], Uuid::nil().to_string());
    }
}

#[test]
fn what_is_wrong_with_a_file_is_said_without_any_of_it() {
    let (key, other) = (rsa(), rsa());
    let elliptic = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let (own, _) = certificate(&key);
    let secret = key.serialize_pem();
    let middle = secret.lines().nth(5).unwrap();
    let cut = format!("{}{own}", &secret[..secret.len() / 2]);
    let cases = [
        ("nothing", String::new(), "no private key"),
        ("no key", own.clone(), "no private key"),
        ("no certificate", secret.clone(), "no certificate"),
        ("another's certificate", format!("{secret}{}", certificate(&other).0), "belongs to none"),
        ("an elliptic key", format!("{}{}", elliptic.serialize_pem(), certificate(&elliptic).0), "isn't an RSA key"),
        ("a password", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n".to_owned(), "without a password"),
        ("PKCS#12", "\u{30}\u{82}\u{a}".to_owned(), "no private key"),
        ("a key cut off", cut, "client certificate can't be used"),
        (
            "a certificate of nonsense",
            format!("{secret}-----BEGIN CERTIFICATE-----\n%\n-----END CERTIFICATE-----"),
            "can't be read",
        ),
        (
            "a key of nonsense",
            format!("-----BEGIN PRIVATE KEY-----\n{middle}\n-----END PRIVATE KEY-----\n{own}"),
            "isn't an RSA key",
        ),
    ];
    for (case, pem, expected) in cases {
        let error = sign(&pem).unwrap_err();
        assert_eq!(error.kind, TokenErrorKind::Configuration, "{case}");
        assert!(error.message.contains(expected), "{case}: {error}");
        assert!(!error.message.contains(middle), "{case}: {error}");
    }
}
