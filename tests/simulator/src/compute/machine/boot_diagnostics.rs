//! Boot diagnostics: the serial log and its addresses (behaviour section 19).

use base64::Engine as _;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::guest_runs;
use crate::{
    arm::{
        call::{Answer, Call, Reply},
        error::ArmError,
        headers,
        refusals::not_found,
    },
    clock::later,
    resources::{
        Resources,
        machine::{Power, VirtualMachine},
    },
    scenario::{DeallocatedLog, Port},
};

/// The first segment of addresses of blobs.
pub(crate) const BLOBS: &str = "bootdiagnostics";

/// Managed storage keeps logs in pages of so many bytes.
const PAGE: usize = 512;

/// Whether a request to a resource of this type changes nothing. There is one action that only reads.
pub(crate) fn only_reads(method: &Method, kind: &str) -> bool {
    matches!(*method, Method::GET | Method::HEAD) || kind == "virtualmachines/retrievebootdiagnosticsdata"
}

fn blob_path(machine: &VirtualMachine, kind: &str) -> String {
    format!("/{BLOBS}/{}/{}.{}.{kind}", machine.vm_id, machine.name, machine.vm_id)
}

fn blob_signature(resources: &Resources, path: &str, expires: &str) -> String {
    let signed = Sha256::digest(format!("{}\n{path}\n{expires}", resources.certificate));
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(signed)
}

/// `POST {vm}/retrieveBootDiagnosticsData`: addresses that work without a token, for a while.
pub(crate) fn retrieve(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let address = call.address.parent();
    let machine = resources.machines.get(&address.key()).ok_or_else(|| not_found(&address))?;
    let minutes = match call.query.get("sasUriExpirationTimeInMinutes") {
        None => 120,
        Some(text) => text.parse::<u32>().ok().filter(|minutes| (1..=1440).contains(minutes)).ok_or_else(|| {
            ArmError::parameter(
                "sasUriExpirationTimeInMinutes",
                format!("The value '{text}' of parameter 'sasUriExpirationTimeInMinutes' must be between 1 and 1440."),
            )
        })?,
    };
    if !machine.boot_diagnostics() {
        return Err(ArmError::not_allowed(format!(
            "Operation 'retrieveBootDiagnosticsData' is not allowed on VM '{}' since boot diagnostics is not enabled.",
            machine.name
        )));
    }
    let expires = later(resources.now, f64::from(minutes) * 60.0).strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let uri = |kind: &str| {
        let path = blob_path(machine, kind);
        let signature = blob_signature(resources, &path, &expires);
        let shown = utf8_percent_encode(&expires, NON_ALPHANUMERIC);
        format!("{}{path}?sv=2018-03-28&sr=b&sp=r&se={shown}&sig={signature}", call.base)
    };
    Ok(Reply::ok(json!({
        "consoleScreenshotBlobUri": uri("screenshot.bmp"),
        "serialConsoleLogBlobUri": uri("serialconsole.log"),
    })))
}

