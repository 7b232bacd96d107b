//! What Azure tells of the few things that an object here is about.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use azimage_crds::StepFailure;
use azimage_names::{ImageVersionId, Region, VersionNumber};

use super::{super::*, fixtures::*};
use crate::Failure;

/// What Azure tells of one thing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Told<T> {
    /// Nobody asked.
    #[default]
    NotYet,
    Found(T),
    Missing(Absent),
    Failed(Failure),
}

/// A gallery image version as the source, with its definition.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SourceVersionObserved {
    pub(super) location: Region,
    pub(super) provisioning: Provisioning,
    /// How it stands with the copy in its own region, if Azure says so.
    pub(super) home: Option<RegionReplication>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) definition: facts::Definition,
}

/// What Azure tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Observed {
    pub(super) version: Told<facts::Version>,
    pub(super) definition: Told<facts::Definition>,
    pub(super) virtual_machine: Told<facts::Machine>,
    pub(super) source_version: Told<SourceVersionObserved>,
    pub(super) managed_image: Told<Box<facts::ManagedImage>>,
    pub(super) seal: Told<facts::RunCommand>,
    pub(super) console: Told<facts::Console>,
    /// Each disk and snapshot that isn't told apart by its name.
    pub(super) disk: Told<facts::Disk>,
    /// Disks and snapshots by their names.
    pub(super) disks: BTreeMap<String, facts::Disk>,
    pub(super) gallery: Told<facts::Gallery>,
    pub(super) soft_deleted: Told<BTreeSet<VersionNumber>>,
    pub(super) version_rights: Told<facts::Permissions>,
    pub(super) machine_rights: Told<facts::Permissions>,
    /// On everything.
    pub(super) locks: Told<Vec<facts::Lock>>,
    /// What may be done in the resource group of temporary resources, if that isn't what may be done on the version.
    pub(super) workspace_rights: Told<facts::Permissions>,
    /// The locks on it, if they aren't those on everything.
    pub(super) workspace_locks: Told<Vec<facts::Lock>>,
    /// The version as it was last read by itself, if nothing was left to be done then.
    pub(super) seen: Option<Arc<facts::Version>>,
    pub(super) listed: Told<Arc<facts::Version>>,
    /// The operation of the last attempt at any step.
    pub(super) operation: Told<Operation>,
    /// Why the last attempt at any step failed, as the activity log has it.
    pub(super) activity: Told<Option<StepFailure>>,
    /// The scale sets that name the version.
    pub(super) scale_sets: Told<Vec<facts::ScaleSet>>,
    /// The regions of the gallery's subscription.
    pub(super) regions: Told<BTreeSet<Region>>,
    /// The namespace, of Kubernetes.
    pub(super) namespace: Told<facts::Namespace>,
}

impl<T: Clone> Told<T> {
    fn reading(&self) -> Option<Reading<T>> {
        match self {
            Self::NotYet => None,
            Self::Found(found) => Some(Reading::Found(found.clone())),
            Self::Missing(absent) => Some(Reading::Missing(*absent)),
            Self::Failed(failure) => Some(Reading::Failed(failure.clone())),
        }
    }

    fn map<U>(&self, map: impl FnOnce(&T) -> U) -> Told<U> {
        match self {
            Self::NotYet => Told::NotYet,
            Self::Found(found) => Told::Found(map(found)),
            Self::Missing(absent) => Told::Missing(*absent),
            Self::Failed(failure) => Told::Failed(failure.clone()),
        }
    }
}

pub(super) fn source_id() -> ImageVersionId {
    ImageVersionId::parse(SOURCE_VERSION).unwrap()
}

/// The version of which the object's source says this much.
pub(super) fn as_version(source: &SourceVersionObserved) -> facts::Version {
    let mut version = version(&[]);
    version.location = source.location.clone();
    version.provisioning = source.provisioning.clone();
    version.tags.clone_from(&source.tags);
    let region =
        |state: &RegionReplication| facts::RegionCopy { state: state.clone(), progress: 0, details: String::new() };
    version.replication = source.home.iter().map(|state| (source.location.clone(), region(state))).collect();
    version
}

