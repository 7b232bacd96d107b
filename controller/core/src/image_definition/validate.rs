//! From the raw object to what the rest rests on.

use azimage_crds::{Adoption, ConditionType, DefinitionProperties, ImageDefinition, Management, Reason};
use azimage_names::{GalleryId, ImageDefinitionId, Region, SubscriptionId};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{Resource, ResourceExt};

use super::words::Invalid;
use crate::{Identity, Owner, identity::IdentityProblem, image_version::Violation, requested};

/// What the controller knows apart from the object itself.
#[derive(Clone, Copy, Debug)]
pub struct Environment<'a> {
    /// Identifies the cluster in owner tags.
    pub cluster: &'a str,
    /// Whether the controller's own Azure identity serves the object's namespace.
    pub own_identity_serves: bool,
    /// Whether objects may act as `ServiceAccount`s of the name that the object gives, if it gives one.
    pub account_serves: bool,
    /// All image definitions of all watched namespaces.
    pub definitions: &'a [&'a ImageDefinition],
    /// Uids of those that this release can't read: they live, and what they own is theirs.
    pub unreadable: &'a [String],
}

/// An object whose every field was understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Validated {
    /// The image definition.
    pub id: ImageDefinitionId,
    /// Whether it is made and kept, or only looked at.
    pub management: Management,
    /// Its region, if the object says it.
    pub location: Option<Region>,
    /// What it is, if the object says it.
    pub properties: Option<DefinitionProperties>,
    /// Whether one of another owner is taken over.
    pub adoption: Adoption,
    /// With whose rights the object acts on Azure; absent where nothing in Azure is touched.
    pub identity: Option<Identity>,
    /// The object as owner of things in Azure.
    pub owner: Owner,
    /// Uids of all other image definitions that live.
    pub other_uids: Vec<String>,
    /// Which of its specs this is.
    pub generation: Option<i64>,
    /// The user wants nothing to be done.
    pub suspended: bool,
    /// A reconcile was asked for that hasn't been acted upon.
    pub requested: bool,
}

/// Understands an object, or says what is wrong with it.
///
/// # Errors
/// A [`Violation`] whose message begins with the field at fault.
pub fn validate(object: &ImageDefinition, environment: Environment<'_>) -> Result<Validated, Violation> {
    let uid = object.uid().unwrap_or_default();
    let namespace = object.namespace().unwrap_or_default();
    let spec = &object.spec;
    let id = definition_id(object)?;
    let location = spec.location.as_deref().map(Region::parse).transpose();
    let location = location.map_err(|problem| field("spec.location", problem))?;
    if spec.management == Management::Ensure && spec.properties.is_none() {
        return Err(Invalid::NoProperties.into());
    }
    let identity = if spec.suspend { None } else { Some(identity(object, &namespace, environment)?) };
    conflict(object, &id, environment.definitions)?;
    let others = environment.definitions.iter().filter_map(|other| other.uid()).filter(|other| *other != uid);
    Ok(Validated {
        id,
        management: spec.management,
        location,
        properties: spec.properties.clone(),
        adoption: spec.adoption,
        identity,
        other_uids: others.chain(environment.unreadable.iter().cloned()).collect(),
        owner: Owner { cluster: environment.cluster.to_owned(), namespace, name: object.name_any(), uid },
        generation: object.meta().generation,
        suspended: spec.suspend,
        requested: is_requested(object),
    })
}

fn field(field: &str, problem: impl std::fmt::Display) -> Violation {
    Invalid::Field { field: field.to_owned(), problem: problem.to_string() }.into()
}

fn definition_id(object: &ImageDefinition) -> Result<ImageDefinitionId, Violation> {
    let gallery = &object.spec.gallery;
    let subscription = SubscriptionId::parse(&gallery.subscription_id)
        .map_err(|problem| field("spec.gallery.subscriptionId", problem))?;
    let gallery = GalleryId::new(subscription, &gallery.resource_group, &gallery.name)
        .map_err(|problem| field("spec.gallery", problem))?;
    let name = object.spec.name.clone().unwrap_or_else(|| object.name_any());
    ImageDefinitionId::new(gallery, &name).map_err(|problem| field("spec.name", problem))
}

