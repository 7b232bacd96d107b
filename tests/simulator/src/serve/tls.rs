//! A certificate authority of the simulator's own, and certificates for loopback, good ones and bad ones.

use std::{fs, path::Path, sync::Arc};

use axum_server::tls_rustls::RustlsConfig;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::{ServeError, handshake::Handshake};

/// Makes certificates: of the authority that callers are told to trust, and of another one.
pub(super) struct Certificates {
    own: Issuer<'static, KeyPair>,
    other: Issuer<'static, KeyPair>,
}

impl Certificates {
    /// New authorities; the certificate of the one to trust is written to `ca`.
    pub(super) fn new(folder: &Path, ca: &Path) -> Result<Self, ServeError> {
        let (own, certificate) = authority("Simulated Azure CA")?;
        let (other, _) = authority("Another CA")?;
        let written = |error| ServeError::Io(ca.display().to_string(), error);
        fs::create_dir_all(folder).map_err(written)?;
        fs::write(ca, certificate).map_err(written)?;
        Ok(Self { own, other })
    }

    /// The TLS configuration with a certificate that is good, or bad in one way.
    pub(super) fn config(&self, handshake: Handshake) -> Result<RustlsConfig, ServeError> {
        let names = match handshake {
            Handshake::WrongHost => vec!["elsewhere.example".to_owned()],
            _ => vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()],
        };
        let issuer = if handshake == Handshake::Untrusted { &self.other } else { &self.own };
        let key = KeyPair::generate().map_err(made)?;
        let mut server = CertificateParams::new(names).map_err(made)?;
        server.distinguished_name.push(DnType::CommonName, "Simulated Azure");
        server.use_authority_key_identifier_extension = true;
        server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        if handshake == Handshake::Expired {
            (server.not_before, server.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
        }
        let certificate = server.signed_by(&key, issuer).map_err(made)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config = rustls::ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .map_err(|error| ServeError::Certificate(error.to_string()))?;
        // One request per connection at a time, so that a reset hits exactly one request.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(RustlsConfig::from_config(Arc::new(config)))
    }
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn made(error: rcgen::Error) -> ServeError {
    ServeError::Certificate(error.to_string())
}

/// A new authority, and its certificate (PEM).
fn authority(name: &str) -> Result<(Issuer<'static, KeyPair>, String), ServeError> {
    let key = KeyPair::generate().map_err(made)?;
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, name);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let certificate = authority.self_signed(&key).map_err(made)?.pem();
    Ok((Issuer::new(authority, key), certificate))
}
