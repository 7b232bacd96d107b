//! From the raw object to what the rest rests on. After this the raw spec isn't used.

use std::{collections::BTreeMap, time::Duration};

use azimage_crds::{
    Adoption, Capture, ConditionType, Deletion, Guest, Hygiene, ImageDefinition, ImageVersion, OWNER_TAG, Prepare,
    Publish, Reason, ReplicationMode, ReplicationTarget, SourceCleanup, ValidationOutcome, VirtualMachineSource,
};
use azimage_names::{
    DiskOrSnapshotId, GalleryId, ImageDefinitionId, ImageVersionId, ManagedImageId, ResourceIdError, RunCommandId,
    SubscriptionId, VersionNumber, VirtualMachineId,
};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{Resource, ResourceExt};

use super::{
    CloneSpec, GoodVersion, KeepSpec, OsType, SourceId, ValidationSpec, cycle::cycle, good::good_versions,
    invalid::Invalid, stage::delete::may_hold_a_machine,
};
use crate::{
    Identity, Message, Owner,
    approval::Approval,
    guest::{self, Preparation, UserScript, attempt, hygiene},
    identity::{IdentityProblem, problem::WayOut},
    owner::find_tag,
    promotion::Promotion,
    provenance::Ancestry,
    requested, selector,
    target::TargetView,
};

/// What the controller knows apart from the object itself.
#[derive(Clone, Copy, Debug)]
pub struct Environment<'a> {
    /// Identifies the cluster in owner tags.
    pub cluster: &'a str,
    /// Whether the controller's own Azure identity serves the object's namespace.
    pub own_identity_serves: bool,
    /// Whether objects may act as `ServiceAccount`s of the name that the object gives, if it gives one.
    pub account_serves: bool,
    /// All replication targets of the namespace.
    pub targets: &'a [&'a ReplicationTarget],
    /// All image versions of the namespace; those of others don't count.
    pub versions: &'a [&'a ImageVersion],
    /// Uids of the image versions of the namespace that this release can't read: they live, and their claims hold.
    pub unreadable: &'a [String],
    /// All image definitions of the namespace.
    pub definitions: &'a [&'a ImageDefinition],
}

/// An object that can't be worked on as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Violation {
    /// Why, for machines.
    pub reason: Reason,
    /// The field, and what to do.
    pub message: String,
}

impl Violation {
    /// What is wrong with an identity holds up a deletion only if the version has to go with its object. Of an object that
    /// goes with its namespace, where nothing new can be made, that is the only way out.
    #[must_use]
    pub fn of_an_identity(mut self, deleting: bool) -> Self {
        if deleting {
            self.message = format!("{}{}", self.message, WayOut::Retain);
        }
        self
    }

    pub(super) fn field(field: &str, problem: impl std::fmt::Display) -> Self {
        Invalid::Field { field: field.to_owned(), problem: problem.to_string() }.into()
    }
}

impl<M: Message> From<M> for Violation {
    fn from(message: M) -> Self {
        Self { reason: message.reason(), message: message.to_string() }
    }
}

/// What a version is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceSpec {
    /// A virtual machine.
    VirtualMachine {
        /// The machine that the object names.
        id: VirtualMachineId,
        /// How its copy is made, if a copy is captured instead of it.
        clone: Option<Box<CloneSpec>>,
        /// What is kept of it when it is captured itself and its guest sealed, if anything is.
        keep: Option<Box<KeepSpec>>,
        /// Whether it is deleted with what belongs to it when the version is made, of one that is captured itself.
        is_deleted: bool,
        /// Whether its guest has still to be sealed.
        prepare: Prepare,
        /// How its guest is prepared.
        guest: GuestSpec,
        /// The run command that seals the guest.
        seal: RunCommandId,
    },
    /// Another gallery image version.
    ImageVersion {
        /// The version.
        id: ImageVersionId,
    },
    /// A managed image.
    ManagedImage {
        /// The image.
        id: ManagedImageId,
    },
    /// Managed disks or snapshots, of which the user says that their system is generalized.
    Disks {
        /// The one with the operating system.
        os_disk: DiskOrSnapshotId,
        /// Those with data, by logical unit number.
        data_disks: BTreeMap<u8, DiskOrSnapshotId>,
    },
}

