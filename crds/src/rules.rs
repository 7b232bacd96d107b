//! Validation rules that more than one field uses, as CEL.
//!
//! Forms are checked with CEL and not with `pattern`, because only CEL can tell the user in words what is expected.

use kube::core::{Rule, cel::Reason};

/// A field that can't be changed once set.
pub(crate) fn immutable() -> Rule {
    Rule::new("self == oldSelf")
        .message(
            "this field can't be changed: a version is never replaced, make a new one under another version number",
        )
        .reason(Reason::FieldValueForbidden)
}

/// The GUID of a subscription.
pub(crate) fn guid() -> Rule {
    Rule::new("self.matches('^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')")
        .message("must be a GUID such as 00000000-0000-0000-0000-000000000000")
}

/// The name of a resource group: 1 to 90 characters, not ending in a period.
pub(crate) fn resource_group() -> Rule {
    Rule::new("self.matches('^[a-zA-Z0-9._()-]*[a-zA-Z0-9_()-]$')")
        .message("must be the name of a resource group: letters, digits and . _ ( ) -, not ending in a period")
}

/// The name of a gallery.
pub(crate) fn gallery_name() -> Rule {
    Rule::new("self.matches('^[a-zA-Z0-9]([a-zA-Z0-9_.]*[a-zA-Z0-9])?$')")
        .message("must be the name of a gallery: letters, digits, underscores and periods, beginning and ending with a letter or digit (a gallery's name has no dashes)")
}

/// The name of an image definition.
pub(crate) fn definition_name() -> Rule {
    Rule::new("self.matches('^[a-zA-Z0-9]([a-zA-Z0-9_.-]*[a-zA-Z0-9_])?$')")
        .message("must be the name of an image definition: letters, digits, dashes, underscores and periods, beginning with a letter or digit")
}

/// A version number, three integers of 32 bits.
pub(crate) fn version_number() -> Rule {
    Rule::new(
        "self.matches('^(0|[1-9][0-9]{0,9})([.](0|[1-9][0-9]{0,9})){2}$') && self.split('.').all(part, int(part) <= 2147483647)",
    )
    .message("must be three integers of at most 2147483647 without leading zeros, such as 1.4.0")
}

/// The resource id of a virtual machine.
pub(crate) fn virtual_machine_id() -> Rule {
    Rule::new(
        "self.matches('(?i)^/subscriptions/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/resourceGroups/[a-z0-9._()-]+/providers/Microsoft[.]Compute/virtualMachines/[a-z0-9_.-]+$')",
    )
    .message("must be the resource id of a virtual machine: /subscriptions/<guid>/resourceGroups/<name>/providers/Microsoft.Compute/virtualMachines/<name>")
}

/// The resource id of a gallery image version.
pub(crate) fn image_version_id() -> Rule {
    Rule::new(
        "self.matches('(?i)^/subscriptions/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/resourceGroups/[a-z0-9._()-]+/providers/Microsoft[.]Compute/galleries/[a-z0-9_.]+/images/[a-z0-9_.-]+/versions/[0-9]{1,10}[.][0-9]{1,10}[.][0-9]{1,10}$')",
    )
    .message("must be the resource id of a gallery image version: /subscriptions/<guid>/resourceGroups/<name>/providers/Microsoft.Compute/galleries/<name>/images/<definition>/versions/<major.minor.patch>")
}

/// The resource id of a managed image.
pub(crate) fn managed_image_id() -> Rule {
    Rule::new(
        "self.matches('(?i)^/subscriptions/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/resourceGroups/[a-z0-9._()-]+/providers/Microsoft[.]Compute/images/[a-z0-9_.-]+$')",
    )
    .message("must be the resource id of a managed image: /subscriptions/<guid>/resourceGroups/<name>/providers/Microsoft.Compute/images/<name>")
}

/// The resource id of a managed disk or of a snapshot.
pub(crate) fn disk_or_snapshot_id() -> Rule {
    Rule::new(
        "self.matches('(?i)^/subscriptions/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/resourceGroups/[a-z0-9._()-]+/providers/Microsoft[.]Compute/(disks|snapshots)/[a-z0-9_.-]+$')",
    )
    .message("must be the resource id of a managed disk or of a snapshot: /subscriptions/<guid>/resourceGroups/<name>/providers/Microsoft.Compute/disks/<name>, or …/snapshots/<name>")
}