fn identity(
    object: &ImageDefinition,
    namespace: &str,
    environment: Environment<'_>,
) -> Result<Identity, IdentityProblem> {
    let account = object.spec.service_account_name.as_deref();
    if let Some(account) = account.filter(|_| !environment.account_serves) {
        return Err(IdentityProblem::NotNamed { account: account.to_owned() });
    }
    Identity::choose(account, environment.own_identity_serves)
        .ok_or_else(|| IdentityProblem::NotServed { namespace: namespace.to_owned() })
}

fn is_requested(object: &ImageDefinition) -> bool {
    let handled = object.status.as_ref().and_then(|status| status.last_handled_reconcile_at.as_ref());
    requested::requested(object).is_some_and(|value| handled != Some(&value))
}

/// Two objects for one image definition would undo each other's changes.
fn conflict(object: &ImageDefinition, id: &ImageDefinitionId, all: &[&ImageDefinition]) -> Result<(), Violation> {
    let same = |other: &&&ImageDefinition| {
        other.uid() != object.uid() && definition_id(other).is_ok_and(|theirs| theirs == *id) && precedes(other, object)
    };
    match all.iter().find(same) {
        None => Ok(()),
        Some(other) => {
            let other = format!("{}/{}", other.namespace().unwrap_or_default(), other.name_any());
            Err(Invalid::SameDefinition { other, id: id.clone() }.into())
        }
    }
}

/// By which of two objects the older one is known.
pub(crate) fn age(object: &ImageDefinition) -> (Option<Timestamp>, Option<&str>) {
    (object.meta().creation_timestamp.as_ref().map(|time| time.0), object.meta().uid.as_deref())
}

/// Whether of two objects for one image definition it is the other one's: it owns it in Azure, or else is the older one and can work.
/// One that goes holds up nobody, nor does one that waits for a person or is suspended and owns nothing. Of another namespace only an
/// owner counts, which takes rights in Azure: else whoever may write objects in one namespace could hold up another one's.
fn precedes(other: &ImageDefinition, object: &ImageDefinition) -> bool {
    if other.meta().deletion_timestamp.is_some() {
        return false;
    }
    let is_near = other.namespace() == object.namespace();
    let may_act = owns(other) || is_near && !other.spec.suspend && stalled_as_it_is(other).is_none();
    may_act && (!owns(other), age(other)) <= (!owns(object), age(object))
}

/// Of all objects of a namespace, the one that stands for an image definition.
pub(crate) fn standing<'a>(all: &[&'a ImageDefinition], id: &ImageDefinitionId) -> Option<&'a ImageDefinition> {
    let lives = |it: &&ImageDefinition| it.meta().deletion_timestamp.is_none() && !is_in_conflict(it);
    let of_it = all.iter().copied().filter(lives).filter(|it| is_of(it, id));
    of_it.min_by_key(|it| (!owns(it), age(it)))
}

/// Whether it is an object of this image definition.
pub(crate) fn is_of(object: &ImageDefinition, id: &ImageDefinitionId) -> bool {
    definition_id(object).is_ok_and(|its| its == *id)
}

fn owns(object: &ImageDefinition) -> bool {
    object.status.as_ref().is_some_and(|status| status.owned)
}

/// Why an object waits for a person with the spec that it has now.
pub(crate) fn stalled_as_it_is(object: &ImageDefinition) -> Option<&Condition> {
    let conditions = object.status.iter().flat_map(|status| &status.conditions);
    let mut stalled = conditions.filter(|it| it.type_ == ConditionType::Stalled.as_str() && it.status == "True");
    stalled.find(|it| it.observed_generation.is_none() || it.observed_generation == object.meta().generation)
}

/// What of an image definition may put others into conflict, or end it.
pub fn conflicts_by(object: &ImageDefinition) -> impl std::hash::Hash {
    let going = object.meta().deletion_timestamp.is_some();
    (object.uid(), going, object.spec.suspend, stalled_as_it_is(object).is_some(), owns(object))
}

/// Whether an object waits for the end of a conflict.
pub fn is_in_conflict(object: &ImageDefinition) -> bool {
    let conditions = object.status.iter().flat_map(|status| &status.conditions);
    let reason = Reason::Conflict.as_str();
    conditions.into_iter().any(|it| it.type_ == ConditionType::Stalled.as_str() && it.reason == reason)
}