impl SourceSpec {
    /// The machine that is captured, if one is: the one that the object names, or its copy.
    pub fn captured(&self) -> Option<&VirtualMachineId> {
        match self {
            Self::VirtualMachine { id, clone, .. } => Some(clone.as_ref().map_or(id, |clone| &clone.machine)),
            Self::ImageVersion { .. } | Self::ManagedImage { .. } | Self::Disks { .. } => None,
        }
    }

    /// What Azure makes the version from.
    pub(super) fn made_from(&self) -> SourceId {
        match self {
            Self::VirtualMachine { id, clone, .. } => {
                SourceId::VirtualMachine(clone.as_ref().map_or(id, |clone| &clone.machine).clone())
            }
            Self::ImageVersion { id } => SourceId::ImageVersion(id.clone()),
            Self::ManagedImage { id } => SourceId::ManagedImage(id.clone()),
            Self::Disks { os_disk, data_disks } => {
                SourceId::Disks { os_disk: os_disk.clone(), data_disks: data_disks.clone() }
            }
        }
    }
}

/// How a guest is prepared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestSpec {
    /// How long it may take, from its start to the power-off, without the user's script.
    pub timeout: Duration,
    /// Units of systemd that are stopped and masked before anything else is run.
    pub mask_units: Vec<String>,
    /// The user's script.
    pub script: Option<UserScript>,
    /// What to do about what belongs to one machine alone.
    pub hygiene: hygiene::Policy,
}

/// How far a guest's clock may be behind, and how long after its making a script may still begin, in seconds.
const CLOCK_SECONDS: (i64, i64) = (300, 1200);

/// The shortest and the longest wait for a package manager.
const PACKAGES_WAIT: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(600));

/// How often it may be waited for: in the run command, before the unit's work, and at its end.
const PACKAGES_WAITS: u32 = 3;

/// What a preparation takes at most besides that and the user's script: checks, the delay, the unit's own work.
const OTHER_WORK: Duration = Duration::from_secs(20 * 60);

/// For how long the guest repeats that it is sealed.
const REPEAT_MARK: Duration = Duration::from_secs(60);

impl GuestSpec {
    /// How long the preparation may take in all, in seconds.
    pub(super) fn limit_seconds(&self, os_type: &OsType) -> u64 {
        let sysprep = if *os_type == OsType::Windows { guest::windows::SYSPREP_LIMIT } else { Duration::ZERO };
        // Shorter than its own limits together, a seal would be given up while it works.
        let own = OTHER_WORK.saturating_add(self.packages_wait().saturating_mul(PACKAGES_WAITS));
        self.timeout.max(own).saturating_add(self.user_limit()).saturating_add(sysprep).as_secs()
    }

    /// What a script that is made now is made for.
    pub(super) fn preparation(&self, nonce: &str, now: Timestamp) -> Preparation {
        let at = |seconds: i64| Timestamp::from_second(now.as_second().saturating_add(seconds)).unwrap_or(now);
        Preparation {
            nonce: nonce.to_owned(),
            asked_at: now,
            not_before: at(-CLOCK_SECONDS.0),
            not_after: at(CLOCK_SECONDS.1),
            delay: guest::DELAY,
            packages_wait: self.packages_wait(),
            repeat_mark: REPEAT_MARK,
            mask_units: self.mask_units.clone(),
            user_script: self.script.clone(),
            hygiene: self.hygiene.clone(),
        }
    }

    fn user_limit(&self) -> Duration {
        self.script.as_ref().map_or(Duration::ZERO, |script| script.time_limit)
    }

    fn packages_wait(&self) -> Duration {
        let rest = self.timeout.saturating_sub(OTHER_WORK) / PACKAGES_WAITS;
        rest.clamp(PACKAGES_WAIT.0, PACKAGES_WAIT.1)
    }
}