/// Azure takes a VHD only from who may list the keys of its storage account, which is the right to everything in it (Azure REST:
/// Gallery Image Versions, `osDiskImage.source.storageAccountId`).
pub(crate) fn no_vhd() -> Rule {
    Rule::new("!self.matches('(?i)^https?:')")
        .message("is the address of a VHD, and versions are made from resources alone: make a managed disk from it (az disk create --source URL --os-type Linux --hyper-v-generation V2) or a snapshot, and set spec.source.disks")
}

/// A region in any of Azure's spellings.
pub(crate) fn region() -> Rule {
    Rule::new("self.matches('^[a-zA-Z][a-zA-Z0-9 ]*$')")
        .message("must be an Azure region such as northeurope or North Europe")
}

/// A region can't be changed, but its spelling can.
pub(crate) fn same_region() -> Rule {
    Rule::new("self.lowerAscii().replace(' ', '') == oldSelf.lowerAscii().replace(' ', '')")
        .message("the region of a target can't be changed: make a target of its own for the other region")
        .reason(Reason::FieldValueForbidden)
}

/// A time span for the seal: its checks, its waits for package managers and its own limits take 23 minutes together.
pub(crate) fn timeout() -> Rule {
    time_span("25m", "24h", "30m or 1h30m")
}

/// A time span for a user's script.
pub(crate) fn script_timeout() -> Rule {
    time_span("10s", "1h", "10m or 90s")
}

/// A time span for which a copy that can't be captured stays.
pub(crate) fn keep_on_failure() -> Rule {
    time_span("0s", "168h", "1h or 30m")
}

/// A time span for which the snapshot of a machine's OS disk stays, or none. A seal takes up to an hour or more.
pub(crate) fn keep_disk_snapshot_for() -> Rule {
    Rule::new(
        "self.matches('^([0-9]{1,5}(h|m|s))+$') && (duration(self) == duration('0s') || duration(self) >= duration('1h') && duration(self) <= duration('720h'))",
    )
    .message("must be a time span between 1h and 720h, such as 168h, or 0s for no snapshot")
}

/// What is only for a machine that is captured itself.
pub(crate) fn only_in_place() -> Rule {
    Rule::new("self.capture == 'InPlace' || !has(self.inPlace)")
        .message("inPlace is for capture: InPlace; nothing becomes of a machine that is cloned")
        .reason(Reason::FieldValueForbidden)
}

/// What is only for a machine that is cloned.
pub(crate) fn only_for_a_clone() -> Rule {
    Rule::new("self.capture == 'Clone' || !has(self.clone)")
        .message("clone is for capture: Clone; a machine that is captured in place isn't copied")
        .reason(Reason::FieldValueForbidden)
}

/// The copy of a machine that was sealed before could never report to Azure.
pub(crate) fn a_clone_is_sealed() -> Rule {
    Rule::new("self.capture != 'Clone' || self.guest.prepare != 'AlreadyGeneralized'")
        .message("a machine whose guest was sealed before can't be cloned, as its copy would be provisioned anew: use capture: InPlace")
        .reason(Reason::FieldValueForbidden)
}

/// The copy of a machine has to be made somewhere.
pub(crate) fn a_clone_needs_a_workspace() -> Rule {
    Rule::new("!has(self.source.virtualMachine) || self.source.virtualMachine.capture != 'Clone' || has(self.workspace)")
        .message("capture: Clone, the default, needs spec.workspace: a resource group for the copy of the machine and a subnet in its region")
        .reason(Reason::FieldValueRequired)
        .field_path(".workspace")
}

/// A version that copies nothing may go on depending on what it was made from, and a copy of a machine doesn't stay.
pub(crate) fn a_shallow_version_needs_its_source() -> Rule {
    Rule::new("!has(self.publish.replicationMode) || self.publish.replicationMode != 'Shallow' || !has(self.source.virtualMachine) || self.source.virtualMachine.capture != 'Clone'")
        .message("a version with replicationMode: Shallow may depend on what it was made from, and with capture: Clone, the default, that is deleted: use Full, or capture: InPlace")
        .reason(Reason::FieldValueInvalid)
        .field_path(".publish.replicationMode")
}

