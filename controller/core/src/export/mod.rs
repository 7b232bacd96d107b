//! The `ConfigMap` that says what is latest, for templates of deployments.
//!
//! Its name stands in the status before it is written, so that one which the object names no more is found and deleted. It is there
//! exactly while something is latest: whoever needs it waits without it, and gets neither an empty image nor one that was taken out.

mod config_map;
mod record;
#[cfg(test)]
mod tests;
pub(crate) mod words;

use std::{collections::BTreeMap, time::Duration};

use azimage_crds::{Export, ImageDefinition};
use azimage_names::ImageDefinitionId;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{Resource, ResourceExt};
use serde_json::Value;

use crate::{
    Finding, Message, Progress, Truth,
    condition::in_one_line,
    image_definition::{age, stalled_as_it_is},
    promotion::Latest,
};
pub use config_map::MANAGER;
use config_map::{applied, belongs_to, is_as_written, owner_of};
use words::{Words, Wrong};

/// How many `ConfigMap`s a status names.
const MOST: usize = 4;

/// So much of the API server's words stands in a message, in bytes.
const SAYS: usize = 300;

/// What it is decided by.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The object, with the status that stands there.
    pub object: &'a ImageDefinition,
    /// Its image definition.
    pub id: &'a ImageDefinitionId,
    /// What is told of latest.
    pub latest: &'a Latest,
    /// All image definitions of the namespace.
    pub definitions: &'a [&'a ImageDefinition],
    /// How soon it is looked at again while something is left to do.
    pub poll: Duration,
}

/// What a read of a `ConfigMap` came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// There is none.
    Missing,
    /// It is there.
    Found(Box<ConfigMap>),
    /// The API server doesn't let it be read, in its words.
    Refused(String),
}

/// What was read, by name.
pub type Seen = BTreeMap<String, Reading>;

/// What comes next.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// The `ConfigMap` of this name is read, and then asked again.
    Read(String),
    /// Nothing more is to be read.
    Plan(Box<Plan>),
}

/// What it comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The one write, if there is one.
    pub step: Option<Step>,
    /// How it stands once that is done.
    pub exported: Exported,
    /// When to look again, if something is left to do.
    pub again: Option<Duration>,
}

/// A write.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// This is applied. It carries the resource version of what it is to change, or one that nothing has if nothing may be there.
    Apply {
        /// The name.
        name: String,
        /// The `ConfigMap`.
        object: Value,
    },
    /// This one is deleted, as it was read.
    Delete {
        /// The name.
        name: String,
        /// Its uid.
        uid: Option<String>,
        /// Its resource version.
        resource_version: Option<String>,
    },
}

/// How it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// The names that the status holds.
    pub config_maps: Vec<String>,
    /// The condition, if the object asks for a `ConfigMap`, or still has one.
    pub finding: Option<Finding>,
    /// What only a person can change.
    pub stalled: Option<Progress>,
}

/// What is to be read or written. Total: each combination leads to a read, to one write, or to none.
pub fn next(ask: &Ask<'_>, seen: &Seen) -> Next {
    let names = ask.object.status.as_ref().map(|status| status.config_maps.clone()).unwrap_or_default();
    let mut plan =
        Plan { step: None, exported: Exported { config_maps: names.clone(), ..Exported::default() }, again: None };
    let wanted = ask.object.spec.export.as_ref();
    if let Some(export) = wanted {
        let Ok(()) = keep(ask, export, seen, &mut plan) else { return Next::Read(export.config_map_name.clone()) };
    }
    // One write for each pass, and the new one before the old ones go.
    let old = names.iter().filter(|name| wanted.is_none_or(|export| export.config_map_name != **name));
    for name in old {
        if plan.step.is_some() || plan.again == Some(Duration::ZERO) {
            plan.again = plan.again.or(Some(ask.poll));
            break;
        }
        let Some(reading) = seen.get(name) else { return Next::Read(name.clone()) };
        remove(ask, name, reading, &mut plan);
    }
    Next::Plan(Box::new(plan))
}

/// Sees to the one that the object names. An error: it has to be read.
fn keep(ask: &Ask<'_>, export: &Export, seen: &Seen, plan: &mut Plan) -> Result<(), ()> {
    let name = export.config_map_name.clone();
    let data = record::of(&export.prefix, ask.id, ask.latest);
    let held = plan.exported.config_maps.contains(&name);
    if data.is_none() && !held {
        plan.says(Truth::False, &nothing(ask, name));
        return Ok(());
    }
    let reading = seen.get(&name).ok_or(())?;
    see_to(ask, name.clone(), reading, data, plan);
    // One that can't be ours is never told of, so that nothing is waited for when the object names another one.
    if !held && plan.exported.stalled.is_none() {
        plan.step = None;
        plan.says(Truth::Unknown, &Words::Writing { name: name.clone() });
        if plan.exported.config_maps.len() < MOST {
            plan.exported.config_maps.push(name);
            plan.again = Some(Duration::ZERO);
        }
    }
    Ok(())
}

