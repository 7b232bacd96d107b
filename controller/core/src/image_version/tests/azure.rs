//! A small model of Azure: what a step makes of what is there, and what time makes of it.

use std::collections::BTreeMap;

use azimage_crds::{OWNER_TAG, SEAL_TAG, STEP_TAG};
use jiff::{SignedDuration, Timestamp};
use serde_json::Map;

use super::{super::*, fixtures::*, told::*, twins::Twins};
use crate::{
    belonging::BelongingId,
    guest,
    temporary::{DiskPlace, Part, TemporaryId},
};

/// What there is.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact by itself")]
pub(super) struct Azure {
    pub(super) machine: facts::Machine,
    pub(super) seal: Option<facts::RunCommand>,
    pub(super) console: facts::Console,
    pub(super) now: Timestamp,
    /// When the unit that seals the guest begins.
    unit: Option<Timestamp>,
    /// After how many moments the log shows what the guest said.
    said: u32,
    pub(super) version: Option<facts::Version>,
    /// How often each irreversible thing was done.
    pub(super) generalized: u32,
    pub(super) created: u32,
    /// Why it refuses a write of the version, if it does.
    pub(super) refuses: Option<fn(&VersionRequest) -> Option<String>>,
    /// How often it has.
    pub(super) refused: u32,
    /// What a policy sets at each write.
    pub(super) policy: Option<(&'static str, &'static str)>,
    /// How often the version was written.
    pub(super) puts: u32,
    /// The machine that is cloned, if one is: then `machine` is its copy, once that is made.
    pub(super) origin: Option<facts::Machine>,
    /// Whether the copy is there.
    pub(super) copied: bool,
    /// What the copy is made of.
    pub(super) parts: BTreeMap<TemporaryId, facts::Temporary>,
    /// Whether the agent of a copy never reports.
    pub(super) silent: bool,
    /// How many snapshots were made.
    pub(super) snapshots: u32,
    /// The image definition is gone.
    pub(super) no_definition: bool,
    /// The locks on everything.
    pub(super) locks: Vec<facts::Lock>,
    /// Whether it accepts deletions of what is temporary and they fail later, and then whether anybody is told why.
    pub(super) failing_deletions: Option<bool>,
    /// The disks that were made.
    pub(super) disks_made: Vec<TemporaryId>,
    /// How many restore points are still to fail, of those that are made.
    pub(super) failing_restore_points: u32,
    /// How many restore points were asked for.
    pub(super) restore_points: u32,
    /// Sizes of which there is no machine to be had, by its answer to the request, or later.
    pub(super) sold_out: (Vec<&'static str>, Vec<&'static str>),
    /// The sizes that were asked for.
    pub(super) sizes: Vec<String>,
    /// A part of the copy that it fails to make, by the step that makes it, and with which code.
    pub(super) failing_part: Option<(StepName, &'static str)>,
    /// What it tells of each disk of the machine, where that isn't what is usual.
    pub(super) odd_disk: Option<facts::Disk>,
    /// The machine that the object names was deleted.
    pub(super) is_gone: bool,
    /// What belongs to it.
    pub(super) belongings: BTreeMap<BelongingId, facts::Belonging>,
    /// What Azure deletes with the machine by itself.
    pub(super) goes_with_it: Vec<BelongingId>,
    /// Whether it answers 404 to reads of what belongs to the machine, and of what is temporary, whatever is there.
    pub(super) lies: bool,
    /// Regions that fail so many times before they copy.
    pub(super) failing: BTreeMap<String, u32>,
    /// The machines that prove the version, and what is run in them.
    pub(super) twins: Twins,
}

impl Azure {
    pub(super) fn new(machine: facts::Machine) -> Self {
        let marked = machine.tags.contains_key(STEP_TAG);
        Self {
            machine,
            seal: None,
            console: if marked { facts::Console::Sealed } else { facts::Console::NoMark },
            now: now(),
            unit: None,
            said: 0,
            version: None,
            generalized: 0,
            created: 0,
            refuses: None,
            refused: 0,
            policy: None,
            puts: 0,
            origin: None,
            copied: false,
            parts: BTreeMap::new(),
            silent: false,
            snapshots: 0,
            no_definition: false,
            locks: Vec::new(),
            failing_deletions: None,
            disks_made: Vec::new(),
            failing_restore_points: 0,
            restore_points: 0,
            sold_out: (Vec::new(), Vec::new()),
            sizes: Vec::new(),
            failing_part: None,
            odd_disk: None,
            is_gone: false,
            belongings: BTreeMap::new(),
            goes_with_it: Vec::new(),
            lies: false,
            failing: BTreeMap::new(),
            twins: Twins::default(),
        }
    }