impl Observed {
    /// Disks and a gallery with which nothing is wrong, and everything allowed.
    pub(super) fn at_ease() -> Self {
        Self {
            disk: Told::Found(disk()),
            managed_image: Told::Found(Box::new(managed_image())),
            gallery: Told::Found(facts::Gallery { soft_delete: false }),
            soft_deleted: Told::Found(BTreeSet::new()),
            version_rights: Told::Found(vec![permission(&["*"])]),
            machine_rights: Told::Found(vec![permission(&["*"])]),
            locks: Told::Found(Vec::new()),
            namespace: Told::Found(facts::Namespace { is_going: false }),
            ..Self::default()
        }
    }

    /// The answer to one read. What isn't told is missing in Azure.
    pub(super) fn tell(&self, read: &Read, into: &mut Facts) {
        assert!(!self.put(read, into), "{read:?} was told already");
    }

    fn put(&self, read: &Read, into: &mut Facts) -> bool {
        fn put<K: Ord + Clone, T: Clone>(told: &Told<T>, id: &K, into: &mut Readings<K, T>) -> bool {
            let was_told = into.get(id).is_some();
            let reading = told.reading().unwrap_or(Reading::Missing(Absent::Resource));
            into.put(id.clone(), reading, Duration::ZERO);
            was_told
        }
        let of_the_source = |id: &ImageVersionId| *id == source_id();
        match read {
            Read::Version(id) if of_the_source(id) => put(&self.source_version.map(as_version), id, &mut into.versions),
            Read::Version(id) => put(&self.version, id, &mut into.versions),
            Read::ListedVersion(id) => put(&self.listed, id, &mut into.listed),
            Read::Definition(id) if id == source_id().definition() => {
                put(&self.source_version.map(|source| source.definition.clone()), id, &mut into.definitions)
            }
            Read::Definition(id) => put(&self.definition, id, &mut into.definitions),
            Read::Machine(id) => put(&self.virtual_machine, id, &mut into.machines),
            Read::RunCommand(id) => put(&self.seal, id, &mut into.run_commands),
            Read::Console(of) => put(&self.console, of, &mut into.consoles),
            Read::ConsoleEnd(id) => put(&Told::NotYet, id, &mut into.console_ends),
            Read::Operation(of) => put(&self.operation, of, &mut into.operations),
            Read::Disk(id) => put(&self.named(id.name()), id, &mut into.disks),
            Read::Snapshot(id) => put(&self.named(id.name()), id, &mut into.snapshots),
            Read::ManagedImage(id) => {
                put(&self.managed_image.map(|image| (**image).clone()), id, &mut into.managed_images)
            }
            Read::Temporary(id) => put(&Told::NotYet, id, &mut into.temporaries),
            Read::Belonging(id) => put(&Told::NotYet, id, &mut into.belongings),
            Read::Gallery(id) => put(&self.gallery, id, &mut into.galleries),
            Read::SoftDeleted(id) => put(&self.soft_deleted, id, &mut into.soft_deleted),
            Read::Permissions(scope) => {
                let of_machine = matches!(scope, Scope::Machine(_));
                let apart = matches!(scope, Scope::Workspace(_)) && self.workspace_rights != Told::NotYet;
                let rights = if of_machine { &self.machine_rights } else { &self.version_rights };
                let rights = if apart { &self.workspace_rights } else { rights };
                put(rights, scope, &mut into.permissions)
            }
            Read::Locks(scope) => {
                let apart = matches!(scope, Scope::Workspace(_)) && self.workspace_locks != Told::NotYet;
                put(if apart { &self.workspace_locks } else { &self.locks }, scope, &mut into.locks)
            }
            Read::Regions(id) => put(&self.regions, id, &mut into.regions),
            Read::Activity(of) => put(&self.activity, of, &mut into.activities),
            Read::ScaleSets(id) if self.scale_sets == Told::NotYet => {
                put(&Told::Found(Vec::new()), id, &mut into.scale_sets)
            }
            Read::ScaleSets(id) => put(&self.scale_sets, id, &mut into.scale_sets),
            Read::Namespace(name) => put(&self.namespace, name, &mut into.namespaces),
        }
    }

    /// The disk or snapshot of this name.
    fn named(&self, name: &str) -> Told<facts::Disk> {
        self.disks.get(name).map_or_else(|| self.disk.clone(), |disk| Told::Found(disk.clone()))
    }