/// The same of a machine that is deleted when it was captured itself.
pub(crate) fn a_shallow_version_needs_its_machine() -> Rule {
    Rule::new("!has(self.publish.replicationMode) || self.publish.replicationMode != 'Shallow' || !has(self.source.virtualMachine) || !has(self.source.virtualMachine.inPlace) || !has(self.source.virtualMachine.inPlace.sourceCleanup) || self.source.virtualMachine.inPlace.sourceCleanup != 'Delete'")
        .message("a version with replicationMode: Shallow may depend on the machine it was made from, and inPlace.sourceCleanup: Delete deletes that: use Full, or sourceCleanup: Keep")
        .reason(Reason::FieldValueInvalid)
        .field_path(".publish.replicationMode")
}

/// The machines that prove a version have to be made somewhere.
pub(crate) fn a_validation_needs_a_workspace() -> Rule {
    Rule::new("!has(self.validation) || has(self.workspace)")
        .message("validation needs spec.workspace: a resource group for the machines that are made from the version, and a subnet in its home region")
        .reason(Reason::FieldValueRequired)
        .field_path(".workspace")
}

/// A time span for a machine that is made from a version to come up. Azure gives a Linux machine forty minutes.
pub(crate) fn boot_timeout() -> Rule {
    time_span("5m", "4h", "45m or 1h30m")
}

/// A time span for a check.
pub(crate) fn check_timeout() -> Rule {
    time_span("1s", "30m", "1m or 90s")
}

/// The name of a check. Those of azimage's own begin with a capital letter.
pub(crate) fn check_name() -> Rule {
    Rule::new("self.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?$')")
        .message("must have lower case letters, digits and dashes, such as web-is-up")
}

/// The script of a check, of at most 2 KiB: the length of the schema counts characters.
pub(crate) fn check_script() -> Rule {
    Rule::new("bytes(self).size() <= 2048").message("must have at most 2048 bytes, in UTF-8")
}

/// Names of units, or their beginnings.
pub(crate) fn unit_names() -> Rule {
    Rule::new("self.all(name, name.matches('^[A-Za-z0-9:_.@$ -]+[*]?$'))").message(
        "must be names of units or services, such as nfs-client.service, or their beginnings with a * at the end",
    )
}

/// Names of accounts.
pub(crate) fn account_names() -> Rule {
    Rule::new("self.all(name, name.matches('^[A-Za-z0-9_.-]+$'))").message("must be names of accounts, such as deploy")
}

/// Temporary resources lie where it says.
pub(crate) fn a_workspace_stays() -> Rule {
    Rule::new("!has(oldSelf.workspace) || has(self.workspace)")
        .message("spec.workspace can't be taken away once it is set")
        .reason(Reason::FieldValueForbidden)
}

/// Sizes of virtual machines, as the resource provider names them: all 166 that its type of a hardware profile lists (API version 2026-04-01)
/// begin so.
pub(crate) fn vm_sizes() -> Rule {
    Rule::new("self.all(size, size.matches('(?i)^(standard|basic)_[a-z0-9_-]+$'))")
        .message("must be sizes of virtual machines with their whole names, such as Standard_D2s_v5")
}

/// Azure compares sizes without regard to case.
pub(crate) fn distinct_vm_sizes() -> Rule {
    Rule::new("self.all(a, self.exists_one(b, a.lowerAscii() == b.lowerAscii()))")
        .message("must be different sizes of virtual machines: case makes no difference")
}

/// Units of systemd.
pub(crate) fn units() -> Rule {
    Rule::new(
        "self.all(unit, unit.matches('^[A-Za-z0-9:_.@][A-Za-z0-9:_.@\\\\\\\\-]*[.](service|socket|timer|path|target|mount|automount|swap|slice)$'))",
    )
    .message("must be units of systemd with their endings, such as backup.timer")
}

/// Each unit is named once.
pub(crate) fn distinct_units() -> Rule {
    Rule::new("self.all(a, self.exists_one(b, a == b))").message("names a unit twice")
}

/// Units with which the copy is captured.
pub(crate) fn no_units_of_the_capture() -> Rule {
    Rule::new("self.all(unit, !unit.matches('^(walinuxagent|waagent|azimage-.*)[.]'))")
        .message("must not name the units of the guest agent or of azimage: without them the copy can't be captured")
        .reason(Reason::FieldValueForbidden)
}

/// A machine of a region is in one subnet.
pub(crate) fn distinct_regions() -> Rule {
    Rule::new("self.all(a, self.exists_one(b, a.region.lowerAscii().replace(' ', '') == b.region.lowerAscii().replace(' ', '')))")
        .message("two subnets are of the same region, in whatever spelling: name one for each region")
}

