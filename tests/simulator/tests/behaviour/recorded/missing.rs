//! What is not there, or no longer.

use super::{BLANK, Row, replay};
use crate::azure::{disk, id, machine, network, version};

const DELETED: &str = "machines, disks and snapshots, in all recordings";
const BELOW: &str = "118 deletions below an absent parent, none of a gallery";

const ROWS: &[Row] = &[
    Row {
        request: "GET a machine right after its deletion",
        source: DELETED,
        ask: |azure| {
            azure.delete(&machine("builder", ""));
            azure.wait(31);
            azure.get(&machine("builder", ""))
        },
        status: 404,
        is: &[("/error/code", "NotFound")],
        ..BLANK
    },
    Row {
        request: "GET a disk right after its deletion",
        source: DELETED,
        ask: |azure| {
            azure.delete(&machine("builder", ""));
            azure.wait(31);
            azure.delete(&disk("builder_OsDisk_1"));
            azure.wait(4);
            azure.get(&disk("builder_OsDisk_1"))
        },
        status: 404,
        is: &[("/error/code", "NotFound")],
        ..BLANK
    },
    Row {
        request: "DELETE a version below an absent definition",
        source: BELOW,
        ask: |azure| azure.delete(&version("1.0.0").replace("/web/", "/none/")),
        status: 404,
        is: &[("/error/code", "ParentResourceNotFound")],
        ..BLANK
    },
    Row {
        request: "DELETE a definition below an absent gallery",
        source: BELOW,
        ask: |azure| azure.delete(&format!("{}?api-version=2024-03-03", id("galleries/none/images/web"))),
        status: 404,
        is: &[("/error/code", "ParentResourceNotFound")],
        ..BLANK
    },
    Row {
        request: "DELETE a run command of an absent machine",
        source: BELOW,
        ask: |azure| azure.delete(&machine("none", "/runCommands/rc")),
        status: 404,
        is: &[("/error/code", "ParentResourceNotFound")],
        ..BLANK
    },
    Row {
        request: "GET a subnet below an absent network",
        source: "34 of 34 reads below an absent parent",
        ask: |azure| azure.get(&network("virtualNetworks/none/subnets/default")),
        status: 404,
        headers: "",
        is: &[("/error/code", "ResourceNotFound")],
        ..BLANK
    },
    Row {
        request: "GET the subnets of an absent network",
        source: "34 of 34 reads below an absent parent",
        ask: |azure| azure.get(&network("virtualNetworks/none/subnets")),
        status: 404,
        is: &[("/error/code", "ResourceNotFound")],
        ..BLANK
    },
];

#[test]
fn what_is_missing_is_told_as_recorded() {
    replay("", ROWS);
}