/// An object whose every field was understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Validated {
    /// The gallery image version.
    pub id: ImageVersionId,
    /// What it is made from.
    pub source: SourceSpec,
    /// How it is published.
    pub publish: Publish,
    /// How the version is proven, if it is.
    pub validation: Option<Box<ValidationSpec>>,
    /// The last good versions of the image definition, the last ones first, if the version is to be compared with them.
    pub good: Vec<GoodVersion>,
    /// With whose rights it acts on Azure; absent where nothing in Azure is touched.
    pub identity: Option<Identity>,
    /// The object as owner of things in Azure.
    pub owner: Owner,
    /// Uids of all other image versions in the namespace: their claims hold.
    pub other_uids: Vec<String>,
    /// What becomes of the version when the object goes.
    pub deletion: Deletion,
    /// Whether a version of another owner is taken over.
    pub adoption: Adoption,
    /// The object is being deleted.
    pub deleting: bool,
    /// Which of its specs this is.
    pub generation: Option<i64>,
    /// The user wants nothing to be done.
    pub suspended: bool,
    /// The replication targets of the namespace, by name.
    pub targets: Vec<TargetView>,
    /// A reconcile was asked for that hasn't been acted upon.
    pub requested: bool,
    /// The object of the namespace that is to make the source version, and may still do so.
    pub source_producer: Option<String>,
    /// The object of the namespace that is to make the source version, and won't before a person acts.
    pub source_stuck: Option<String>,
    /// Objects of the namespace that are each made from the next, the last from this one: by name, this one first. None of them
    /// can begin.
    pub source_cycle: Vec<String>,
    /// What decides whether the version is latest.
    pub promotion: Promotion,
    /// What the version may be made from, if its image definition's object says so.
    pub approval: Option<Approval>,
    /// What the objects of the namespace say of the versions from which it was made, or is to be.
    pub ancestry: Ancestry,
    /// Whether the source version passed its validation, as the object of the namespace tells that stands for it, if one does.
    pub source_passed: Option<bool>,
}

impl Validated {
    /// Whether tags of an Azure resource name this very object as owner.
    pub fn owns_tag(&self, tags: &BTreeMap<String, String>) -> bool {
        Owner::of(tags).is_some_and(|owner| owner.is(&self.owner))
    }

    /// Another owner whose claim holds. A claim of an object of this namespace that is gone holds no more.
    pub fn foreign_claim(&self, tags: &BTreeMap<String, String>) -> Option<String> {
        let text = find_tag(tags, OWNER_TAG)?;
        match text.parse::<Owner>() {
            Ok(owner) if owner.is(&self.owner) => None,
            Ok(owner)
                if owner.cluster == self.owner.cluster
                    && owner.namespace == self.owner.namespace
                    && !self.other_uids.contains(&owner.uid) =>
            {
                None
            }
            _ => Some(text.to_owned()),
        }
    }
}

