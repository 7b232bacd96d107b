//! One object, and what belongs to it, at one moment.

mod changes;
mod definition;
mod leftovers;
mod next;
mod provenance;
mod regions;
mod steps;
mod target;
mod validation;

use azimage_crds::ConditionType;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

pub(crate) use next::what_to_do;

use crate::{
    clock::Clock,
    line::{Line, Style, Weight},
    mark::Mark,
    object::Object,
    rows::{self, Row},
    standing::Standing,
};

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// How far it is, region by region.
    Brief,
    /// And what is to be done, what is left and what failed.
    Usual,
    /// And each step, check and id.
    Wide,
}

/// One object, and what belongs to it, at one moment.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The time.
    pub clock: Clock,
    /// The object.
    pub subject: Object,
    /// Of a version the targets that want it, of a target the versions that it wants, of a definition its versions.
    pub related: Vec<Object>,
}

impl Picture {
    /// The object among all of its namespace that are known.
    pub fn of(subject: &Object, all: &[Object], clock: Clock) -> Self {
        let mut related: Vec<Object> = all.iter().filter(|other| belongs(subject, other)).cloned().collect();
        related.sort_by_key(Object::name);
        Self { clock, subject: subject.clone(), related }
    }

    /// How it stands with the object.
    pub fn standing(&self) -> Standing {
        Standing::of(&self.subject)
    }

    /// How it stands with the object, as long as all that belongs to it is Ready too.
    pub fn standing_of_all(&self) -> Standing {
        let own = self.standing();
        let is_open = self.related.iter().any(|other| Standing::of(other) != Standing::Ready);
        if own == Standing::Ready && is_open { Standing::Working } else { own }
    }

    /// What is drawn, in lines of at most that width.
    pub fn frame(&self, detail: Detail, width: usize) -> Vec<Line> {
        let mut lines = self.heading(detail, width);
        lines.extend(self.conditions(width));
        let sections = match &self.subject {
            Object::Version(version) => vec![
                regions::lines(version, &self.clock, detail, width),
                steps::lines(version, &self.clock, detail, width),
                validation::lines(version, &self.clock, detail, width),
                leftovers::lines(version, detail, width),
                provenance::lines(version, detail, width),
                self.related(detail, width),
            ],
            Object::Target(target) => vec![target::lines(target, &self.clock, width)],
            Object::Definition(definition) => definition::lines(definition, &self.clock, detail, width),
        };
        for section in sections.into_iter().chain([self.summary(width)]) {
            append(&mut lines, section);
        }
        if detail > Detail::Brief {
            append(&mut lines, next::lines(self, width));
        }
        lines
    }

    fn heading(&self, detail: Detail, width: usize) -> Vec<Line> {
        let subject = &self.subject;
        let name = match subject.namespace() {
            namespace if detail > Detail::Brief && !namespace.is_empty() => format!("{namespace}/{}", subject.name()),
            _ => subject.name(),
        };
        let mut about = Vec::new();
        if let Object::Version(version) = subject
            && detail > Detail::Brief
        {
            about
                .push(format!("{} of {}/{}", version.spec.version, version.spec.gallery.name, version.spec.definition));
        }
        let made = subject.meta().creation_timestamp.as_ref().map(|time| time.0);
        about.push(self.clock.heading(made));
        let heading = Line::default().and(&format!("{} {name}", subject.kind()), Style::Strong);
        let about = format!("   {}", about.join("   "));
        let beside = heading.clone().and(&about, Style::Plain);
        if beside.width() <= width {
            return vec![beside];
        }
        let below = rows::paragraph(&about, 2, width, Weight::Matters);
        std::iter::once(heading).chain(below).collect()
    }

    fn conditions(&self, width: usize) -> Vec<Line> {
        let shown: Vec<Row> =
            self.subject.conditions().iter().filter(|condition| !is_summary(condition)).map(row).collect();
        rows::lines(&shown, 2, width)
    }

    /// The targets of a version. Of many that are Ready some are counted alone.
    fn related(&self, detail: Detail, width: usize) -> Vec<Line> {
        const NAMED: usize = 12;
        let (ready, open): (Vec<&Object>, Vec<&Object>) =
            self.related.iter().partition(|other| Standing::of(other) == Standing::Ready);
        let named = if detail == Detail::Wide { usize::MAX } else { NAMED };
        let mut shown: Vec<Row> = open.iter().map(|other| target_row(other)).collect();
        shown.extend(ready.iter().take(named).map(|other| target_row(other)));
        let mut lines = rows::lines(&shown, 2, width);
        if ready.len() > named {
            let more = format!("{} targets more are Ready", ready.len() - named);
            lines.extend(rows::lines(&[Row::new(Mark::Yes, &[&more], "")], 2, width));
        }
        lines
    }

    fn summary(&self, width: usize) -> Vec<Line> {
        let Some(ready) = self.subject.condition(ConditionType::Ready) else { return Vec::new() };
        let mut row = Row::new(Mark::of(ready), &[&ready.type_, &ready.reason], &ready.message);
        row.weight = Weight::Matters;
        rows::lines(&[row], 2, width)
    }
}

/// Whether one object is shown with another one.
fn belongs(subject: &Object, other: &Object) -> bool {
    if subject.namespace() != other.namespace() {
        return false;
    }
    match (subject, other) {
        (Object::Version(version), Object::Target(target)) => {
            let name = subject.name();
            let asks = |named: &Option<azimage_crds::ReplicationTargetStatus>| {
                named.as_ref().is_some_and(|status| status.versions.iter().any(|version| version.name == name))
            };
            let labels = version.metadata.labels.clone().unwrap_or_default();
            azimage_core::selector::selects(&target.spec, &name, &labels) || asks(&target.status)
        }
        _ => false,
    }
}

/// The three that are derived from the others.
fn is_summary(condition: &Condition) -> bool {
    let summary = [ConditionType::Ready, ConditionType::Reconciling, ConditionType::Stalled];
    summary.iter().any(|kind| condition.type_ == kind.as_str())
}

fn row(condition: &Condition) -> Row {
    let mark = Mark::of(condition);
    let reason = if mark == Mark::Waiting { "" } else { &condition.reason };
    let message = if mark.is_settled() { "" } else { condition.message.as_str() };
    Row::new(mark, &[&condition.type_, reason], message)
}

fn target_row(target: &Object) -> Row {
    let ready = target.condition(ConditionType::Ready);
    let mark = ready.map_or(Mark::Waiting, Mark::of);
    let message = ready.map_or("azimage hasn't looked at it yet", |ready| ready.message.as_str());
    let mut row = Row::new(mark, &[&format!("target {}", target.name())], message);
    if mark == Mark::Waiting {
        row.weight = Weight::Matters;
    }
    row
}

/// A section below an empty line.
fn append(lines: &mut Vec<Line>, section: Vec<Line>) {
    if !section.is_empty() {
        lines.push(Line::empty());
        lines.extend(section);
    }
}

/// A word with its number: `1 replica`, `2 replicas`.
fn counted(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}