    /// One in which a machine is cloned.
    pub(super) fn cloning(machine: facts::Machine) -> Self {
        Self { origin: Some(machine.clone()), ..Self::new(machine) }
    }

    pub(super) fn read(&self, read: &Read, facts: &mut Facts) {
        let missing = || Reading::Missing(Absent::Resource);
        if self.twins.read(read, self.now, facts) {
            return;
        }
        match (read, &self.origin) {
            (Read::Machine(id), Some(_)) if *id == machine_id() && self.is_gone => {
                return facts.machines.put(id.clone(), missing(), std::time::Duration::ZERO);
            }
            (Read::Machine(id), Some(origin)) if *id == machine_id() => {
                return facts.machines.put(id.clone(), Reading::Found(origin.clone()), std::time::Duration::ZERO);
            }
            (Read::Machine(id), Some(_)) if !self.copied => {
                return facts.machines.put(id.clone(), missing(), std::time::Duration::ZERO);
            }
            (Read::Machine(id), None) if self.is_gone => {
                return facts.machines.put(id.clone(), missing(), std::time::Duration::ZERO);
            }
            (Read::Belonging(id), _) => {
                let found = self.belongings.get(id).filter(|_| !self.lies).cloned();
                let found = found.map_or(Reading::Missing(Absent::Resource), Reading::Found);
                return facts.belongings.put(id.clone(), found, std::time::Duration::ZERO);
            }
            (Read::Temporary(id), _) => {
                let found = self.parts.get(id).filter(|_| !self.lies).cloned();
                let found = found.map_or(Reading::Missing(Absent::Resource), Reading::Found);
                return facts.temporaries.put(id.clone(), found, std::time::Duration::ZERO);
            }
            (Read::Operation(of), _) if of.step.name == StepName::CreateRestorePoint => {
                let points = self.parts.values().flat_map(|part| &part.restore_points);
                let failed = points.into_iter().any(|point| point.provisioning == Provisioning::Failed);
                let operation =
                    if failed { Operation::failed("InternalError", "retry later") } else { Operation::UnderWay };
                return facts.operations.put(of.clone(), Reading::Found(operation), std::time::Duration::ZERO);
            }
            (Read::Operation(of), _) if self.failing_part.is_some_and(|(step, _)| step == of.step.name) => {
                let code = self.failing_part.map_or("", |(_, code)| code);
                let failed = Reading::Found(Operation::failed(code, "as Azure says"));
                return facts.operations.put(of.clone(), failed, std::time::Duration::ZERO);
            }
            (Read::Operation(of), _) if of.step.name == StepName::DeleteTemporary => {
                let is_told = self.failing_deletions == Some(true);
                let operation =
                    if is_told { Operation::failed("ScopeLocked", "locked below") } else { Operation::UnderWay };
                return facts.operations.put(of.clone(), Reading::Found(operation), std::time::Duration::ZERO);
            }
            (Read::Operation(of), _) if of.step.name == StepName::CreateMachine => {
                let failed = self.machine.provisioning == Provisioning::Failed;
                let operation =
                    if failed { Operation::failed("AllocationFailed", "no room") } else { Operation::UnderWay };
                return facts.operations.put(of.clone(), Reading::Found(operation), std::time::Duration::ZERO);
            }
            _ => {}
        }
        if let Read::Console(_) = read {
            assert_ne!(self.machine.boot_diagnostics, BootDiagnostics::Off, "nothing is recorded");
        }
        let mut machine = self.machine.clone();
        if self.origin.is_some() {
            machine.read_at = Some(self.now);
        }
        let tells = Observed {
            version: self.version.clone().map_or(Told::NotYet, Told::Found),
            definition: if self.no_definition {
                Told::Missing(Absent::Resource)
            } else {
                Told::Found(facts::Definition { os_type: machine.os_type.clone(), ..definition() })
            },
            locks: Told::Found(self.locks.clone()),
            virtual_machine: Told::Found(machine),
            source_version: Told::Found(source_version()),
            seal: self.seal.clone().map_or(Told::NotYet, Told::Found),
            console: Told::Found(self.console.clone()),
            disk: Told::Found(self.odd_disk.clone().unwrap_or_else(disk)),
            ..Observed::at_ease()
        };
        tells.tell(read, facts);
    }

