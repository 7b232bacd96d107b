//! What may be changed of an image definition, and how it differs from what an object says.

use std::collections::BTreeMap;

use azimage_crds::{AtLeastAtMost, DefinitionProperties};
use jiff::Timestamp;

use super::{Definition, Limits, Settings};
use crate::{condition::in_one_line, image_version::wish};

/// So much of a value stands in a message, in bytes.
const SHOWN: usize = 120;

/// A change of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// What is changed to what, in words.
    pub(super) words: wish::Change,
    /// How it is asked for.
    how: How,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum How {
    Settings(Box<Settings>),
    Tag(String, String),
    /// As it is, since the last write of it failed.
    Again,
}

/// All changes that an object asks for, in the order of the fields.
pub(super) fn changes(properties: &DefinitionProperties, definition: &Definition) -> Vec<Change> {
    let mut found = Vec::new();
    let mut text = |what: &str, wanted: &Option<String>, is: &Option<String>, set: fn(String) -> Settings| {
        if let Some(wanted) = wanted
            && is.as_ref() != Some(wanted)
        {
            let is = is.clone().unwrap_or_default();
            found.push(Change::of(what, wanted, &is, How::Settings(Box::new(set(wanted.clone())))));
        }
    };
    text("description", &properties.description, &definition.description, |text| Settings {
        description: Some(text),
        ..Settings::default()
    });
    text("eula", &properties.eula, &definition.eula, |text| Settings { eula: Some(text), ..Settings::default() });
    text("privacyStatementUri", &properties.privacy_statement_uri, &definition.privacy_statement_uri, |text| {
        Settings { privacy_statement_uri: Some(text), ..Settings::default() }
    });
    text("releaseNoteUri", &properties.release_note_uri, &definition.release_note_uri, |text| Settings {
        release_note_uri: Some(text),
        ..Settings::default()
    });
    if let Some(wanted) = properties.end_of_life_date.as_ref().map(|time| time.0) {
        let is = definition.end_of_life.clone().unwrap_or_default();
        if moment(&is) != Some(wanted) {
            let settings = Settings { end_of_life: Some(wanted), ..Settings::default() };
            found.push(Change::of("endOfLifeDate", &wanted.to_string(), &is, How::Settings(Box::new(settings))));
        }
    }
    let recommended = properties.recommended.as_ref();
    let vcpus = limits("recommended.vCPUs", recommended.and_then(|it| it.v_cpus), definition.vcpus);
    found.extend(vcpus.map(|(words, vcpus)| Change::with(words, Settings { vcpus, ..Settings::default() })));
    let memory = limits("recommended.memory", recommended.and_then(|it| it.memory), definition.memory);
    found.extend(memory.map(|(words, memory)| Change::with(words, Settings { memory, ..Settings::default() })));
    for (name, wanted) in &properties.tags {
        let is = crate::owner::find_tag(&definition.tags, name);
        if is != Some(wanted) {
            let how = How::Tag(name.clone(), wanted.clone());
            found.push(Change::of(&format!("tag {name}"), wanted, is.unwrap_or_default(), how));
        }
    }
    found
}

/// A time as Azure writes it.
fn moment(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| {
        let civil: jiff::civil::DateTime = text.parse().ok()?;
        Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    })
}

type Ends = (Option<i32>, Option<i32>);

fn limits(what: &str, wanted: Option<AtLeastAtMost>, is: Limits) -> impl Iterator<Item = (wish::Change, Ends)> {
    let AtLeastAtMost { min, max } = wanted.unwrap_or(AtLeastAtMost { min: None, max: None });
    let ends = [(format!("{what}.min"), min, is.min, (min, None)), (format!("{what}.max"), max, is.max, (None, max))];
    ends.into_iter().filter_map(|(what, wanted, is, ends)| {
        let wanted = wanted.filter(|wanted| is != Some(i64::from(*wanted)))?;
        let is = is.map_or_else(String::new, |is| is.to_string());
        Some((words(&what, &wanted.to_string(), &is), ends))
    })
}

fn words(what: &str, wanted: &str, is: &str) -> wish::Change {
    wish::Change { what: what.to_owned(), wanted: wanted.to_owned(), is: is.to_owned(), opposite: None }
}

/// A value as a message shows it.
pub(super) fn shown(text: &str) -> String {
    if text.is_empty() { "nothing".to_owned() } else { in_one_line(text, SHOWN) }
}

impl Change {
    fn of(what: &str, wanted: &str, is: &str, how: How) -> Self {
        Self { words: words(what, wanted, is), how }
    }

    fn with(words: wish::Change, settings: Settings) -> Self {
        Self { words, how: How::Settings(Box::new(settings)) }
    }

    /// The last write failed in Azure: the same is asked for again.
    pub(super) fn again() -> Self {
        Self::of("provisioningState", "Succeeded", "Failed", How::Again)
    }

    /// Whether it is the change of a failed write.
    pub(super) fn is_again(&self) -> bool {
        self.how == How::Again
    }

    /// Adds it to what is asked for.
    pub(super) fn apply(&self, tags: &mut BTreeMap<String, String>, settings: &mut Settings) {
        match &self.how {
            How::Again => {}
            How::Tag(name, value) => set_tag(tags, name, value),
            How::Settings(more) => settings.add(more),
        }
    }
}

/// Sets a tag. Azure compares names without regard to case, and keeps the spelling that is there.
pub(super) fn set_tag(tags: &mut BTreeMap<String, String>, name: &str, value: &str) {
    let known = tags.keys().find(|known| known.eq_ignore_ascii_case(name)).cloned();
    tags.insert(known.unwrap_or_else(|| name.to_owned()), value.to_owned());
}

impl Settings {
    /// All that an object says.
    pub(super) fn all(properties: &DefinitionProperties) -> Self {
        let recommended = properties.recommended.as_ref();
        let ends = |limits: Option<AtLeastAtMost>| limits.map_or((None, None), |limits| (limits.min, limits.max));
        Self {
            description: properties.description.clone(),
            end_of_life: properties.end_of_life_date.as_ref().map(|time| time.0),
            eula: properties.eula.clone(),
            privacy_statement_uri: properties.privacy_statement_uri.clone(),
            release_note_uri: properties.release_note_uri.clone(),
            vcpus: ends(recommended.and_then(|it| it.v_cpus)),
            memory: ends(recommended.and_then(|it| it.memory)),
        }
    }

    fn add(&mut self, more: &Self) {
        let text = |to: &mut Option<String>, from: &Option<String>| {
            if from.is_some() {
                to.clone_from(from);
            }
        };
        text(&mut self.description, &more.description);
        text(&mut self.eula, &more.eula);
        text(&mut self.privacy_statement_uri, &more.privacy_statement_uri);
        text(&mut self.release_note_uri, &more.release_note_uri);
        self.end_of_life = more.end_of_life.or(self.end_of_life);
        let ends = |to: Ends, from: Ends| (from.0.or(to.0), from.1.or(to.1));
        self.vcpus = ends(self.vcpus, more.vcpus);
        self.memory = ends(self.memory, more.memory);
    }
}
