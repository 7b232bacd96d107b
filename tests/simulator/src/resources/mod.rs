//! Everything that exists, and what is going to happen, but nothing of what Azure does with it.

pub(crate) mod activity;
pub(crate) mod disk;
pub(crate) mod event;
pub(crate) mod exposure;
pub(crate) mod gallery;
pub(crate) mod governance;
pub(crate) mod image;
pub(crate) mod image_users;
pub(crate) mod machine;
pub(crate) mod network;
pub(crate) mod operation;
pub(crate) mod record;
pub(crate) mod restore_point;
pub(crate) mod roles;
pub(crate) mod run_command;
pub(crate) mod version;

use std::collections::{BTreeMap, VecDeque};

use base64::Engine as _;
use jiff::Timestamp;
use rand::{Rng, RngCore, SeedableRng, rngs::StdRng};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use self::{
    activity::ActivityLog,
    disk::{Disk, DiskEncryptionSet},
    event::Event,
    exposure::Exposure,
    gallery::{Definition, Gallery},
    governance::Governance,
    image::ManagedImage,
    image_users::{History, Row},
    machine::VirtualMachine,
    network::NetworkResource,
    operation::Operation,
    restore_point::{RestorePoint, RestorePointCollection},
    roles::Roles,
    run_command::RunCommand,
    version::{ImageVersion, SoftDeleted},
};
use crate::{
    clock::later,
    durations::Durations,
    faults::domain::DomainFaults,
    guest::process::Process,
    scenario::{SoldOut, Unknowns},
};

/// A subscription.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Subscription {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// A resource group.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) location: String,
    pub(crate) tags: Value,
}

/// All resources, by id in lower case.
pub(crate) struct Resources {
    pub(crate) now: Timestamp,
    pub(crate) random: StdRng,
    pub(crate) durations: Durations,
    pub(crate) page_size: usize,
    pub(crate) subscriptions: BTreeMap<String, Subscription>,
    pub(crate) groups: BTreeMap<String, Group>,
    pub(crate) machines: BTreeMap<String, VirtualMachine>,
    pub(crate) run_commands: BTreeMap<String, RunCommand>,
    pub(crate) galleries: BTreeMap<String, Gallery>,
    pub(crate) definitions: BTreeMap<String, Definition>,
    pub(crate) versions: BTreeMap<String, ImageVersion>,
    /// Managed disks and snapshots.
    pub(crate) disks: BTreeMap<String, Disk>,
    pub(crate) encryption_sets: BTreeMap<String, DiskEncryptionSet>,
    pub(crate) restore_point_collections: BTreeMap<String, RestorePointCollection>,
    pub(crate) restore_points: BTreeMap<String, RestorePoint>,
    /// Managed images.
    pub(crate) images: BTreeMap<String, ManagedImage>,
    /// Virtual networks, subnets, network interfaces, public addresses.
    pub(crate) network: BTreeMap<String, NetworkResource>,
    /// Sizes that cannot be had.
    pub(crate) shortages: Vec<SoldOut>,
    /// Cores, by subscription and region.
    pub(crate) core_quotas: BTreeMap<(String, String), u32>,
    /// Disks, by subscription and region.
    pub(crate) disk_quotas: BTreeMap<(String, String), usize>,
    /// Snapshots, by subscription and region.
    pub(crate) snapshot_quotas: BTreeMap<(String, String), usize>,
    /// Image versions, by subscription and region, where it isn't Azure's usual number.
    pub(crate) version_quotas: BTreeMap<(String, String), usize>,
    pub(crate) operations: BTreeMap<Uuid, Operation>,
    /// Ended operations in the order of their end; the oldest are forgotten.
    pub(crate) ended: VecDeque<Uuid>,
    /// When children were deleted, by their id.
    pub(crate) deleted: BTreeMap<String, Timestamp>,
    pub(crate) roles: Roles,
    pub(crate) governance: Governance,
    pub(crate) faults: DomainFaults,
    pub(crate) activity: ActivityLog,
    /// Deleted versions that can be restored.
    pub(crate) soft_deleted: BTreeMap<String, SoftDeleted>,
    pub(crate) graph: History,
    /// Scale sets, which only scenarios bring in, as far as the graph shows them.
    pub(crate) scale_sets: BTreeMap<String, Row>,
    /// The part of signed operation addresses that stays the same.
    pub(crate) certificate: String,
    pub(crate) seed: u64,
    pub(crate) unknowns: Unknowns,
    /// Machines that ran with an open network, the first one first.
    pub(crate) exposures: Vec<Exposure>,
    /// Programs that run in guests.
    pub(crate) processes: BTreeMap<u64, Process>,
    pub(crate) process_count: u64,
    /// Tells the runs of run commands apart, whatever their names.
    pub(crate) run_count: u64,
    /// When requests created resources, by their id.
    born: BTreeMap<String, Timestamp>,
    begun: Timestamp,
    events: BTreeMap<(Timestamp, u64), Event>,
    event_count: u64,
}