    /// Why it refuses a step, if it does.
    pub(super) fn refusal(&mut self, step: &Step) -> Option<String> {
        if let Request::PutMachine(request) = &step.request {
            let sold_out = self.sold_out.0.contains(&request.size.as_str());
            self.sizes.extend(sold_out.then(|| request.size.clone()));
            return sold_out.then(|| "SkuNotAvailable".to_owned());
        }
        let Request::PutVersion(request) = &step.request else { return None };
        let why = self.refuses.and_then(|refuses| refuses(request));
        self.refused += u32::from(why.is_some());
        why
    }

    /// Carries a step out as Azure would, and panics where Azure would refuse.
    pub(super) fn carry_out(&mut self, step: &Step) {
        match &step.request {
            Request::PatchMachine(request) => {
                assert_eq!(Some(&request.etag), self.machine.etag.as_ref(), "the machine was changed meanwhile");
                self.machine.tags.clone_from(&request.tags);
                if request.switch_boot_diagnostics_on {
                    self.machine.boot_diagnostics = BootDiagnostics::Managed;
                }
                self.touch();
            }
            Request::PutRunCommand(request) if self.twins.runs(request) => {}
            Request::PutRunCommand(request) => {
                let RunCommandRequest { tags, script, .. } = &**request;
                assert_eq!(self.machine.power, Power::Running, "nothing runs in a guest that is off");
                assert_eq!(tags.get(SEAL_TAG), self.machine.tags.get(SEAL_TAG), "the guest says another word");
                assert!(script.is_empty() || script.contains(&tags[SEAL_TAG]), "{script}");
                self.seal = Some(facts::RunCommand { started: Some(self.now), ..seal(Execution::Running) });
                self.name_the_attempt();
                self.console = facts::Console::NoMark;
            }
            Request::DeleteRunCommand(_) => {
                assert!(self.machine.agent_ready, "nobody is there to remove it");
                self.seal = None;
            }
            Request::PutSnapshot(request) => {
                let machine = self.origin.as_ref().unwrap_or(&self.machine);
                assert!(machine.disks.iter().any(|disk| disk.id.as_ref() == Some(&request.source)));
                assert!(self.seal.is_none() || self.origin.is_some(), "the guest is being changed already");
                self.snapshots += 1;
                self.part(TemporaryId::Snapshot(request.id.clone()), &request.tags, facts::Network::None);
            }
            Request::PutRestorePoints(request) => {
                assert_eq!(request.source, machine_id());
                self.part(TemporaryId::RestorePoints(request.id.clone()), &request.tags, facts::Network::None);
            }
            Request::PutRestorePoint(id) => self.restore_point(id),
            Request::PutDisk(request) => {
                match &request.source {
                    DiskOrigin::Snapshot(id) => {
                        assert!(self.is_there(&TemporaryId::Snapshot(id.clone())), "a disk needs its snapshot");
                    }
                    DiskOrigin::RestorePoint(id) => {
                        let mut points = self.parts.values().flat_map(|part| &part.restore_points);
                        let has_it = |point: &facts::RestorePoint| point.disks.values().any(|disk| disk == id);
                        assert!(points.any(|point| point.provisioning == Provisioning::Succeeded && has_it(point)));
                    }
                }
                self.disks_made.push(TemporaryId::Disk(request.id.clone()));
                self.part(TemporaryId::Disk(request.id.clone()), &request.tags, facts::Network::None);
            }
            Request::PutSecurityGroup(request) => {
                let rules = facts::Network::Rules(request.rules.clone());
                self.part(TemporaryId::SecurityGroup(request.id.clone()), &request.tags, rules);
            }
            Request::PutInterface(request) => {
                assert!(self.is_there(&TemporaryId::SecurityGroup(request.security_group.clone())));
                let security_group = Some(request.security_group.to_string());
                let network = facts::Network::Interface { security_group, is_public: false };
                self.part(TemporaryId::Interface(request.id.clone()), &request.tags, network);
            }
            Request::PutMachine(request) => self.make(request),
            Request::DeleteTemporary(_) if self.failing_deletions.is_some() => {}
            Request::DeleteTemporary(id) => self.delete(id),
            Request::DeleteBelonging(request) => self.delete_belonging(&request.id),
            Request::Deallocate(_) => {
                assert!(!self.machine.generalized);
                self.machine.power = Power::Deallocating;
                self.touch();
            }
            Request::Generalize(_) => {
                assert_eq!(self.machine.power, Power::Deallocated, "only a machine that is off can be generalized");
                self.machine.generalized = true;
                self.generalized += 1;
                self.touch();
            }
            Request::PutVersion(request) => self.put(request),
            Request::DeleteVersion(_) => {
                let version = self.version.as_mut().expect("what isn't there can't be deleted");
                version.provisioning = Provisioning::Deleting;
            }
        }
    }

