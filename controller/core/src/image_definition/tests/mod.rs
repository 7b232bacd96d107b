//! Tables of the decisions about an image definition; in this file what they share.

mod differ;
mod memory;
mod next;
mod users;
mod validate;
mod written;

use std::{collections::BTreeMap, time::Duration};

use azimage_crds::{Adoption, ConditionType, ImageDefinition, ImageDefinitionStatus, Management, OWNER_TAG, Reason};
use azimage_names::{Obstacle, values::ProvisioningState};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::{
    Failure, Pace, Progress,
    image_version::{Absent, MarketplacePlan, Reading, Requeue},
    lint,
};

const PACE: Pace = Pace {
    poll: Duration::from_secs(15),
    resync: Duration::from_secs(600),
    retry_min: Duration::from_secs(5),
    retry_max: Duration::from_secs(60),
};

fn object(name: &str, spec: Value) -> ImageDefinition {
    let mut object = json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": "ImageDefinition",
        "metadata": {"name": name, "namespace": "images", "uid": format!("u-{name}"), "generation": 1,
            "creationTimestamp": "2026-11-01T00:00:00Z"},
        "spec": {
            "gallery": {"subscriptionId": "00000000-0000-0000-0000-000000000001", "resourceGroup": "images", "name": "corp"},
            "name": "web",
            "properties": {"osType": "Linux", "identifier": {"publisher": "corp", "offer": "ubuntu", "sku": "web"}},
        },
    });
    let Value::Object(spec) = spec else { panic!("a spec is an object") };
    for (field, value) in spec {
        if let (Value::Object(into), Value::Object(from)) = (&mut object["spec"][&field], &value) {
            into.extend(from.clone());
        } else {
            object["spec"][&field] = value;
        }
    }
    serde_json::from_value(object).unwrap()
}

fn validated_among(object: &ImageDefinition, all: &[&ImageDefinition]) -> Result<Validated, (Reason, String)> {
    let environment = Environment {
        cluster: "c1",
        own_identity_serves: true,
        account_serves: true,
        definitions: all,
        unreadable: &["u-unreadable".to_owned()],
    };
    validate(object, environment).map_err(|violation| (violation.reason, violation.message))
}

fn validated(spec: Value) -> Validated {
    validated_among(&object("web", spec), &[]).unwrap()
}

fn owner(uid: &str) -> String {
    format!("c1/images/web/{uid}")
}

/// As Azure has it when this object made it.
fn definition() -> Definition {
    Definition {
        location: "westeurope".parse().unwrap(),
        tags: BTreeMap::from([(OWNER_TAG.to_owned(), owner("u-web"))]),
        provisioning: ProvisioningState::Succeeded,
        os_type: "Linux".into(),
        os_state: "Generalized".into(),
        generation: "V2".into(),
        architecture: "x64".into(),
        identifier: Identifier { publisher: "Corp".into(), offer: "ubuntu".into(), sku: "web".into() },
        security_type: Some("TrustedLaunch".into()),
        disk_controllers: Some("SCSI, NVMe".into()),
        accelerated_networking: None,
        hibernation: None,
        plan: None,
        description: None,
        end_of_life: None,
        eula: None,
        privacy_statement_uri: None,
        release_note_uri: None,
        vcpus: Limits::default(),
        memory: Limits::default(),
        properties: serde_json::Map::from_iter([("newMember".to_owned(), json!(7))]),
    }
}

fn with(change: impl FnOnce(&mut Definition)) -> Definition {
    let mut definition = definition();
    change(&mut definition);
    definition
}

fn found(definition: Definition) -> Observed {
    Observed { definition: Some(Reading::Found(definition)), ..Observed::default() }
}

fn gallery() -> Reading<Gallery> {
    Reading::Found(Gallery { location: "northeurope".parse().unwrap() })
}

fn absent(gallery: Reading<Gallery>) -> Observed {
    Observed { definition: Some(Reading::Missing(Absent::Resource)), gallery: Some(gallery), ..Observed::default() }
}

fn status_of(report: &Report) -> ImageDefinitionStatus {
    next_status(&ImageDefinitionStatus::default(), report, None, 1, None, Timestamp::UNIX_EPOCH)
}

fn plan_with(validated: &Validated, observed: &Observed, memory: &Memory, status: &ImageDefinitionStatus) -> Plan {
    // Who uses it isn't asked here.
    let memory = &Memory { users_asked: Some(Duration::from_secs(1000)), ..memory.clone() };
    match next(validated, observed, Given { status, memory, pace: &PACE, now: Duration::from_secs(1000) }) {
        Next::Plan(plan) => {
            let status = status_of(&plan.report);
            assert_eq!(lint::problems(1, Some(1), &status.conditions), Vec::<String>::new());
            *plan
        }
        Next::Read(read) => panic!("it reads {read:?}"),
    }
}

fn plan(validated: &Validated, observed: &Observed) -> Plan {
    plan_with(validated, observed, &Memory::default(), &ImageDefinitionStatus::default())
}

/// What a plan comes to, in short.
fn shape(plan: &Plan) -> (String, Requeue, Option<&'static str>) {
    let progress = match &plan.report.progress {
        Progress::Settled { .. } => "Settled".to_owned(),
        Progress::Idle { reason, .. } => format!("Idle {reason}"),
        Progress::Reconciling { reason, .. } => format!("Reconciling {reason}"),
        Progress::Retrying { reason, .. } => format!("Retrying {reason}"),
        Progress::Stalled { reason, .. } => format!("Stalled {reason}"),
    };
    (progress, plan.requeue, plan.step.as_ref().map(|step| step.doing))
}

fn said(plan: &Plan) -> String {
    let (Progress::Settled { message }
    | Progress::Idle { message, .. }
    | Progress::Reconciling { message, .. }
    | Progress::Retrying { message, .. }
    | Progress::Stalled { message, .. }) = &plan.report.progress;
    message.clone()
}

const CREATE: Option<&str> = Some("create the image definition");
const CHANGE: Option<&str> = Some("change the image definition");
const ADOPT: Option<&str> = Some("take the image definition over");

fn memory(absent: u32, no_gallery: u32) -> Memory {
    Memory { absent, no_gallery, ..Memory::default() }
}