/// A blob of boot diagnostics, or a range of it, for whoever has its whole address.
pub(crate) fn blob(resources: &Resources, request: &Request<Bytes>) -> Response<Bytes> {
    let (path, query) = (request.uri().path(), request.uri().query());
    let given = |name: &str| {
        url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    };
    let expires = given("se");
    let valid = expires.parse::<Timestamp>().is_ok_and(|expires| resources.now < expires);
    if !valid || given("sig") != blob_signature(resources, path, &expires) {
        let text =
            "Server failed to authenticate the request. Make sure the value of the signature is formed correctly.";
        return storage_error(StatusCode::FORBIDDEN, "AuthenticationFailed", text);
    }
    let machine = resources.machines.values().find(|machine| blob_path(machine, "serialconsole.log") == path);
    let log = machine.and_then(|machine| serial_log(resources, machine));
    let Some(log) = log else {
        return storage_error(StatusCode::NOT_FOUND, "BlobNotFound", "The specified blob does not exist.");
    };
    // Storage looks at its own header first.
    let asked = ["x-ms-range", "range"].into_iter().find_map(|name| request.headers().get(name));
    let range = asked.and_then(|value| value.to_str().ok()).and_then(range);
    let mut response = match range {
        Some((first, _)) if first >= log.len() => {
            let text = "The range specified is invalid for the current size of the resource.";
            return storage_error(StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange", text);
        }
        Some((first, last)) => {
            let last = last.unwrap_or(usize::MAX).min(log.len() - 1);
            let mut response = Response::new(Bytes::copy_from_slice(&log.as_bytes()[first..=last]));
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            let shown = format!("bytes {first}-{last}/{}", log.len());
            headers::set(response.headers_mut(), "content-range", &shown);
            response
        }
        None => Response::new(Bytes::from(log)),
    };
    headers::set(response.headers_mut(), "content-type", "application/octet-stream");
    headers::set(response.headers_mut(), "x-ms-blob-type", "AppendBlob");
    response
}

/// What the port was written, some minutes late; nothing where nothing was. Managed storage fills the last page up.
fn serial_log(resources: &Resources, machine: &VirtualMachine) -> Option<String> {
    let gone = match resources.unknowns.deallocated_log {
        DeallocatedLog::Kept => false,
        DeallocatedLog::Gone => true,
        DeallocatedLog::BySeed => guest_runs::way(resources, machine, "log of a deallocated machine", 2) == 1,
    };
    if gone && machine.power == Power::Deallocated {
        return None;
    }
    let lag = machine.guest.system.serial.lag.unwrap_or(resources.durations.serial_log_lag);
    let mut log = machine.guest.serial.until(later(resources.now, -lag))?;
    if !machine.boot_diagnostics_profile()["storageUri"].is_string() {
        log.push_str(&"\0".repeat(log.len().next_multiple_of(PAGE) - log.len()));
    }
    Some(log)
}

impl VirtualMachine {
    /// Where the blobs are, in the instance view: told only for an account of one's own.
    pub(in crate::compute) fn boot_diagnostics_blobs(&self) -> Value {
        let Some(account) = self.boot_diagnostics_profile()["storageUri"].as_str() else { return json!({}) };
        let address = |kind: &str| format!("{}{}", account.trim_end_matches('/'), blob_path(self, kind));
        json!({
            "consoleScreenshotBlobUri": address("screenshot.bmp"),
            "serialConsoleLogBlobUri": address("serialconsole.log"),
        })
    }

    fn boot_diagnostics_profile(&self) -> &Value {
        &self.properties["diagnosticsProfile"]["bootDiagnostics"]
    }

    pub(in crate::compute) fn boot_diagnostics(&self) -> bool {
        self.boot_diagnostics_profile()["enabled"] == true
    }

    /// The kernel and those who share its console write to the serial port. Without boot diagnostics it isn't recorded.
    pub(in crate::compute) fn writes_to_serial_port(&mut self, at: Timestamp, text: &str) {
        let port = &self.guest.system.serial;
        if self.boot_diagnostics() && !text.is_empty() && port.console && port.port == Port::Works {
            self.guest.serial.write(at, text);
        }
    }

    /// The host's name, as the system has it: a system that came with its disk was given its name elsewhere.
    pub(in crate::compute) fn computer_name(&self) -> String {
        if let Some(name) = self.properties["osProfile"]["computerName"].as_str() {
            return name.to_owned();
        }
        let own = self.guest.system.contents.text("/etc/hostname").trim().to_owned();
        if own.is_empty() { self.name.clone() } else { own }
    }

    /// What the system writes as it goes down.
    pub(in crate::compute) fn says_good_bye(&mut self, at: Timestamp, last: &str) {
        if self.os_type() == "Windows" {
            return;
        }
        if self.guest.system.serial.prompt_again {
            let prompt = format!("\n{} login: ", self.computer_name());
            self.writes_to_serial_port(at, &prompt);
        }
        // A quiet kernel prints these, too.
        self.writes_to_serial_port(at, &format!("[  901.120033] reboot: {last}\n"));
    }

    /// What the system writes when it starts.
    pub(in crate::compute) fn boot_text(&self) -> String {
        if self.os_type() == "Windows" {
            return "Windows is starting.\nSAC> \n".to_owned();
        }
        if self.guest.system.serial.quiet {
            return String::new();
        }
        format!(
            "[    0.000000] Linux version 6.8.0-1021-azure\n[    1.204381] EXT4-fs (sda1): mounted filesystem\n\
             [    3.910226] systemd[1]: Hostname set to <{}>.\n",
            self.computer_name()
        )
    }

    /// What it writes when its agent has come up. The prompt ends without a new line.
    pub(in crate::compute) fn ready_text(&self) -> String {
        if self.os_type() == "Windows" {
            return String::new();
        }
        let name = self.computer_name();
        let contents = &self.guest.system.contents;
        let keys = contents.host_key().into_iter().filter(|_| !contents.is_deprovisioned()).map(|keys| {
            format!(
                "-----BEGIN SSH HOST KEY FINGERPRINTS-----\n256 {keys} root@{name} (ED25519)\n\
                 -----END SSH HOST KEY FINGERPRINTS-----\n"
            )
        });
        let agent = "[   12.551870] python3[812]: INFO Daemon Azure Linux Agent is running\n";
        if self.guest.system.serial.quiet {
            return format!("{name} login: ");
        }
        format!("{}{agent}{name} login: ", keys.collect::<String>())
    }
}

/// Members of a boot diagnostics profile, and whether a value fits each.
fn fits(member: &str, value: &Value) -> bool {
    match member {
        "enabled" => value.is_boolean() || value.is_null(),
        "storageUri" => value.is_null() || value.as_str().is_some_and(|uri| uri.starts_with("https://")),
        _ => false,
    }
}

/// Refuses a profile with members that there are not, or with values that don't fit.
pub(super) fn profile_fits(profile: &Value) -> Result<(), ArmError> {
    let refuse = |member: &str, of: &str| {
        let text = format!("Could not find member '{member}' on object of type '{of}', or its value does not fit.");
        Err(ArmError::new(StatusCode::BAD_REQUEST, "BadRequest", text))
    };
    let members = |value: &Value| value.as_object().cloned().unwrap_or_default();
    if let Some(other) = members(profile).keys().find(|member| *member != "bootDiagnostics") {
        return refuse(other, "DiagnosticsProfile");
    }
    match members(&profile["bootDiagnostics"]).iter().find(|(member, value)| !fits(member, value)) {
        Some((member, _)) => refuse(member, "BootDiagnostics"),
        None => Ok(()),
    }
}

/// `bytes=first-` or `bytes=first-last`; other forms are not known to storage, and are ignored.
fn range(text: &str) -> Option<(usize, Option<usize>)> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    let first = first.parse().ok()?;
    match last {
        "" => Some((first, None)),
        last => last.parse().ok().filter(|last| *last >= first).map(|last| (first, Some(last))),
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