    /// A part is being made, or is as it was.
    fn part(&mut self, id: TemporaryId, tags: &BTreeMap<String, String>, network: facts::Network) {
        let step = id.part("u-1").map(StepName::that_makes);
        let fails = self.failing_part.is_some_and(|(failing, _)| step == Some(failing));
        let provisioning = match self.parts.contains_key(&id) {
            _ if fails => Provisioning::Failed,
            true => Provisioning::Succeeded,
            false => Provisioning::Creating,
        };
        let part = facts::Temporary {
            location: region(HOME),
            tags: tags.clone(),
            provisioning,
            network,
            restore_points: Vec::new(),
        };
        self.parts.insert(id, part);
    }

    /// All disks of the machine as they are now.
    fn restore_point(&mut self, id: &azimage_names::RestorePointId) {
        let machine = self.origin.as_ref().expect("it is cloned");
        let disks = machine.disks.iter().map(|disk| {
            let place = disk.lun.map_or(DiskPlace::System, DiskPlace::Data);
            (place, azimage_names::DiskRestorePointId::new(id.clone(), &format!("{place}_1")).unwrap())
        });
        let disks = disks.collect();
        let collection = self.parts.get_mut(&TemporaryId::RestorePoints(id.parent().clone()));
        let points = &mut collection.expect("it lies in a collection").restore_points;
        assert!(points.iter().all(|point| point.name != id.name()), "a restore point can't be changed");
        self.restore_points += 1;
        points.push(facts::RestorePoint { name: id.name().to_owned(), provisioning: Provisioning::Creating, disks });
    }

    fn is_there(&self, id: &TemporaryId) -> bool {
        self.parts.get(id).is_some_and(|part| part.provisioning == Provisioning::Succeeded)
    }

    fn make(&mut self, request: &NewMachineRequest) {
        let NewMachineRequest { interface, security_group, .. } = request;
        let of = |id: TemporaryId| self.parts.get(&id).expect("it is made of it").network.clone();
        assert!(
            of(TemporaryId::SecurityGroup(security_group.clone())).is_closed(),
            "the copy must not run in a network"
        );
        assert!(of(TemporaryId::Interface(interface.clone())).is_behind(&security_group.to_string()));
        self.sizes.push(request.size.clone());
        let (os_disk, data_disks) = match &request.made_from {
            MadeFrom::Disks { os_disk, data_disks } => (os_disk, data_disks),
            MadeFrom::Version(from) => {
                let version = self.version.as_ref().expect("it is made from it");
                assert!((&from.id, from.data_disks == version.data_disks) == (&version_id(), true), "{from:?}");
                assert_eq!(version.home(), Some(&RegionReplication::Completed));
                let fails = self.sold_out.1.contains(&request.size.as_str());
                return self.twins.make(request, fails);
            }
        };
        assert!(!self.copied, "there is one already");
        for disk in data_disks.values().chain([os_disk]) {
            assert!(self.is_there(&TemporaryId::Disk(disk.clone())), "{disk}");
        }
        self.copied = true;
        let fails = self.sold_out.1.contains(&request.size.as_str());
        self.machine = facts::Machine {
            uid: "copy".to_owned(),
            tags: request.tags.clone(),
            size: Some(request.size.clone()),
            provisioning: if fails { Provisioning::Failed } else { Provisioning::Creating },
            power: Power::Starting,
            agent_ready: false,
            generalized: false,
            changed_at: Some(self.now),
            ..self.machine.clone()
        };
    }