/// Understands an object, or says what is wrong with it.
///
/// # Errors
/// A [`Violation`] whose message begins with the field at fault. The schema refuses most of these already; here they
/// are caught for objects that were stored before a rule was.
pub fn validate(object: &ImageVersion, environment: Environment<'_>) -> Result<Validated, Violation> {
    let uid = object.uid().unwrap_or_default();
    let namespace = object.namespace().unwrap_or_default();
    let id = version_id(object)?;
    let deleting = object.meta().deletion_timestamp.is_some();
    let suspended = object.spec.suspend;
    let deletion = object.spec.deletion_policy;
    // What touches nothing in Azure needs no identity. A suspended object is deleted all the same.
    let source = source(object)?;
    let holds = || object.status.as_ref().is_some_and(|status| may_hold_a_machine(status, &uid, &source));
    let needs_azure = if deleting { deletion == Deletion::Delete || holds() } else { !suspended };
    let identity = if needs_azure { Some(identity(object, &namespace, environment, deleting)?) } else { None };
    if !deleting {
        if matches!(&source, SourceSpec::ImageVersion { id: from } if *from == id) {
            return Err(Invalid::MadeFromItself.into());
        }
        source_stays(object.spec.publish.replication_mode, &source)?;
        conflict(object, &id, &source, environment.versions)?;
    }
    let near = |it: &&&ImageDefinition| it.meta().namespace.as_deref() == Some(&namespace);
    let definitions: Vec<&ImageDefinition> = environment.definitions.iter().filter(near).copied().collect();
    Ok(Validated {
        approval: Approval::of(&definitions, id.definition()),
        ancestry: Ancestry::of(object, environment.versions, &definitions),
        source_passed: source_passed(&namespace, &source, environment.versions),
        source_cycle: cycle(object, &id, &source, environment.versions),
        promotion: Promotion::of(object, &id, environment.definitions, environment.versions, environment.targets),
        good: good_versions(object, &id, environment.versions),
        id,
        source_producer: source_producer(&namespace, &source, environment.versions, true),
        source_stuck: source_producer(&namespace, &source, environment.versions, false),
        source,
        identity,
        publish: object.spec.publish.clone(),
        validation: ValidationSpec::of(object)?.map(Box::new),
        owner: Owner {
            cluster: environment.cluster.to_owned(),
            namespace: namespace.clone(),
            name: object.name_any(),
            uid: uid.clone(),
        },
        other_uids: environment
            .versions
            .iter()
            .filter(|other| other.meta().namespace.as_deref() == Some(&namespace))
            .filter_map(|other| other.meta().uid.as_ref())
            .chain(environment.unreadable)
            .filter(|other| **other != uid)
            .cloned()
            .collect(),
        deletion,
        adoption: object.spec.adoption,
        deleting,
        generation: object.meta().generation,
        suspended,
        targets: environment
            .targets
            .iter()
            .filter(|target| target.meta().namespace.as_deref() == Some(&namespace))
            .filter_map(|target| {
                TargetView::of(target, selector::selects(&target.spec, &object.name_any(), object.labels()))
            })
            .collect(),
        requested: requested(object).is_some(),
    })
}

fn identity(
    object: &ImageVersion,
    namespace: &str,
    environment: Environment<'_>,
    deleting: bool,
) -> Result<Identity, Violation> {
    let account = object.spec.service_account_name.as_deref();
    let refused = |problem: IdentityProblem| Violation::from(problem).of_an_identity(deleting);
    if let Some(account) = account.filter(|_| !environment.account_serves) {
        return Err(refused(IdentityProblem::NotNamed { account: account.to_owned() }));
    }
    Identity::choose(account, environment.own_identity_serves)
        .ok_or_else(|| refused(IdentityProblem::NotServed { namespace: namespace.to_owned() }))
}

/// The value of the annotation that asks for a reconcile, if it wasn't acted upon yet.
pub(super) fn requested(object: &ImageVersion) -> Option<String> {
    let handled = object.status.as_ref().and_then(|status| status.last_handled_reconcile_at.as_ref());
    requested::requested(object).filter(|value| handled != Some(value))
}

/// The gallery image version of an object, if its fields can be understood.
pub(crate) fn id_of(object: &ImageVersion) -> Option<ImageVersionId> {
    version_id(object).ok()
}

pub(super) fn version_id(object: &ImageVersion) -> Result<ImageVersionId, Violation> {
    let gallery = &object.spec.gallery;
    let subscription = SubscriptionId::parse(&gallery.subscription_id)
        .map_err(|problem| Violation::field("spec.gallery.subscriptionId", problem))?;
    let gallery = GalleryId::new(subscription, &gallery.resource_group, &gallery.name)
        .map_err(|problem| Violation::field("spec.gallery", problem))?;
    let definition = ImageDefinitionId::new(gallery, &object.spec.definition)
        .map_err(|problem| Violation::field("spec.definition", problem))?;
    let version: VersionNumber =
        object.spec.version.parse().map_err(|problem| Violation::field("spec.version", problem))?;
    Ok(ImageVersionId::new(definition, version))
}

/// The last logical unit number that a data disk can have (Azure documentation, "Virtual machine sizes": at most 64 data disks).
const LAST_LUN: u8 = 63;