    /// All that is told, as if a pass had read it.
    pub(super) fn facts(&self, validated: &Validated) -> Facts {
        let mut facts = Facts::default();
        facts.at_rest.clone_from(&self.seen);
        let mut tell = |told: bool, read: Read| {
            if told {
                self.put(&read, &mut facts);
            }
        };
        tell(self.version != Told::NotYet, Read::Version(validated.id.clone()));
        tell(self.listed != Told::NotYet, Read::ListedVersion(validated.id.clone()));
        tell(self.definition != Told::NotYet, Read::Definition(validated.id.definition().clone()));
        let definition = validated.id.definition();
        tell(self.gallery != Told::NotYet, Read::Gallery(definition.gallery().clone()));
        tell(self.soft_deleted != Told::NotYet, Read::SoftDeleted(definition.clone()));
        tell(self.version_rights != Told::NotYet, Read::Permissions(Scope::Definition(definition.clone())));
        tell(self.locks != Told::NotYet, Read::Locks(Scope::Definition(definition.clone())));
        tell(self.regions != Told::NotYet, Read::Regions(definition.gallery().subscription().clone()));
        tell(self.scale_sets != Told::NotYet, Read::ScaleSets(validated.id.clone()));
        tell(self.namespace != Told::NotYet, Read::Namespace(validated.owner.namespace.clone()));
        match &validated.source {
            SourceSpec::VirtualMachine { id, seal, .. } => {
                tell(self.machine_rights != Told::NotYet, Read::Permissions(Scope::Machine(id.clone())));
                tell(self.locks != Told::NotYet, Read::Locks(Scope::Machine(id.clone())));
                tell(self.virtual_machine != Told::NotYet, Read::Machine(id.clone()));
                tell(self.seal != Told::NotYet, Read::RunCommand(seal.clone()));
                if let Told::Found(machine) = &self.virtual_machine {
                    let of = context::console_of(validated, id, machine);
                    tell(self.console != Told::NotYet, Read::Console(of));
                    for disk in machine.disks.iter().filter_map(|disk| disk.id.clone()) {
                        tell(self.disk != Told::NotYet, Read::Disk(disk));
                    }
                }
            }
            SourceSpec::ImageVersion { id } => {
                tell(self.source_version != Told::NotYet, Read::Version(id.clone()));
                tell(self.source_version != Told::NotYet, Read::Definition(id.definition().clone()));
            }
            SourceSpec::ManagedImage { id } => {
                tell(self.managed_image != Told::NotYet, Read::ManagedImage(id.clone()));
            }
            SourceSpec::Disks { os_disk, data_disks } => {
                for id in data_disks.values().chain([os_disk]) {
                    tell(self.disk != Told::NotYet, Read::of_disk(id));
                }
            }
        }
        facts
    }
}

/// Azure asks for a pause at a read.
pub(super) fn throttled(read: &Read, into: &mut Facts) {
    if let Read::Temporary(id) = read {
        return into.temporaries.put(id.clone(), Reading::Failed(Failure::Throttled), Duration::ZERO);
    }
    if let Read::Belonging(id) = read {
        return into.belongings.put(id.clone(), Reading::Failed(Failure::Throttled), Duration::ZERO);
    }
    let observed = Observed {
        version: Told::Failed(Failure::Throttled),
        definition: Told::Failed(Failure::Throttled),
        virtual_machine: Told::Failed(Failure::Throttled),
        source_version: Told::Failed(Failure::Throttled),
        managed_image: Told::Failed(Failure::Throttled),
        seal: Told::Failed(Failure::Throttled),
        console: Told::Failed(Failure::Throttled),
        disk: Told::Failed(Failure::Throttled),
        disks: BTreeMap::new(),
        gallery: Told::Failed(Failure::Throttled),
        soft_deleted: Told::Failed(Failure::Throttled),
        version_rights: Told::Failed(Failure::Throttled),
        machine_rights: Told::Failed(Failure::Throttled),
        locks: Told::Failed(Failure::Throttled),
        workspace_rights: Told::NotYet,
        workspace_locks: Told::NotYet,
        listed: Told::Failed(Failure::Throttled),
        operation: Told::Failed(Failure::Throttled),
        regions: Told::Failed(Failure::Throttled),
        activity: Told::Failed(Failure::Throttled),
        scale_sets: Told::Failed(Failure::Throttled),
        namespace: Told::Failed(Failure::Throttled),
        seen: None,
    };
    observed.tell(read, into);
}