/// How many ended operations stay readable.
const ENDED_OPERATIONS: usize = 5000;

impl Resources {
    pub(crate) fn new(seed: u64, now: Timestamp) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let certificate = random_text(&mut random, 2280);
        Self {
            now,
            random,
            durations: Durations::default(),
            page_size: 100,
            subscriptions: BTreeMap::new(),
            groups: BTreeMap::new(),
            machines: BTreeMap::new(),
            run_commands: BTreeMap::new(),
            galleries: BTreeMap::new(),
            definitions: BTreeMap::new(),
            versions: BTreeMap::new(),
            disks: BTreeMap::new(),
            encryption_sets: BTreeMap::new(),
            restore_point_collections: BTreeMap::new(),
            restore_points: BTreeMap::new(),
            images: BTreeMap::new(),
            network: BTreeMap::new(),
            shortages: Vec::new(),
            core_quotas: BTreeMap::new(),
            disk_quotas: BTreeMap::new(),
            snapshot_quotas: BTreeMap::new(),
            version_quotas: BTreeMap::new(),
            operations: BTreeMap::new(),
            ended: VecDeque::new(),
            deleted: BTreeMap::new(),
            roles: Roles::default(),
            governance: Governance::default(),
            faults: DomainFaults::default(),
            activity: ActivityLog::default(),
            soft_deleted: BTreeMap::new(),
            graph: History::default(),
            scale_sets: BTreeMap::new(),
            certificate,
            seed,
            unknowns: Unknowns::default(),
            exposures: Vec::new(),
            processes: BTreeMap::new(),
            process_count: 0,
            run_count: 0,
            born: BTreeMap::new(),
            begun: now,
            events: BTreeMap::new(),
            event_count: 0,
        }
    }

    /// The next event that is due until `now`, whose time it is then.
    pub(crate) fn due(&mut self, now: Timestamp) -> Option<Event> {
        let entry = self.events.first_entry().filter(|entry| entry.key().0 <= now)?;
        let ((at, _), event) = entry.remove_entry();
        self.now = self.now.max(at);
        Some(event)
    }

    pub(crate) fn next_event(&self) -> Option<Timestamp> {
        self.events.first_key_value().map(|((at, _), _)| *at)
    }

    /// Plans `event` for `seconds` of simulated time from now.
    pub(crate) fn plan(&mut self, seconds: f64, event: Event) {
        self.event_count += 1;
        self.events.insert((later(self.now, seconds), self.event_count), event);
    }

    /// A request has created something.
    pub(crate) fn was_created(&mut self, key: &str) {
        self.born.insert(key.to_owned(), self.now);
    }

    /// When simulated time began.
    pub(crate) fn begun(&self) -> Timestamp {
        self.begun
    }

    /// When a resource was created; what nobody asked for in a request of its own was there from the start.
    pub(crate) fn created_at(&self, key: &str) -> Timestamp {
        let disk = || self.disks.get(key).map(|disk| disk.created);
        self.born.get(key).copied().or_else(disk).unwrap_or(self.begun)
    }

    pub(crate) fn guid(&mut self) -> Uuid {
        let mut bytes = [0; 16];
        self.random.fill_bytes(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// URL-safe random text of `length` characters.
    pub(crate) fn text(&mut self, length: usize) -> String {
        random_text(&mut self.random, length)
    }

    pub(crate) fn remember_ended(&mut self, operation: Uuid) {
        self.ended.push_back(operation);
        if self.ended.len() > ENDED_OPERATIONS
            && let Some(oldest) = self.ended.pop_front()
        {
            self.operations.remove(&oldest);
        }
    }
}

fn random_text(random: &mut impl Rng, length: usize) -> String {
    let mut bytes = vec![0; length];
    random.fill_bytes(&mut bytes);
    let mut text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    text.truncate(length);
    text
}