fn source(object: &ImageVersion) -> Result<SourceSpec, Violation> {
    let source = &object.spec.source;
    match (&source.virtual_machine, &source.image_version, &source.managed_image, &source.disks) {
        (Some(machine), None, None, None) => virtual_machine(object, machine),
        (None, Some(version), None, None) => {
            let id = source_id("imageVersion", &version.resource_id, ImageVersionId::parse)?;
            Ok(SourceSpec::ImageVersion { id })
        }
        (None, None, Some(image), None) => {
            let id = source_id("managedImage", &image.resource_id, ManagedImageId::parse)?;
            Ok(SourceSpec::ManagedImage { id })
        }
        (None, None, None, Some(disks)) => {
            let os_disk = source_id("disks.osDisk", &disks.os_disk.resource_id, DiskOrSnapshotId::parse)?;
            let mut data_disks = BTreeMap::new();
            for disk in &disks.data_disks {
                let id = source_id("disks.dataDisks", &disk.resource_id, DiskOrSnapshotId::parse)?;
                let lun = u8::try_from(disk.lun).ok().filter(|lun| *lun <= LAST_LUN);
                let lun = lun.ok_or(Invalid::NoLun { lun: disk.lun })?;
                if data_disks.insert(lun, id).is_some() {
                    return Err(Invalid::LunTwice { lun }.into());
                }
            }
            Ok(SourceSpec::Disks { os_disk, data_disks })
        }
        _ => Err(Invalid::Source.into()),
    }
}

/// The id of a source, from a field of `spec.source`.
fn source_id<T>(of: &str, text: &str, parse: fn(&str) -> Result<T, ResourceIdError>) -> Result<T, Violation> {
    let field = format!("spec.source.{of}.resourceId");
    let begins = |scheme: &str| text.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme));
    if begins("https:") || begins("http:") {
        return Err(Invalid::Vhd { field }.into());
    }
    parse(text).map_err(|problem| Violation::field(&field, problem))
}

fn virtual_machine(object: &ImageVersion, machine: &VirtualMachineSource) -> Result<SourceSpec, Violation> {
    let id = source_id("virtualMachine", &machine.resource_id, VirtualMachineId::parse)?;
    let mut guest = guest_spec(&machine.guest)?;
    let clone = match machine.capture {
        Capture::InPlace => None,
        Capture::Clone if machine.guest.prepare == Prepare::AlreadyGeneralized => {
            return Err(Invalid::SealedClone.into());
        }
        Capture::Clone => Some(Box::new(CloneSpec::of(object, &id)?)),
    };
    guest.mask_units = clone.as_ref().map_or_else(Vec::new, |clone| clone.mask_units.clone());
    let captured = clone.as_ref().map_or(&id, |clone| &clone.machine);
    let seal = attempt::run_command(captured, &object.uid().unwrap_or_default())
        .map_err(|problem| Violation::field("metadata.uid", problem))?;
    let keep = KeepSpec::of(object, machine, &id)?.map(Box::new);
    let cleanup = machine.in_place.as_ref().map(|settings| settings.source_cleanup);
    let is_deleted = machine.capture == Capture::InPlace && cleanup == Some(SourceCleanup::Delete);
    Ok(SourceSpec::VirtualMachine { id, clone, keep, is_deleted, prepare: machine.guest.prepare, guest, seal })
}

/// A version that copies nothing may go on depending on its source: nobody says that it doesn't.
fn source_stays(mode: ReplicationMode, source: &SourceSpec) -> Result<(), Violation> {
    if mode == ReplicationMode::Full {
        return Ok(());
    }
    match source {
        SourceSpec::VirtualMachine { clone: Some(_), .. } => Err(Invalid::ShallowClone.into()),
        SourceSpec::VirtualMachine { is_deleted: true, .. } => Err(Invalid::ShallowDelete.into()),
        SourceSpec::VirtualMachine { .. }
        | SourceSpec::ImageVersion { .. }
        | SourceSpec::ManagedImage { .. }
        | SourceSpec::Disks { .. } => Ok(()),
    }
}