/// The resource id of a subnet.
pub(crate) fn subnet_id() -> Rule {
    Rule::new(
        "self.matches('(?i)^/subscriptions/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/resourceGroups/[a-z0-9._()-]+/providers/Microsoft[.]Network/virtualNetworks/[a-z0-9_.-]+/subnets/[a-z0-9_.-]+$')",
    )
    .message("must be the resource id of a subnet: /subscriptions/<guid>/resourceGroups/<name>/providers/Microsoft.Network/virtualNetworks/<name>/subnets/<name>")
}

/// A time span for which replicas stay that nobody selects any more.
pub(crate) fn removal_delay() -> Rule {
    time_span("0s", "168h", "15m or 24h")
}

/// A time span for which a version waits that passed its validation.
pub(crate) fn soak() -> Rule {
    time_span("0s", "720h", "24h or 90m")
}

/// The name of a `ConfigMap` (a DNS subdomain of RFC 1123).
pub(crate) fn config_map_name() -> Rule {
    Rule::new("self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')")
        .message("must be the name of a ConfigMap of this namespace: lower case letters, digits, '-' and '.'")
}

/// The beginning of the names of variables.
pub(crate) fn variable_name() -> Rule {
    Rule::new("self.matches('^[a-zA-Z_][a-zA-Z0-9_]*$')").message(
        "must be the beginning of a variable's name: letters, digits and underscores, not beginning with a digit",
    )
}

/// A version is pinned by its number, and not otherwise.
pub(crate) fn pinned_has_a_number() -> Rule {
    Rule::new("has(self.pinned) == (self.policy == 'Pinned')")
        .message("pinned is the version number for policy: Pinned, and for no other policy")
        .field_path(".pinned")
}

/// A list of what versions may be made from has something in it.
pub(crate) fn some_source() -> Rule {
    Rule::new("has(self.virtualMachines) || has(self.imageVersions) || has(self.managedImages) || has(self.disks)")
        .message(
            "set at least one of virtualMachines, imageVersions, managedImages and disks: nothing else may be a source",
        )
}

/// Resource ids of resource groups.
pub(crate) fn resource_groups() -> Rule {
    Rule::new("self.all(id, id.matches('(?i)^/subscriptions/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/resourceGroups/[a-z0-9._()-]*[a-z0-9_()-]$'))")
        .message("must be resource ids of resource groups: /subscriptions/<guid>/resourceGroups/<name>")
}

const GALLERY_OR_DEFINITION: &str = "(?i)^/subscriptions/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/resourceGroups/[a-z0-9._()-]+/providers/Microsoft[.]Compute/galleries/[a-z0-9_.]+(/images/[a-z0-9_.-]+)?$";
const GALLERY_OR_DEFINITION_WORDS: &str = "the resource id of a gallery or of an image definition: /subscriptions/<guid>/resourceGroups/<name>/providers/Microsoft.Compute/galleries/<name>, with or without /images/<name>";

/// The resource id of a gallery, or of an image definition.
pub(crate) fn gallery_or_definition() -> Rule {
    Rule::new(format!("self.matches('{GALLERY_OR_DEFINITION}')"))
        .message(format!("must be {GALLERY_OR_DEFINITION_WORDS}").as_str())
}

/// Resource ids of galleries and image definitions.
pub(crate) fn galleries_or_definitions() -> Rule {
    Rule::new(format!("self.all(id, id.matches('{GALLERY_OR_DEFINITION}'))"))
        .message(format!("each must be {GALLERY_OR_DEFINITION_WORDS}").as_str())
}

/// An image is of the Marketplace or of a gallery.
pub(crate) fn an_image_of_one_place() -> Rule {
    Rule::new("has(self.publisher) != has(self.id) && (has(self.publisher) || !has(self.offer)) && (has(self.offer) || !has(self.sku))")
        .message("set publisher, with offer and sku where these matter, for images of the Marketplace, or id alone for images of a gallery")
}

/// An override is for the pinned version.
pub(crate) fn an_override_is_of_the_pinned() -> Rule {
    Rule::new(
        "!has(self.override) || self.policy == 'Pinned' && has(self.pinned) && self.pinned == self.override.version",
    )
    .message("override is for policy: Pinned, and names the version that is pinned; take it out with any other policy or version")
    .reason(Reason::FieldValueForbidden)
    .field_path(".override")
}