    fn delete(&mut self, id: &TemporaryId) {
        let part = id.part("u-1").expect("it is one of ours");
        if let Part::ValidationMachine(twin) = part {
            self.twins.delete(id);
            let interface = Part::ValidationInterface(twin);
            return self.parts.retain(|id, _| id.part("u-1") != Some(interface));
        }
        if part.is_of_a_validation() {
            assert!(self.twins.machines.is_empty() || part != Part::ValidationSecurityGroup, "{id} is in use");
            let part = self.parts.get_mut(id).expect("what isn't there can't be deleted");
            part.provisioning = Provisioning::Deleting;
            return;
        }
        if let TemporaryId::Machine(_) = id {
            assert!(self.copied, "what isn't there can't be deleted");
            (self.copied, self.seal, self.console) = (false, None, facts::Console::NoMark);
            self.unit = None;
            let with_it = |part: Option<Part>| matches!(part, Some(Part::Interface | Part::Disk(_)));
            self.parts.retain(|id, _| !with_it(id.part("u-1")));
            return;
        }
        let is_in_use = self.copied && !matches!(id, TemporaryId::Snapshot(_) | TemporaryId::RestorePoints(_));
        assert!(!is_in_use, "{id} is in use");
        self.parts.get_mut(id).expect("what isn't there can't be deleted").provisioning = Provisioning::Deleting;
    }

    /// What something uses isn't deleted, and the machine goes at once.
    fn delete_belonging(&mut self, id: &BelongingId) {
        let home = self.version.as_ref().and_then(|version| version.replication.get(&region(HOME)));
        assert!(home.is_some_and(|home| home.state == RegionReplication::Completed), "{id} may be needed");
        if let BelongingId::Machine(machine) = id {
            assert!(!self.is_gone, "what isn't there can't be deleted");
            self.is_gone = true;
            self.belongings.retain(|id, _| !self.goes_with_it.contains(id));
            for belonging in self.belongings.values_mut() {
                belonging.used_by.retain(|user| *user != machine.to_string());
            }
            return;
        }
        let belonging = self.belongings.get(id).expect("what isn't there can't be deleted");
        assert_eq!(belonging.used_by, Vec::<String>::new(), "{id} is in use");
        self.belongings.remove(id);
        let is_on_it = |user: &String| user.starts_with(&id.to_string());
        for belonging in self.belongings.values_mut() {
            belonging.used_by.retain(|user| !is_on_it(user));
        }
    }

    fn name_the_attempt(&mut self) {
        if let Some(seal) = &mut self.seal {
            seal.nonce = self.machine.tags.get(SEAL_TAG).cloned();
        }
    }

    fn touch(&mut self) {
        let etag: u32 = self.machine.etag.as_ref().unwrap().parse().unwrap();
        self.machine.etag = Some((etag + 1).to_string());
    }

    fn put(&mut self, request: &VersionRequest) {
        let before = self.version.take();
        self.created += u32::from(before.is_none());
        self.puts += 1;
        let mut version = as_answered(request, true);
        version.tags.extend(self.policy.map(|(name, value)| (name.to_owned(), value.to_owned())));
        if let Some(before) = &before {
            version.source = version.source.or_else(|| before.source.clone());
            version.data_sources.extend(before.data_sources.clone());
        }
        version.provisioning = if before.is_some() { Provisioning::Updating } else { Provisioning::Creating };
        for target in &request.targets {
            let done = before
                .as_ref()
                .and_then(|before| before.replication.get(&target.region))
                .filter(|says| says.state == RegionReplication::Completed);
            let says = done.cloned().unwrap_or(facts::RegionCopy {
                state: RegionReplication::Replicating,
                progress: 0,
                details: String::new(),
            });
            version.replication.insert(target.region.clone(), says);
        }
        self.version = Some(version);
    }