fn guest_spec(guest: &Guest) -> Result<GuestSpec, Violation> {
    let span = |field: &str, text: &str| match text.parse::<kube::core::Duration>() {
        Ok(span) => Ok(Duration::from(span)),
        Err(problem) => Err(Violation::field(&format!("spec.source.virtualMachine.guest.{field}"), problem)),
    };
    let time_limit = span("scriptTimeout", &guest.script_timeout)?;
    Ok(GuestSpec {
        timeout: span("timeout", &guest.timeout)?,
        mask_units: Vec::new(),
        script: guest.script.clone().map(|text| UserScript { text, time_limit }),
        hygiene: hygiene::Policy {
            mode: match guest.hygiene {
                Hygiene::Enforce => hygiene::Mode::Enforce,
                Hygiene::Report => hygiene::Mode::Report,
                Hygiene::Off => hygiene::Mode::Off,
            },
            allowed: guest.allow.iter().map(|allowed| allowed.path.clone()).collect(),
        },
    })
}

/// The object that is to make the source version, of those that go on by themselves or of those that wait for a person: stalled or
/// suspended. One on its way out makes nothing.
fn source_producer(namespace: &str, source: &SourceSpec, others: &[&ImageVersion], by_itself: bool) -> Option<String> {
    let SourceSpec::ImageVersion { id } = source else { return None };
    let goes_on = |other: &ImageVersion| {
        let conditions = other.status.iter().flat_map(|status| &status.conditions);
        let stalled = ConditionType::Stalled.as_str();
        !other.spec.suspend
            && !conditions.into_iter().any(|condition| condition.type_ == stalled && condition.status == "True")
    };
    others
        .iter()
        .filter(|other| other.meta().namespace.as_deref() == Some(namespace) && stands_for(other, id))
        .filter(|other| other.meta().deletion_timestamp.is_none())
        .find(|other| goes_on(other) == by_itself)
        .map(|maker| maker.name_any())
}

/// Whether the source version passed its validation, as the object tells that stands for it.
fn source_passed(namespace: &str, source: &SourceSpec, others: &[&ImageVersion]) -> Option<bool> {
    let SourceSpec::ImageVersion { id } = source else { return None };
    let stands = |it: &&&ImageVersion| it.meta().namespace.as_deref() == Some(namespace) && stands_for(it, id);
    let parent = others.iter().filter(stands).max_by_key(|it| has_version(it))?;
    let validation = parent.status.as_ref().and_then(|status| status.validation.as_ref());
    Some(validation.is_some_and(|it| it.outcome == ValidationOutcome::Passed))
}

/// Two objects of a namespace for one gallery image version, or for one virtual machine, can't both be true: the one that has
/// begun holds, else the older one that may act.
///
/// Between namespaces, as between clusters, the owner tag in Azure decides, which takes rights there: otherwise whoever
/// may write objects in one namespace could hold up the machines and version numbers of another.
fn conflict(
    object: &ImageVersion,
    id: &ImageVersionId,
    source: &SourceSpec,
    others: &[&ImageVersion],
) -> Result<(), Violation> {
    // Every pass goes through all the others of a namespace, so nothing is copied here.
    for other in others {
        let elsewhere = other.meta().namespace != object.meta().namespace;
        if elsewhere || other.meta().uid == object.meta().uid {
            continue;
        }
        let other_name = || other.name_any();
        if stands_for(other, id) && holds_version(other, object) {
            return Err(Invalid::SameVersion { other: other_name(), id: id.clone() }.into());
        }
        let Some(machine) = deprovisions(source) else { continue };
        if may_capture(other, machine)
            && precedes(other, object)
            && self::source(other).is_ok_and(|theirs| deprovisions(&theirs) == Some(machine))
        {
            return Err(Invalid::SameMachine { other: other_name(), machine: machine.clone() }.into());
        }
    }
    Ok(())
}

fn age(object: &ImageVersion) -> (Option<Timestamp>, Option<&str>) {
    (object.meta().creation_timestamp.as_ref().map(|time| time.0), object.meta().uid.as_deref())
}

