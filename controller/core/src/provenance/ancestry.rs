//! What the objects of a namespace say of the versions from which one of them was made.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::Hash,
};

use azimage_crds::{AncestorKind, ImageDefinition, ImageVersion, Provenance};
use azimage_names::{ImageVersionId, VersionNumber};
use jiff::Timestamp;
use kube::Resource as _;

use super::{
    Parent,
    verdict::Verdict,
    version_of,
    words::{Why, Words},
};
use crate::{Message, Truth, condition::first_names, image_version};

/// How many ancestors that were withdrawn a message names.
const MOST_NAMED: usize = 3;

/// What the objects of the namespace say of the versions from which a version was made, or is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ancestry(BTreeMap<ImageVersionId, Known>);

/// What an object says of its version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Known {
    /// Whether Azure has shown the version as its own.
    published: bool,
    parent: Parent,
    verdict: Verdict,
}

impl Ancestry {
    /// What they say. All objects of the namespace are looked through, and only if there is an ancestor to be found.
    pub(crate) fn of(object: &ImageVersion, versions: &[&ImageVersion], definitions: &[&ImageDefinition]) -> Self {
        let ids: BTreeSet<ImageVersionId> = versions_above(object).collect();
        if ids.is_empty() {
            return Self::default();
        }
        let numbers: BTreeSet<VersionNumber> = ids.iter().map(ImageVersionId::version).collect();
        let namespace = object.meta().namespace.as_ref();
        let mut known = BTreeMap::<ImageVersionId, Known>::new();
        for other in versions.iter().copied().filter(|it| it.meta().namespace.as_ref() == namespace) {
            let Ok(number) = VersionNumber::parse(&other.spec.version) else { continue };
            let id = || image_version::id_of(other).filter(|id| ids.contains(id));
            let Some(id) = Some(number).filter(|it| numbers.contains(it)).and_then(|_| id()) else { continue };
            let found = Known::of(other, &id, definitions);
            // Of two objects for one version the one counts that has it.
            if known.get(&id).is_none_or(|it| !it.published) {
                known.insert(id, found);
            }
        }
        Self(known)
    }

    /// What is known of a version as a parent.
    pub(crate) fn parent(&self, id: &ImageVersionId) -> Option<Parent> {
        self.0.get(id).filter(|known| known.published).map(|known| known.parent.clone())
    }

    /// The line with what is said of each ancestor now. Of one that no object stands for any more what was told stays told.
    pub(crate) fn judged(&self, line: Provenance, now: Timestamp) -> Provenance {
        let ancestors = line.ancestors.into_iter().map(|mut it| {
            let id = ImageVersionId::parse(&it.id).ok().filter(|_| it.kind == AncestorKind::ImageVersion);
            if let Some(known) = id.and_then(|id| self.0.get(&id)) {
                it.withdrawn = known.verdict.at(it.withdrawn, now);
            }
            it
        });
        Provenance { steps: line.steps, ancestors: ancestors.collect() }
    }

    /// What is said of a line that was judged; nothing where nobody here says anything of any of its versions.
    pub(crate) fn words(&self, judged: &Provenance) -> Option<(Truth, impl Message + use<>)> {
        let why = |it: &azimage_crds::Ancestor| it.withdrawn.map(|why| format!("{}, which {}", it.id, Why::of(why)));
        let bad: Vec<String> = judged.ancestors.iter().filter_map(why).collect();
        if !bad.is_empty() {
            return Some((Truth::False, Words::Withdrawn { ancestors: first_names(&bad, MOST_NAMED) }));
        }
        (!self.0.is_empty()).then_some((Truth::True, Words::Good))
    }
}

impl Known {
    fn of(object: &ImageVersion, id: &ImageVersionId, definitions: &[&ImageDefinition]) -> Self {
        let status = object.status.as_ref();
        let provenance = status.and_then(|status| status.provenance.clone());
        Self {
            published: status.is_some_and(|status| status.resource_id.is_some()),
            parent: Parent { uid: object.meta().uid.clone(), provenance },
            verdict: Verdict::of(object, id, definitions),
        }
    }
}

/// The versions from which an object's version was made, or is to be.
fn versions_above(object: &ImageVersion) -> impl Iterator<Item = ImageVersionId> {
    let source = object.spec.source.image_version.as_ref();
    let source = source.and_then(|it| ImageVersionId::parse(&it.resource_id).ok());
    let status = object.status.as_ref();
    let of_machine = status.and_then(|it| version_of(it.source.as_ref()?.image_reference.as_ref()?));
    let told = status.and_then(|it| it.provenance.as_ref()).into_iter().flat_map(|it| &it.ancestors);
    let told = told.filter(|it| it.kind == AncestorKind::ImageVersion).filter_map(|it| it.id.parse().ok());
    told.chain(source).chain(of_machine)
}

/// Whether a version was made, or is to be, from another gallery image version.
pub fn has_ancestors(object: &ImageVersion) -> bool {
    versions_above(object).next().is_some()
}

/// What a version goes by of those from which it was made, for comparisons.
pub fn concern_of_ancestors(
    object: &ImageVersion,
    versions: &[&ImageVersion],
    definitions: &[&ImageDefinition],
) -> impl Hash + use<> {
    let known = Ancestry::of(object, versions, definitions).0;
    let concern = known.into_iter().map(|(id, it)| {
        let line = it.parent.provenance.map(|line| line.steps);
        (id.to_string(), it.published, line, it.verdict.concern())
    });
    concern.collect::<Vec<_>>()
}