    /// Time goes on: everything that is under way gets one stage further.
    pub(super) fn tick(&mut self) {
        self.twins.tick(self.now);
        self.parts.retain(|_, part| part.provisioning != Provisioning::Deleting);
        for part in self.parts.values_mut() {
            if part.provisioning != Provisioning::Failed {
                part.provisioning = Provisioning::Succeeded;
            }
            for point in part.restore_points.iter_mut().filter(|point| point.provisioning == Provisioning::Creating) {
                let fails = self.failing_restore_points > 0;
                self.failing_restore_points = self.failing_restore_points.saturating_sub(1);
                point.provisioning = if fails { Provisioning::Failed } else { Provisioning::Succeeded };
            }
        }
        if self.copied && self.machine.provisioning == Provisioning::Creating {
            self.machine.provisioning = Provisioning::Succeeded;
            self.machine.agent_ready = !self.silent;
        }
        match self.machine.power {
            Power::Starting => self.machine.power = Power::Running,
            Power::Stopping => self.machine.power = Power::Stopped,
            Power::Deallocating => self.machine.power = Power::Deallocated,
            _ => {}
        }
        if self.said > 0 {
            self.said -= 1;
            if self.said == 0 {
                self.console = facts::Console::Sealed;
            }
        }
        if self.seal.as_ref().is_some_and(|seal| seal.execution == Execution::Running) {
            let ended = Some(self.now);
            self.seal = Some(facts::RunCommand { started: ended, ended, ..seal(Execution::Succeeded) });
            self.name_the_attempt();
            let delay = SignedDuration::try_from(guest::DELAY).unwrap();
            // A seal that is under way already goes on.
            self.unit.get_or_insert(self.now.checked_add(delay).unwrap());
        } else if self.unit.is_some_and(|begins| begins <= self.now) && self.machine.power == Power::Running {
            self.unit = None;
            self.machine.power = Power::Stopping;
            self.machine.agent_ready = false;
            // It shows when the machine is off already.
            self.said = 3;
        }
        if self.version.as_ref().is_some_and(|version| version.provisioning == Provisioning::Deleting) {
            self.version = None;
        }
        let Some(version) = &mut self.version else { return };
        if version.provisioning == Provisioning::Succeeded || version.provisioning == Provisioning::Failed {
            return;
        }
        let Some((at, says)) =
            version.replication.iter_mut().find(|(_, says)| says.state == RegionReplication::Replicating)
        else {
            let failed = version.replication.values().any(|says| says.state == RegionReplication::Failed);
            version.provisioning = if failed { Provisioning::Failed } else { Provisioning::Succeeded };
            return;
        };
        match self.failing.get_mut(at.as_str()).filter(|times| **times > 0) {
            Some(times) => {
                *times -= 1;
                says.state = RegionReplication::Failed;
                says.details = "Failed with internal server error".into();
            }
            None if says.progress < 50 => says.progress += 50,
            None => {
                *says = facts::RegionCopy { state: RegionReplication::Completed, progress: 100, details: String::new() }
            }
        }
    }

    pub(super) fn owner(&self) -> Option<&str> {
        self.machine.tags.get(OWNER_TAG).map(String::as_str)
    }
}

/// The version as Azure answers after a request: regions in its own order, defaults filled in or left out.
pub(super) fn as_answered(request: &VersionRequest, fill: bool) -> facts::Version {
    let targets = request
        .targets
        .iter()
        .map(|target| facts::TargetRegion {
            // Azure answers with the display name, which is read into the same region.
            region: region(&target.region.as_str().to_ascii_uppercase()),
            replicas: target.replicas.or(fill.then_some(request.default_replicas)),
            storage_account_type: target.storage_account_type.clone().or(fill.then(|| "Standard_LRS".into())),
            exclude_from_latest: Some(target.exclude_from_latest),
            preserved: target.preserved.clone(),
        })
        .rev()
        .collect();
    facts::Version {
        location: request.location.clone(),
        tags: request.tags.clone(),
        provisioning: Provisioning::Succeeded,
        source: request.source.as_ref().filter(|_| fill).map(|source| source.to_string().to_lowercase()),
        data_sources: request.source.as_ref().filter(|_| fill).map(SourceId::data_disks).unwrap_or_default(),
        data_disks: [3].into(),
        targets,
        default_replicas: request.default_replicas,
        exclude_from_latest: true,
        // Azure drops fractions.
        end_of_life: request.end_of_life.map(|end| jiff::Timestamp::from_second(end.as_second()).unwrap()),
        storage_account_type: request.storage_account_type.into(),
        replication_mode: request.replication_mode.into(),
        allow_deletion_of_regions: fill.then_some(request.allow_deletion_of_regions),
        block_deletion: request.block_deletion,
        replication: BTreeMap::new(),
        size_gib: Some(30),
        read_at: None,
        preserved: Map::clone(&request.preserved),
    }
}
