//! How a version came about, for people: a document in Markdown.

use std::fmt::Write as _;

use azimage_crds::{
    Evidence, EvidenceDefinition, EvidenceRecord, GuestStatus, HistoryEntry, ImageReference, Provenance,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::text::inert;

/// The document. What stands in the objects is in it as plain text, which neither a terminal nor Markdown obeys.
pub fn markdown(evidence: &Evidence) -> String {
    let record = &evidence.record;
    let version = &record.version;
    let mut page = format!("# Evidence of {}\n\n", cell(&version.resource_id));
    let object = format!("{}/{}", version.namespace, version.name);
    let facts = [
        ("ImageVersion", object.as_str()),
        ("uid", &version.uid),
        ("digest", evidence.digest.as_deref().unwrap_or("none yet")),
    ];
    rows(&mut page, &["", ""], facts.map(|(name, value)| vec![name.to_owned(), value.to_owned()]));
    notes(&mut page, &evidence.notes);
    source(&mut page, record);
    if let Some(line) = evidence.now.provenance.as_ref() {
        provenance(&mut page, line);
    }
    if let Some(guest) = &record.guest {
        self::guest(&mut page, guest);
    }
    steps(&mut page, record);
    validation(&mut page, record);
    if let Some(definition) = &evidence.definition {
        approvals(&mut page, definition);
    }
    section(&mut page, "Conditions");
    let conditions = evidence.now.conditions.iter();
    let conditions =
        conditions.map(|it| vec![it.type_.clone(), it.status.clone(), it.reason.clone(), it.message.clone()]);
    rows(&mut page, &["condition", "status", "reason", "message"], conditions);
    page
}

fn notes(page: &mut String, notes: &[String]) {
    for note in notes {
        let _ = writeln!(page, "\n> {}", cell(note));
    }
}

fn source(page: &mut String, record: &EvidenceRecord) {
    let Some(source) = &record.source else { return };
    section(page, "Source");
    let image = source.image_reference.as_ref().map(ImageReference::text);
    let facts = [
        ("region", &source.location),
        ("operating system", &source.os_type),
        ("generation", &source.hyper_v_generation),
        ("security type", &source.security_type),
        ("unique id of the machine", &source.virtual_machine_uid),
        ("image of the machine", &image),
        ("not approved", &source.not_approved),
    ];
    let told = facts.into_iter().filter_map(|(name, value)| Some(vec![name.to_owned(), value.clone()?]));
    rows(page, &["fact", "value"], told);
}

fn provenance(page: &mut String, line: &Provenance) {
    section(page, "Provenance");
    let _ = writeln!(page, "\nGallery image versions made one from another, this one included: {}", line.steps);
    let ancestors = line.ancestors.iter().map(|it| {
        let withdrawn = it.withdrawn.map(|why| why.to_string()).unwrap_or_default();
        vec![it.kind.to_string(), it.id.clone(), it.uid.clone().unwrap_or_default(), withdrawn]
    });
    rows(page, &["made from", "id", "uid", "withdrawn"], ancestors);
}

fn guest(page: &mut String, guest: &GuestStatus) {
    section(page, "Guest");
    let number = |number: i32| Some(number.to_string());
    let hygiene = guest.hygiene.as_ref();
    let facts = [
        ("found that belongs to one machine", hygiene.and_then(|it| number(it.total))),
        ("of these not allowed", hygiene.and_then(|it| number(it.enforced))),
        ("of these allowed by the object", hygiene.and_then(|it| number(it.allowed))),
        ("exit code of the script", guest.script_exit_code.and_then(number)),
        ("evidence that the script left", guest.evidence.clone()),
    ];
    rows(page, &["fact", "value"], facts.into_iter().filter_map(|(name, value)| Some(vec![name.to_owned(), value?])));
    let findings = hygiene.map_or(&[][..], |it| &it.findings);
    if !findings.is_empty() {
        rows(page, &["kind", "path"], findings.iter().map(|it| vec![it.kind.clone(), it.path.clone()]));
    }
}

fn steps(page: &mut String, record: &EvidenceRecord) {
    if record.steps.is_empty() {
        return;
    }
    section(page, "Writes to Azure that made it");
    let steps = record.steps.iter().map(|it| {
        let (end, id) = (it.finished_at.as_ref().map(time), it.correlation_id.clone());
        vec![
            format!("{} {}", it.name, it.subject).trim_end().to_owned(),
            time(&it.started_at),
            end.unwrap_or_default(),
            id.unwrap_or_default(),
        ]
    });
    rows(page, &["step", "begun", "seen", "correlation id"], steps);
}

fn validation(page: &mut String, record: &EvidenceRecord) {
    let Some(validation) = &record.validation else { return };
    section(page, "Validation");
    let end = validation.finished_at.as_ref().map(time).unwrap_or_default();
    let (begun, outcome) = (time(&validation.started_at), validation.outcome.to_string());
    let facts = [("outcome", outcome), ("region", validation.region.clone()), ("begun", begun), ("decided", end)];
    rows(page, &["fact", "value"], facts.map(|(name, value)| vec![name.to_owned(), value]));
    let checks = validation.machines.iter().flat_map(|machine| {
        machine.checks.iter().map(move |check| {
            let outcome = match (check.passed, check.warning) {
                (true, false) => "passed",
                (true, true) => "warns",
                (false, _) => "failed",
            };
            let size = machine.vm_size.clone().unwrap_or_default();
            vec![
                machine.name.clone(),
                size,
                check.name.clone(),
                outcome.to_owned(),
                check.detail.clone().unwrap_or_default(),
            ]
        })
    });
    rows(page, &["machine", "size", "check", "outcome", "detail"], checks);
}

fn approvals(page: &mut String, definition: &EvidenceDefinition) {
    section(page, "Releases");
    let _ = writeln!(page, "\nBy the ImageDefinition {}", cell(&definition.name));
    let of = |it: &HistoryEntry| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        vec![
            time(&it.time),
            it.action.to_string(),
            it.regions.join(", "),
            text(&it.user),
            text(&it.manager),
            text(&it.reason),
        ]
    };
    rows(page, &["time", "action", "regions", "user", "manager", "reason"], definition.history.iter().map(of));
}

fn time(time: &Time) -> String {
    time.0.to_string()
}

fn section(page: &mut String, name: &str) {
    let _ = writeln!(page, "\n## {name}");
}

fn rows(page: &mut String, head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
    let _ = writeln!(page, "\n| {} |\n|{}", head.join(" | "), " -- |".repeat(head.len()));
    for row in rows {
        let cells: Vec<String> = row.iter().map(|text| cell(text)).collect();
        let _ = writeln!(page, "| {} |", cells.join(" | "));
    }
}

/// A text in one line, in which no character means anything to Markdown.
fn cell(text: &str) -> String {
    let one_line = text.lines().map(inert).collect::<Vec<_>>().join(" ");
    let escaped = |text: String, sign: char| {
        let means = matches!(sign, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '!' | '&' | '~');
        if means { text + "\\" + &sign.to_string() } else { text + &sign.to_string() }
    };
    one_line.chars().fold(String::new(), escaped)
}
