//! What resources of all kinds have in common: tags, children, and a state that writes and deletions go through.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use super::Resources;

/// Which kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum RecordKind {
    Gallery,
    Definition,
    /// Managed disks and snapshots.
    Disk,
    EncryptionSet,
    RestorePointCollection,
    RestorePoint,
    /// Managed images.
    Image,
    /// Virtual networks, subnets, network interfaces.
    Network,
}

/// Where a record is in its life.
pub(crate) struct Progress<'a> {
    pub(crate) location: &'a str,
    pub(crate) state: &'a mut &'static str,
    pub(crate) operation: &'a mut Uuid,
}

macro_rules! progress {
    ($records:expr, $key:expr) => {
        $records.get_mut($key).map(|record| Progress {
            location: &record.location,
            state: &mut record.provisioning_state,
            operation: &mut record.operation,
        })
    };
}

impl Resources {
    /// Where the record is in its life; `None` where there is none.
    pub(crate) fn progress(&mut self, kind: RecordKind, key: &str) -> Option<Progress<'_>> {
        match kind {
            RecordKind::Gallery => progress!(self.galleries, key),
            RecordKind::Definition => progress!(self.definitions, key),
            RecordKind::Disk => progress!(self.disks, key),
            RecordKind::EncryptionSet => progress!(self.encryption_sets, key),
            RecordKind::RestorePointCollection => progress!(self.restore_point_collections, key),
            RecordKind::RestorePoint => progress!(self.restore_points, key),
            RecordKind::Image => progress!(self.images, key),
            RecordKind::Network => progress!(self.network, key),
        }
    }

    /// The subscription's id in its own case.
    pub(crate) fn subscription_of(&self, key: &str) -> String {
        let id = key.split('/').nth(2).unwrap_or_default();
        self.subscriptions.get(id).map_or(id, |subscription| subscription.id.as_str()).to_owned()
    }

    /// Tags of a resource; `None` where there is none.
    pub(crate) fn tags_of(&mut self, key: &str) -> Option<&mut BTreeMap<String, String>> {
        let Resources {
            machines,
            galleries,
            definitions,
            versions,
            disks,
            encryption_sets,
            restore_point_collections,
            images,
            network,
            ..
        } = self;
        machines
            .get_mut(key)
            .map(|machine| &mut machine.tags)
            .or_else(|| galleries.get_mut(key).map(|gallery| &mut gallery.tags))
            .or_else(|| definitions.get_mut(key).map(|definition| &mut definition.tags))
            .or_else(|| versions.get_mut(key).map(|version| &mut version.tags))
            .or_else(|| disks.get_mut(key).map(|disk| &mut disk.tags))
            .or_else(|| encryption_sets.get_mut(key).map(|set| &mut set.tags))
            .or_else(|| restore_point_collections.get_mut(key).map(|collection| &mut collection.tags))
            .or_else(|| images.get_mut(key).map(|image| &mut image.tags))
            .or_else(|| network.get_mut(key).map(|resource| &mut resource.tags))
    }

    /// Is there something of this key that others lie below?
    pub(crate) fn is_parent(&self, key: &str) -> bool {
        self.machines.contains_key(key)
            || self.galleries.contains_key(key)
            || self.definitions.contains_key(key)
            || self.restore_point_collections.contains_key(key)
            || self.restore_points.contains_key(key)
            || self.network.contains_key(key)
    }
}
