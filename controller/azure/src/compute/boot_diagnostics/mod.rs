//! Boot diagnostics: what the guest wrote to its serial console (behaviour section 19).

use azimage_names::{VirtualMachineId, values::BootDiagnostics};
use bytes::Bytes;
use serde::Deserialize;

use super::VIRTUAL_MACHINES;
use crate::{arm::call::Call, arm::client::Client, arm::error::Error};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DiagnosticsProfile {
    boot_diagnostics: Option<WireBootDiagnostics>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireBootDiagnostics {
    enabled: Option<bool>,
    storage_uri: Option<String>,
}

impl From<DiagnosticsProfile> for BootDiagnostics {
    fn from(profile: DiagnosticsProfile) -> Self {
        let wire = profile.boot_diagnostics.unwrap_or_default();
        match wire.storage_uri.filter(|uri| !uri.is_empty()) {
            Some(uri) => Self::StorageAccount(uri),
            None if wire.enabled == Some(true) => Self::Managed,
            None => Self::Off,
        }
    }
}

/// The addresses are signed, hence secrets: they live only in here, and there is no `Debug`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Addresses {
    serial_console_log_blob_uri: String,
    console_screenshot_blob_uri: Option<String>,
}

/// What boot diagnostics have recorded of a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BootRecord {
    /// The end of what the guest has written to its serial console, at most [`crate::LARGEST_LOG`] bytes; `None` where nothing is
    /// recorded yet. It may end in NUL.
    pub log: Option<Bytes>,
    /// Whether Azure names a screenshot.
    pub has_screenshot: bool,
}

/// The address is needed for a moment only.
const GOOD_FOR: &str = "sasUriExpirationTimeInMinutes=10";

impl Client {
    /// Reads the end of what the guest has written to its serial console, at most [`crate::LARGEST_LOG`] bytes; `None`
    /// where nothing is recorded yet. It shows some minutes late, and may end in NUL (Azure REST: Virtual Machines -
    /// Retrieve Boot Diagnostics Data; behaviour section 19).
    ///
    /// # Errors
    /// Boot diagnostics are off ([`crate::ErrorKind::NotAllowed`]), or the log can't be read.
    pub async fn serial_console_log(&self, call: &Call, id: &VirtualMachineId) -> Result<Option<Bytes>, Error> {
        self.boot_record(call, id).await.map(|record| record.log)
    }

    /// Reads what boot diagnostics have recorded (Azure REST: Virtual Machines - Retrieve Boot Diagnostics Data; behaviour section
    /// 19).
    ///
    /// # Errors
    /// As of [`Self::serial_console_log`].
    pub async fn boot_record(&self, call: &Call, id: &VirtualMachineId) -> Result<BootRecord, Error> {
        let path = format!("{id}/retrieveBootDiagnosticsData");
        let addresses: Addresses = self.ask(call, &path, GOOD_FOR, VIRTUAL_MACHINES).await?;
        let name = format!("the serial console log of {id}");
        let log = self.blob_end(call, &name, &addresses.serial_console_log_blob_uri).await?;
        Ok(BootRecord { log, has_screenshot: addresses.console_screenshot_blob_uri.is_some_and(|uri| !uri.is_empty()) })
    }
}

#[cfg(test)]
mod tests;
