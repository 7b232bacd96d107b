//! Boot diagnostics: where the serial log is read, and what it says (behaviour section 19).

use base64::Engine as _;
use bytes::Bytes;
use http::{Response, StatusCode};
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::virtual_machine::{Power, VirtualMachine};
use crate::{
    arm::{
        call::{Answer, Call, Reply},
        dispatch::not_found,
        error::ArmError,
        headers,
    },
    clock::later,
    scenario::AgentState,
    world::World,
};

/// The first segment of addresses of blobs.
pub(crate) const BLOBS: &str = "bootdiagnostics";

fn blob_path(machine: &VirtualMachine, kind: &str) -> String {
    format!("/{BLOBS}/{}/{}.{}.{kind}", machine.vm_id, machine.name, machine.vm_id)
}

impl World {
    fn blob_signature(&self, path: &str, expires: &str) -> String {
        let signed = Sha256::digest(format!("{}\n{path}\n{expires}", self.certificate));
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(signed)
    }

    /// `POST {vm}/retrieveBootDiagnosticsData`: addresses that work without a token, for a while.
    pub(crate) fn boot_diagnostics(&mut self, call: &Call<'_>) -> Answer {
        let address = call.address.parent();
        let machine = self.machines.get(&address.key()).ok_or_else(|| not_found(&address))?;
        let minutes = match call.query.get("sasUriExpirationTimeInMinutes") {
            None => 120,
            Some(text) => text.parse::<u32>().ok().filter(|minutes| (1..=1440).contains(minutes)).ok_or_else(|| {
                ArmError::parameter(
                    "sasUriExpirationTimeInMinutes",
                    format!(
                        "The value '{text}' of parameter 'sasUriExpirationTimeInMinutes' must be between 1 and 1440."
                    ),
                )
            })?,
        };
        if machine.properties["diagnosticsProfile"]["bootDiagnostics"]["enabled"] != true {
            return Err(ArmError::not_allowed(format!(
                "Operation 'retrieveBootDiagnosticsData' is not allowed on VM '{}' since boot diagnostics is not enabled.",
                machine.name
            )));
        }
        let expires = later(self.now, f64::from(minutes) * 60.0).strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let uri = |kind: &str| {
            let path = blob_path(machine, kind);
            let signature = self.blob_signature(&path, &expires);
            let shown = utf8_percent_encode(&expires, NON_ALPHANUMERIC);
            format!("{}{path}?sv=2018-03-28&sr=b&sp=r&se={shown}&sig={signature}", call.base)
        };
        Ok(Reply::ok(json!({
            "consoleScreenshotBlobUri": uri("screenshot.bmp"),
            "serialConsoleLogBlobUri": uri("serialconsole.log"),
        })))
    }

    /// A blob of boot diagnostics, for whoever has its whole address.
    pub(crate) fn blob(&self, path: &str, query: Option<&str>) -> Response<Bytes> {
        let given = |name: &str| {
            url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
                .unwrap_or_default()
        };
        let expires = given("se");
        let valid = expires.parse::<Timestamp>().is_ok_and(|expires| self.now < expires);
        if !valid || given("sig") != self.blob_signature(path, &expires) {
            let text =
                "Server failed to authenticate the request. Make sure the value of the signature is formed correctly.";
            return storage_error(StatusCode::FORBIDDEN, "AuthenticationFailed", text);
        }
        let machine = self.machines.values().find(|machine| blob_path(machine, "serialconsole.log") == path);
        let log = machine.and_then(|machine| self.serial_log(machine));
        let Some(log) = log else {
            return storage_error(StatusCode::NOT_FOUND, "BlobNotFound", "The specified blob does not exist.");
        };
        let mut response = Response::new(Bytes::from(log));
        headers::set(response.headers_mut(), "content-type", "application/octet-stream");
        headers::set(response.headers_mut(), "x-ms-blob-type", "AppendBlob");
        response
    }

    /// The text of the last boot; some minutes late.
    fn serial_log(&self, machine: &VirtualMachine) -> Option<String> {
        let booted = machine.guest.booted?;
        if self.now < later(booted, self.durations.serial_log_lag) {
            return None;
        }
        let name = machine.properties["osProfile"]["computerName"].as_str().unwrap_or(&machine.name);
        if machine.os_type() == "Windows" {
            return Some("Windows is starting.\r\nSAC> \r\n".to_owned());
        }
        let mut lines = vec![
            "[    0.000000] Linux version 6.8.0-1021-azure".to_owned(),
            "[    1.204381] EXT4-fs (sda1): mounted filesystem".to_owned(),
            format!("[    3.910226] systemd[1]: Hostname set to <{name}>."),
        ];
        let contents = &machine.guest.contents;
        if let (Some(keys), false) = (&contents.host_keys, contents.deprovisioned) {
            lines.push("-----BEGIN SSH HOST KEY FINGERPRINTS-----".to_owned());
            lines.push(format!("256 {keys} root@{name} (ED25519)"));
            lines.push("-----END SSH HOST KEY FINGERPRINTS-----".to_owned());
        }
        if machine.guest.agent == AgentState::Ready {
            lines.push("[   12.551870] python3[812]: INFO Daemon Azure Linux Agent is running".to_owned());
        }
        if machine.power == Power::Running {
            lines.push(format!("{name} login: "));
        }
        Some(lines.join("\r\n"))
    }
}

fn storage_error(status: StatusCode, code: &str, message: &str) -> Response<Bytes> {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    let mut response = Response::new(Bytes::from(text));
    *response.status_mut() = status;
    headers::set(response.headers_mut(), "content-type", "application/xml");
    headers::set(response.headers_mut(), "x-ms-error-code", code);
    response
}