/// What stands in the history stays so.
pub(crate) fn an_override_keeps_its_reason() -> Rule {
    Rule::new("self.version != oldSelf.version || self.reason == oldSelf.reason")
        .message("the reason of an override can't be changed, as it stands in the history: take the override out and set another one")
        .reason(Reason::FieldValueForbidden)
}

/// A reason that says something, in one line.
pub(crate) fn a_reason() -> Rule {
    Rule::new("self.matches('^[^\\x00-\\x1f]*[^ \\x00-\\x1f][^\\x00-\\x1f]*$')")
        .message("must be a sentence in one line, such as: CVE fix, validated by hand")
}

fn time_span(least: &str, most: &str, example: &str) -> Rule {
    Rule::new(format!(
        "self.matches('^([0-9]{{1,5}}(h|m|s))+$') && duration(self) >= duration('{least}') && duration(self) <= duration('{most}')"
    ))
    .message(format!("must be a time span between {least} and {most}, such as {example}").as_str())
}

/// A script of at most 16 KiB: the length of the schema counts characters.
pub(crate) fn script() -> Rule {
    Rule::new("bytes(self).size() <= 16384").message("must have at most 16384 bytes, in UTF-8")
}

/// What is only for a guest that is to be sealed.
pub(crate) fn only_for_a_seal() -> Rule {
    Rule::new(
        "self.prepare != 'AlreadyGeneralized' || !has(self.script) && !has(self.allow) && self.hygiene != 'Report'",
    )
    .message("nothing is run in a guest of prepare: AlreadyGeneralized: leave out script, allow and hygiene: Report")
    .reason(Reason::FieldValueForbidden)
}

/// A path in a guest, whole or with a `*` at its end.
pub(crate) fn guest_path() -> Rule {
    Rule::new("self.matches('^(/|[A-Za-z]:)[^*\\\\x00-\\\\x1f]*([*]|[^*/\\\\x00-\\\\x1f])$')").message(
        "must be a whole path in the guest, or its beginning with a * at the end: /opt/agent/id or /home/deploy/*",
    )
}

/// Tags of Azure: names of at most 512 characters without `<>%&\?/`, values of at most 256, names unique whatever
/// their case (Azure Resource Manager, "Use tags to organize your Azure resources").
pub(crate) fn tag_names() -> Rule {
    Rule::new("self.all(name, name.size() >= 1 && name.size() <= 512 && !name.matches('[<>%&\\\\\\\\?/]'))")
        .message("a tag's name has 1 to 512 characters, none of them < > % & \\ ? /")
}

/// Tag names of our own can't be set by users.
pub(crate) fn no_own_tags() -> Rule {
    Rule::new("self.all(name, !name.lowerAscii().startsWith('azimage-'))")
        .message("tags that begin with azimage- are set by the controller")
        .reason(Reason::FieldValueForbidden)
}

/// Azure compares tag names without regard to case. The reason stays the default one: for `FieldValueDuplicate` the API
/// server leaves the message out.
pub(crate) fn distinct_tags() -> Rule {
    Rule::new("self.all(a, self.all(b, a == b || a.lowerAscii() != b.lowerAscii()))")
        .message("two tags differ only in case, and to Azure they are the same")
}

/// A label's name as Kubernetes takes it: what no object can have selects nothing, and nobody would know why.
const LABEL_KEY: &str = "^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$";

/// A label's value as Kubernetes takes it.
const LABEL_VALUE: &str = "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$";

const LABEL_KEY_WORDS: &str = "no label has such a name: letters, digits, '-', '_' and '.', at most 63 characters, with or without a domain and '/' before it";
const LABEL_VALUE_WORDS: &str =
    "no label has such a value: letters, digits, '-', '_' and '.', with a letter or digit at both ends";

/// Names of labels.
pub(crate) fn label_keys() -> Rule {
    Rule::new(format!("self.all(key, key.matches('{LABEL_KEY}'))")).message(LABEL_KEY_WORDS)
}

/// Values of labels.
pub(crate) fn label_values() -> Rule {
    Rule::new(format!("self.all(key, self[key].matches('{LABEL_VALUE}'))")).message(LABEL_VALUE_WORDS)
}

/// The name of a label.
pub(crate) fn label_key() -> Rule {
    Rule::new(format!("self.matches('{LABEL_KEY}')")).message(LABEL_KEY_WORDS)
}

