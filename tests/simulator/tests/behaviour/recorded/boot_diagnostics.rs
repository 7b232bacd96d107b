//! Boot diagnostics: where the serial log is.

use super::{BLANK, Row, machines::SCENARIO, replay};
use crate::azure::{Answer, Azure, machine};

const DIAGNOSTICS: &str = "azure-cli test_vm_boot_diagnostics, 2025-04";

fn retrieved(azure: &mut Azure, name: &str) -> Answer {
    azure.post(&machine(name, "/retrieveBootDiagnosticsData"))
}

const ROWS: &[Row] = &[
    Row {
        request: "POST retrieveBootDiagnosticsData with managed storage",
        source: DIAGNOSTICS,
        ask: |azure| retrieved(azure, "watched"),
        has: &["/consoleScreenshotBlobUri", "/serialConsoleLogBlobUri"],
        ..BLANK
    },
    Row {
        request: "GET a machine with managed storage",
        source: DIAGNOSTICS,
        ask: |azure| azure.get(&machine("watched", "")),
        headers: "E",
        lacks: &["/properties/diagnosticsProfile/bootDiagnostics/storageUri"],
        is: &[("/properties/diagnosticsProfile/bootDiagnostics/enabled", "true")],
        ..BLANK
    },
];

#[test]
fn boot_diagnostics_answer_as_recorded() {
    replay(SCENARIO, ROWS);
}

/// Four of four recordings: both addresses are signed, and end two hours later where nothing else is asked for.
#[test]
fn the_addresses_are_those_of_the_recordings() {
    let mut azure = Azure::with(SCENARIO);
    let answer = retrieved(&mut azure, "watched").body;
    for name in ["consoleScreenshotBlobUri", "serialConsoleLogBlobUri"] {
        let address = answer[name].as_str().unwrap();
        assert!(address.contains("&sig=") && address.contains("&se=2026%2D01%2D01T02%3A00%3A00Z"), "{address}");
        let path = address.split('?').next().unwrap();
        assert!(path.ends_with(".screenshot.bmp") || path.ends_with(".serialconsole.log"), "{path}");
    }
}

/// Two of two recordings (2023 and 2025): before there is a log.
#[test]
fn a_log_that_is_not_there_yet_is_told_by_its_code() {
    let mut azure = Azure::with(SCENARIO);
    let address = retrieved(&mut azure, "watched").body["serialConsoleLogBlobUri"].as_str().unwrap().to_owned();
    let early = azure.get(&address);
    assert_eq!((early.status, early.header("x-ms-error-code").as_deref()), (404, Some("BlobNotFound")));
}