fn see_to(ask: &Ask<'_>, name: String, reading: &Reading, data: Option<BTreeMap<String, String>>, plan: &mut Plan) {
    match (reading, data) {
        (Reading::Refused(says), _) => plan.stalls(&refused(&name, "read", says)),
        (Reading::Found(map), _) if !belongs_to(map, ask.object) => plan.stalls(&match owner_of(map) {
            Some(other) => Wrong::OfAnother { name, other },
            None => Wrong::Foreign { name },
        }),
        (Reading::Found(map), _) if map.metadata.deletion_timestamp.is_some() => {
            plan.says(Truth::Unknown, &Words::Writing { name });
            plan.again = Some(ask.poll);
        }
        (Reading::Found(map), Some(data)) => {
            if !is_as_written(map, ask.object, &data) {
                let object = applied(ask.object, &name, &data, map.metadata.resource_version.as_deref());
                plan.step = Some(Step::Apply { name: name.clone(), object });
            }
            plan.says(Truth::True, &Words::Written { name });
        }
        (Reading::Missing, Some(data)) => {
            if let Some(other) = precedes(ask, &name) {
                plan.stalls(&Wrong::Wanted { name, other });
            } else {
                let object = applied(ask.object, &name, &data, None);
                plan.step = Some(Step::Apply { name: name.clone(), object });
                plan.says(Truth::True, &Words::Written { name });
            }
        }
        (Reading::Found(_), None) if ask.latest.unsure => plan.says(Truth::Unknown, &Words::Unsure { name }),
        (Reading::Found(map), None) => {
            plan.says(Truth::False, &nothing(ask, name.clone()));
            plan.delete(&name, map);
        }
        (Reading::Missing, None) => {
            plan.forget(&name);
            plan.says(Truth::False, &nothing(ask, name));
        }
    }
}

/// Sees to one that the object names no more.
fn remove(ask: &Ask<'_>, name: &str, reading: &Reading, plan: &mut Plan) {
    match reading {
        Reading::Found(map) if belongs_to(map, ask.object) => {
            plan.remains(&Words::Removing { name: name.to_owned() });
            if map.metadata.deletion_timestamp.is_none() {
                plan.delete(name, map);
            }
            plan.again = Some(ask.poll);
        }
        Reading::Missing | Reading::Found(_) => plan.forget(name),
        Reading::Refused(says) => plan.stalls(&refused(name, "read", says)),
    }
}

fn nothing(ask: &Ask<'_>, name: String) -> Words {
    if ask.latest.unsure { Words::Unsure { name } } else { Words::Nothing { name } }
}

/// The older object of the namespace that is to write the `ConfigMap` of this name.
fn precedes(ask: &Ask<'_>, name: &str) -> Option<String> {
    let object = ask.object;
    let is_for_it = |other: &&&ImageDefinition| {
        other.meta().namespace == object.meta().namespace
            && other.meta().deletion_timestamp.is_none()
            && other.spec.export.as_ref().is_some_and(|export| export.config_map_name == name)
            && !other.spec.suspend
            && stalled_as_it_is(other).is_none()
            && age(other) < age(object)
    };
    ask.definitions.iter().find(is_for_it).map(|other| other.name_any())
}

fn refused(name: &str, doing: &str, says: &str) -> Wrong {
    Wrong::Refused { name: name.to_owned(), doing: doing.to_owned(), says: in_one_line(says, SAYS) }
}

impl Plan {
    fn says(&mut self, truth: Truth, words: &Words) {
        self.exported.finding = Some(Finding::of(truth, words));
    }

    fn stalls(&mut self, wrong: &Wrong) {
        self.exported.finding = Some(Finding::of(Truth::False, wrong));
        self.exported.stalled.get_or_insert_with(|| Progress::stalled(wrong.reason(), wrong.to_string()));
    }

    /// What is said where nothing else is.
    fn remains(&mut self, words: &Words) {
        self.exported.finding.get_or_insert_with(|| Finding::of(Truth::Unknown, words));
    }

    fn forget(&mut self, name: &str) {
        self.exported.config_maps.retain(|known| known != name);
    }

    fn delete(&mut self, name: &str, map: &ConfigMap) {
        self.step = Some(Step::Delete {
            name: name.to_owned(),
            uid: map.metadata.uid.clone(),
            resource_version: map.resource_version(),
        });
    }

    /// How it stands after the API server refused the write, in its words.
    pub fn refused(mut self, before: &[String], says: &str) -> Exported {
        if let Some(step) = &self.step {
            let (name, doing) = match step {
                Step::Apply { name, .. } => (name, "write"),
                Step::Delete { name, .. } => (name, "delete"),
            };
            let wrong = refused(name, doing, says);
            self.stalls(&wrong);
        }
        Exported { config_maps: before.to_vec(), ..self.exported }
    }

    /// How it stands after a write of which the API server answered with this.
    pub fn applied(mut self, ask: &Ask<'_>, answer: &ConfigMap) -> Exported {
        let export = ask.object.spec.export.as_ref();
        let data = export.and_then(|export| record::of(&export.prefix, ask.id, ask.latest));
        if data.is_none_or(|data| !is_as_written(answer, ask.object, &data)) {
            self.stalls(&Wrong::NotKept { name: answer.name_any() });
        }
        self.exported
    }
}