/// Values of a label.
pub(crate) fn listed_label_values() -> Rule {
    Rule::new(format!("self.all(value, value.matches('{LABEL_VALUE}'))")).message(LABEL_VALUE_WORDS)
}

/// The name of an object that Kubernetes keeps (a DNS subdomain of RFC 1123).
pub(crate) fn object_name() -> Rule {
    Rule::new("self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')")
        .message("must be the name of a ServiceAccount of this namespace: lower case letters, digits, '-' and '.'")
}

/// What tells one image definition from another can't be changed.
pub(crate) fn of_one_definition() -> Rule {
    Rule::new("self == oldSelf")
        .message("this field can't be changed: an object stands for one image definition, make another object for another one")
        .reason(Reason::FieldValueForbidden)
}

/// An object that stands for an image definition of its own name does so for ever.
pub(crate) fn a_definition_keeps_its_name() -> Rule {
    Rule::new("has(self.name) == has(oldSelf.name)")
        .message("spec.name can't be added or taken away: make another object for another image definition")
        .reason(Reason::FieldValueForbidden)
}

/// The region of an image definition is chosen when it is made.
pub(crate) fn a_definition_keeps_its_location() -> Rule {
    Rule::new("!has(oldSelf.location) || has(self.location)")
        .message("spec.location can't be taken away once it is set")
        .reason(Reason::FieldValueForbidden)
}

/// The region of an image definition can't be changed, but its spelling can.
pub(crate) fn same_location() -> Rule {
    Rule::new("self.lowerAscii().replace(' ', '') == oldSelf.lowerAscii().replace(' ', '')")
        .message("the region of an image definition can't be changed: its versions may be in any region all the same")
        .reason(Reason::FieldValueForbidden)
}

/// What is to be made has to be described.
pub(crate) fn a_definition_is_made_of_properties() -> Rule {
    Rule::new("self.management != 'Ensure' || has(self.properties)")
        .message("management: Ensure, the default, needs spec.properties: what the image definition is to be")
        .reason(Reason::FieldValueRequired)
        .field_path(".properties")
}

/// Trusted Launch and Confidential VM need UEFI (Azure documentation, "Trusted Launch": generation 2 alone).
pub(crate) fn generation_1_is_standard() -> Rule {
    Rule::new("self.hyperVGeneration != 'V1' || self.securityType == 'Standard'")
        .message("generation 1 has no Trusted Launch: set securityType to Standard, or hyperVGeneration to V2")
        .field_path(".securityType")
}

/// `NVMe` needs UEFI (Azure documentation of `NVMe`: generation 2 alone).
pub(crate) fn generation_1_is_scsi() -> Rule {
    Rule::new("self.hyperVGeneration != 'V1' || !self.diskControllerTypes.exists(type, type == 'NVMe')")
        .message("generation 1 has no NVMe: set diskControllerTypes to [SCSI], or hyperVGeneration to V2")
        .field_path(".diskControllerTypes")
}

/// Arm processors have UEFI alone (Azure documentation, "Generation 2 virtual machines").
pub(crate) fn generation_1_is_x64() -> Rule {
    Rule::new("self.hyperVGeneration != 'V1' || self.architecture == 'x64'")
        .message("Arm64 has no generation 1: set hyperVGeneration to V2")
        .field_path(".hyperVGeneration")
}

/// Azure knows `SCSI`, and `SCSI, NVMe` (Azure documentation of `NVMe`).
pub(crate) fn controllers_have_scsi() -> Rule {
    Rule::new("self.exists(type, type == 'SCSI')")
        .message("must be [SCSI] or [SCSI, NVMe]: there is no image for NVMe alone")
}

/// A part of the identifier of an image definition, or of a plan.
pub(crate) fn identifier() -> Rule {
    Rule::new("self.matches('^[a-zA-Z0-9]([a-zA-Z0-9_.-]*[a-zA-Z0-9_-])?$')")
        .message("must have letters, digits, dashes, underscores and periods, beginning with a letter or digit and not ending in a period")
}

/// An address of the web.
pub(crate) fn web_address() -> Rule {
    Rule::new("self.matches('^https?://[^ ]+$')").message("must be an address such as https://example.com/notes")
}

/// Two limits in order.
pub(crate) fn least_before_most() -> Rule {
    Rule::new("!has(self.min) || !has(self.max) || self.min <= self.max").message("min must not be greater than max")
}
