//! Who uses images, and since when: what the resource graph tells of.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde_json::Value;

use super::Resources;
use crate::{arm::address::Address, clock::later};

/// Types that can use an image version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    VirtualMachine,
    ScaleSet,
    Disk,
}

impl Kind {
    /// In lower case, as the graph shows types.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::VirtualMachine => "microsoft.compute/virtualmachines",
            Self::ScaleSet => "microsoft.compute/virtualmachinescalesets",
            Self::Disk => "microsoft.compute/disks",
        }
    }

    pub(crate) fn read_action(self) -> &'static str {
        match self {
            Self::VirtualMachine => "Microsoft.Compute/virtualMachines/read",
            Self::ScaleSet => "Microsoft.Compute/virtualMachineScaleSets/read",
            Self::Disk => "Microsoft.Compute/disks/read",
        }
    }
}

/// A resource and the image it was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) kind: Kind,
    pub(crate) id: String,
    pub(crate) location: String,
    pub(crate) subscription: String,
    /// In lower case.
    pub(crate) image: String,
    /// The version that `latest` meant; empty where the version was named.
    pub(crate) exact: String,
}

impl Row {
    /// `None` where there is no image of a gallery.
    pub(crate) fn new(kind: Kind, id: &str, location: &str, reference: &Value) -> Option<Self> {
        let image = reference["id"].as_str()?.to_lowercase();
        Some(Self {
            kind,
            id: id.to_owned(),
            location: location.to_owned(),
            subscription: Address::parse(id)?.subscription,
            image,
            exact: reference["exactVersion"].as_str().unwrap_or_default().to_owned(),
        })
    }
}

/// What there was, each time something changed, as far back as somebody may still see it.
#[derive(Debug, Default)]
pub(crate) struct History {
    states: VecDeque<(Timestamp, Vec<Row>)>,
}

impl History {
    /// The rows as the graph shows them: `lag` seconds late.
    pub(crate) fn seen(&self, now: Timestamp, lag: f64) -> &[Row] {
        let known = self.states.iter().rev().find(|(since, _)| later(*since, lag) <= now);
        known.map_or(&[], |(_, rows)| rows)
    }

    fn add(&mut self, rows: Vec<Row>, now: Timestamp, lag: f64) {
        if self.states.back().is_some_and(|(_, last)| *last == rows) {
            return;
        }
        while self.states.get(1).is_some_and(|(since, _)| later(*since, lag) <= now) {
            self.states.pop_front();
        }
        self.states.push_back((now, rows));
    }
}

impl Resources {
    /// Remembers who uses images now.
    pub(crate) fn graph_changes(&mut self) {
        let rows = self.image_users();
        self.graph.add(rows, self.now, self.durations.resource_graph_lag);
    }

    /// What a scenario brings in is in the graph from the beginning.
    pub(crate) fn graph_begins(&mut self) {
        let rows = self.image_users();
        self.graph.states = VecDeque::from([(Timestamp::MIN, rows)]);
    }

    fn image_users(&self) -> Vec<Row> {
        let machines = self.machines.values().filter_map(|machine| {
            let reference = &machine.properties["storageProfile"]["imageReference"];
            Row::new(Kind::VirtualMachine, &machine.id, &machine.location, reference)
        });
        let disks = self.disks.values().filter(|disk| !disk.is_snapshot()).filter_map(|disk| {
            Row::new(Kind::Disk, &disk.id, &disk.location, &disk.properties["creationData"]["galleryImageReference"])
        });
        machines.chain(self.scale_sets.values().cloned()).chain(disks).collect()
    }
}