/// Whether of two objects for one machine it is the other one's: it has begun with it, or else is the older one and can begin. One
/// that waits for a person or is suspended and has touched nothing holds up nobody.
fn precedes(other: &ImageVersion, object: &ImageVersion) -> bool {
    let goes = other.meta().deletion_timestamp.is_some();
    let may_act = has_begun(other) || !other.spec.suspend && !goes && stalled_as_it_is(other).is_none();
    may_act && (!has_begun(other), age(other)) <= (!has_begun(object), age(object))
}

/// Whether of two objects for one version it is the other one's: it has it, or else as with machines. One to which Azure shows
/// that the version is somebody else's holds up nobody, whatever else it has begun.
pub(super) fn holds_version(other: &ImageVersion, object: &ImageVersion) -> bool {
    if is_refused_the_version(other) {
        return false;
    }
    match (has_version(other), has_version(object)) {
        (true, false) => true,
        (false, true) => false,
        _ => precedes(other, object),
    }
}

/// Whether an object has seen its version in Azure as its own.
pub(super) fn has_version(object: &ImageVersion) -> bool {
    object.status.as_ref().is_some_and(|status| status.resource_id.is_some())
}

/// Whether the version is another owner's, as far as an object knows with the spec that it has now.
fn is_refused_the_version(object: &ImageVersion) -> bool {
    let conditions = object.status.iter().flat_map(|status| &status.conditions);
    let mut exists = conditions.filter(|it| it.reason == Reason::VersionExists.as_str());
    exists.any(|it| is_of_now(it, object))
}

/// Whether an object has touched something in Azure.
fn has_begun(object: &ImageVersion) -> bool {
    object.status.as_ref().is_some_and(|status| status.resource_id.is_some() || !status.steps.is_empty())
}

/// Why an image version waits for a person with the spec that it has now; not of one that was changed since.
pub(crate) fn stalled_as_it_is(object: &ImageVersion) -> Option<&Condition> {
    let conditions = object.status.iter().flat_map(|status| &status.conditions);
    let mut stalled = conditions.filter(|it| it.type_ == ConditionType::Stalled.as_str() && it.status == "True");
    stalled.find(|it| is_of_now(it, object))
}

/// Whether a condition is of the spec that its object has now.
fn is_of_now(condition: &Condition, object: &ImageVersion) -> bool {
    let (generation, observed) = (object.meta().generation, condition.observed_generation);
    generation.is_none() || observed.is_none() || observed == generation
}

/// What of an image version may put others of its namespace into conflict, or end it.
pub fn conflicts_by(object: &ImageVersion) -> impl std::hash::Hash {
    let (stalled, refused) = (stalled_as_it_is(object).is_some(), is_refused_the_version(object));
    let done = (has_begun(object), has_version(object));
    (object.uid(), object.meta().deletion_timestamp.is_some(), object.spec.suspend, stalled, refused, done)
}

/// Whether an object waits for the end of a conflict.
pub fn is_in_conflict(object: &ImageVersion) -> bool {
    let conditions = object.status.iter().flat_map(|status| &status.conditions);
    let reason = Reason::Conflict.as_str();
    conditions.into_iter().any(|it| it.type_ == ConditionType::Stalled.as_str() && it.reason == reason)
}

/// Whether an object stands for this gallery image version. Its number, which is read in no time, tells most of them apart.
pub(super) fn stands_for(object: &ImageVersion, id: &ImageVersionId) -> bool {
    let same_number = VersionNumber::parse(&object.spec.version).is_ok_and(|number| number == id.version());
    same_number && version_id(object).is_ok_and(|theirs| theirs == *id)
}

/// Whether an object may be for this machine: whether it is for one of this name.
fn may_capture(object: &ImageVersion, machine: &VirtualMachineId) -> bool {
    let theirs = object.spec.source.virtual_machine.as_ref().and_then(|theirs| theirs.resource_id.rsplit('/').next());
    theirs.is_some_and(|name| name.eq_ignore_ascii_case(machine.name()))
}

/// The machine that the object names and whose guest it seals, not a copy's.
fn deprovisions(source: &SourceSpec) -> Option<&VirtualMachineId> {
    match source {
        SourceSpec::VirtualMachine { id, prepare: Prepare::Deprovision, clone: None, .. } => Some(id),
        _ => None,
    }
}
