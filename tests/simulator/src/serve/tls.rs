//! A certificate authority of the simulator's own, and a certificate for loopback.

use std::{fs, path::Path, sync::Arc};

use axum_server::tls_rustls::RustlsConfig;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::ServeError;

/// Writes a new CA to `ca` and makes a TLS configuration with a certificate of it.
pub(super) fn config(folder: &Path, ca: &Path) -> Result<RustlsConfig, ServeError> {
    let made = |error: rcgen::Error| ServeError::Certificate(error.to_string());
    let authority_key = KeyPair::generate().map_err(made)?;
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, "Simulated Azure CA");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority_certificate = authority.self_signed(&authority_key).map_err(made)?;
    let issuer = Issuer::new(authority, authority_key);

    let names = ["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let key = KeyPair::generate().map_err(made)?;
    let mut server = CertificateParams::new(names).map_err(made)?;
    server.distinguished_name.push(DnType::CommonName, "Simulated Azure");
    server.use_authority_key_identifier_extension = true;
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = server.signed_by(&key, &issuer).map_err(made)?;

    let written = |error| ServeError::Io(ca.display().to_string(), error);
    fs::create_dir_all(folder).map_err(written)?;
    fs::write(ca, authority_certificate.pem()).map_err(written)?;

    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .map_err(|error| ServeError::Certificate(error.to_string()))?;
    // One request per connection at a time, so that a reset hits exactly one request.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(RustlsConfig::from_config(Arc::new(config)))
}
