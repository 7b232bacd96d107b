//! The keys and certificates of one cluster.

use anyhow::Context;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose, RsaKeySize};

/// Everything in PEM. No certificate here ends in a lifetime: these clusters live for minutes.
pub(crate) struct Certificates {
    /// The authority that signed the API server's certificate.
    pub(crate) ca: String,
    /// The API server's certificate, for 127.0.0.1 and localhost.
    pub(crate) server: String,
    /// Its key.
    pub(crate) server_key: String,
    /// The key that signs tokens of service accounts: RSA, since Microsoft Entra accepts federated tokens signed with
    /// RS256 only.
    pub(crate) service_account_key: String,
    /// Its public half.
    pub(crate) service_account_public_key: String,
}

impl Certificates {
    /// Makes new keys.
    pub(crate) fn generate() -> anyhow::Result<Self> {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        authority.distinguished_name.push(DnType::CommonName, "azimage test cluster");
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;

        let mut server = CertificateParams::new(["127.0.0.1".to_owned(), "localhost".to_owned()])?;
        server.distinguished_name.push(DnType::CommonName, "kube-apiserver");
        let server_key = KeyPair::generate()?;
        let server = server.signed_by(&server_key, &authority)?;

        let service_account = KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048)
            .context("cannot make an RSA key for service account tokens")?;
        Ok(Self {
            ca: authority.pem(),
            server: server.pem(),
            server_key: server_key.serialize_pem(),
            service_account_key: service_account.serialize_pem(),
            service_account_public_key: service_account.public_key_pem(),
        })
    }
}
