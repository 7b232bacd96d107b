//! What is wrong when TLS fails, and what to do about it.

use std::{error::Error, io};

use rustls::{AlertDescription, CertificateError, Error as TlsError};

/// Words for a failure of TLS among the causes of an error. They stay the same as long as the failure does: no times.
pub(crate) fn tls_failure(error: &(dyn Error + 'static)) -> Option<String> {
    let mut cause = Some(error);
    while let Some(current) = cause {
        // What an I/O error wraps is not among its sources.
        let wrapped = current.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let tls = wrapped.and_then(|inner| inner.downcast_ref()).or_else(|| current.downcast_ref());
        if let Some(tls) = tls {
            return Some(words(tls));
        }
        if let Some(found) = wrapped.and_then(|inner| tls_failure(inner)) {
            return Some(found);
        }
        cause = current.source();
    }
    None
}

fn words(error: &TlsError) -> String {
    use CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet, NotValidYetContext,
        UnknownIssuer,
    };
    match error {
        TlsError::InvalidCertificate(UnknownIssuer) => {
            "the server's certificate is not trusted, as no known authority has issued it; if this cloud, or a proxy in \
             between, has an authority of its own, name its certificate with --azure-ca-file"
                .to_owned()
        }
        TlsError::InvalidCertificate(Expired | ExpiredContext { .. }) => {
            "the server's certificate has expired; it has to be renewed there, unless the clock here is wrong".to_owned()
        }
        TlsError::InvalidCertificate(NotValidYet | NotValidYetContext { .. }) => {
            "the server's certificate is not valid yet; compare the clocks here and there".to_owned()
        }
        TlsError::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => {
            "the server's certificate is for another host; check --azure-resource-manager, --azure-authority-host and \
             the proxy"
                .to_owned()
        }
        TlsError::InvalidCertificate(other) => format!("the server's certificate is not accepted: {other:?}"),
        TlsError::PeerIncompatible(_)
        | TlsError::AlertReceived(AlertDescription::ProtocolVersion | AlertDescription::HandshakeFailure) => {
            "the server offers no TLS that is safe; it has to speak TLS 1.2 or 1.3".to_owned()
        }
        TlsError::InvalidMessage(_) => {
            "the server does not speak TLS on this port; check --azure-resource-manager, --azure-authority-host and the \
             proxy"
                .to_owned()
        }
        other => format!("TLS failed: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustls::{InvalidMessage, PeerIncompatible, pki_types::UnixTime};

    use super::*;

    #[test]
    fn each_failure_says_what_to_do_and_says_the_same_later() {
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let expired =
            |time| TlsError::InvalidCertificate(CertificateError::ExpiredContext { time: at(time), not_after: at(1) });
        for (error, part) in [
            (TlsError::InvalidCertificate(CertificateError::UnknownIssuer), "--azure-ca-file"),
            (expired(7), "has expired"),
            (TlsError::InvalidCertificate(CertificateError::NotValidForName), "another host"),
            (TlsError::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13), "TLS 1.2"),
            (TlsError::AlertReceived(AlertDescription::ProtocolVersion), "TLS 1.2"),
            (TlsError::InvalidMessage(InvalidMessage::InvalidContentType), "does not speak TLS"),
        ] {
            let wrapped = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, error));
            let said = tls_failure(&wrapped).unwrap();
            assert!(said.contains(part), "{said}");
        }
        assert_eq!(words(&expired(7)), words(&expired(8)));
        assert_eq!(tls_failure(&io::Error::other("refused")), None);
    }
}
