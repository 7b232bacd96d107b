//! All objects that are known, and what is shown of them. No I/O.

use std::collections::BTreeMap;

use azimage_view::{Clock, Detail, Kind, Line, Object, Picture, Standing, overview};
use jiff::Timestamp;

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// One object.
    One { kind: Kind, name: String },
    /// All that there are.
    All,
}

impl Subject {
    pub(super) fn of(object: &Object) -> Self {
        Self::One { kind: object.kind(), name: object.name() }
    }
}

/// All objects that are known.
pub(super) struct Scene {
    subject: Subject,
    namespaces: bool,
    objects: BTreeMap<Key, Object>,
}

type Key = (Kind, String, String);

fn key(object: &Object) -> Key {
    (object.kind(), object.namespace().to_owned(), object.name())
}

impl Scene {
    pub(super) fn new(subject: Subject, namespaces: bool, objects: Vec<Object>) -> Self {
        let objects = objects.into_iter().map(|object| (key(&object), object)).collect();
        Self { subject, namespaces, objects }
    }

    /// An object as it is now.
    pub(super) fn put(&mut self, object: Object) {
        self.objects.insert(key(&object), object);
    }

    /// One that is gone.
    pub(super) fn remove(&mut self, object: &Object) {
        self.objects.remove(&key(object));
    }

    /// All of a kind as they are now.
    pub(super) fn replace(&mut self, kind: Kind, objects: Vec<Object>) {
        self.objects.retain(|(of, _, _), _| *of != kind);
        for object in objects {
            self.put(object);
        }
    }

    /// What is looked at, in an order of its own.
    pub(super) fn objects(&self) -> Vec<&Object> {
        self.objects
            .values()
            .filter(|object| match &self.subject {
                Subject::One { kind, name } => object.kind() == *kind && object.name() == *name,
                Subject::All => true,
            })
            .collect()
    }

    /// Whether the object that is looked at is gone.
    pub(super) fn is_gone(&self) -> bool {
        self.subject != Subject::All && self.objects().is_empty()
    }

    /// The kind that has to be followed.
    pub(super) fn kind(&self) -> Option<Kind> {
        match &self.subject {
            Subject::One { kind, .. } => Some(*kind),
            Subject::All => None,
        }
    }

    pub(super) fn standing(&self) -> Standing {
        let standings = self.objects().into_iter().map(Standing::of);
        standings.max().unwrap_or(Standing::Ready)
    }

    /// The picture of each object that is looked at.
    pub(super) fn pictures(&self, now: Timestamp) -> Vec<Picture> {
        let all: Vec<Object> = self.objects.values().cloned().collect();
        self.objects().into_iter().map(|object| Picture::of(object, &all, Clock::of_the_wall(now))).collect()
    }

    pub(super) fn lines(&self, now: Timestamp, detail: Detail, width: usize) -> Vec<Line> {
        match &self.subject {
            Subject::All => {
                let all: Vec<Object> = self.objects.values().cloned().collect();
                overview::lines(&all, self.namespaces, width)
            }
            Subject::One { .. } => self.pictures(now).iter().flat_map(|picture| picture.frame(detail, width)).collect(),
        }
    }

    /// Plain lines: what is new since the pictures of before, with the object's name if there are several.
    pub(super) fn changes(&self, now: Timestamp, before: &[Picture]) -> Vec<String> {
        let changes = |picture: &Picture| {
            let same = |other: &&Picture| key(&other.subject) == key(&picture.subject);
            let lines = picture.changes(before.iter().find(same));
            let name =
                if self.subject == Subject::All { format!("{}: ", picture.subject.address()) } else { String::new() };
            lines.into_iter().map(move |line| match line.split_once("  ") {
                Some((time, words)) => format!("{time}  {name}{words}"),
                None => line,
            })
        };
        self.pictures(now).iter().flat_map(|picture| changes(picture).collect::<Vec<_>>()).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn target(name: &str, ready: &str) -> Object {
        let object = json!({
            "apiVersion": "azimage.dev/v1alpha1", "kind": "ReplicationTarget",
            "metadata": {"name": name, "namespace": "images", "generation": 1},
            "spec": {"region": "northeurope", "imageVersionName": "web"},
            "status": {"observedGeneration": 1, "conditions": [{
                "type": "Ready", "status": ready, "reason": "Replicating", "message": "it is so",
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            }]},
        });
        Object::Target(serde_json::from_value(object).unwrap())
    }

    #[test]
    fn what_is_looked_at_is_one_object_or_all() {
        let all = vec![target("a", "True"), target("b", "Unknown")];
        let one = Scene::new(Subject::of(&all[0]), false, all.clone());
        assert_eq!((one.standing(), one.objects().len()), (Standing::Ready, 1));
        let mut every = Scene::new(Subject::All, false, all.clone());
        assert_eq!((every.standing(), every.objects().len()), (Standing::Working, 2));
        every.put(target("b", "True"));
        assert_eq!(every.standing(), Standing::Ready);
        every.remove(&all[1]);
        assert_eq!(every.objects().len(), 1);
        every.replace(Kind::ReplicationTarget, vec![]);
        assert!(!every.is_gone() && every.objects().is_empty(), "all may be none");
        let mut one = one;
        one.replace(Kind::ReplicationTarget, vec![target("b", "True")]);
        assert!(one.is_gone());
    }

    #[test]
    fn plain_lines_name_the_object_where_there_are_several() {
        let now = "2026-01-01T00:00:07Z".parse().unwrap();
        let scene = Scene::new(Subject::All, false, vec![target("a", "True")]);
        let first = scene.changes(now, &[]);
        assert_eq!(first, ["2026-01-01T00:00:07Z  replicationtarget/a: ✓ Ready (Replicating): it is so"]);
        assert_eq!(scene.changes(now, &scene.pictures(now)), [""; 0], "nothing new");
    }
}
