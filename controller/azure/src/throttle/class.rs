//! What Azure counts a request as, read off its method and path.

use http::Method;

/// Kinds of requests that Azure counts apart (behaviour section 23). Few, so that they serve as labels of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Every GET, as Resource Manager counts it.
    Reads,
    /// Every PUT, PATCH and POST, as Resource Manager counts it.
    Writes,
    /// Every DELETE, as Resource Manager counts it.
    Deletes,
    /// GET of an image version.
    VersionReads,
    /// The list of an image definition's versions.
    VersionLists,
    /// PUT and PATCH of an image version.
    VersionWrites,
    /// DELETE of an image version.
    VersionDeletes,
    /// GET of a gallery or an image definition.
    GalleryReads,
    /// Writes of a gallery or an image definition.
    GalleryWrites,
    /// GET of a virtual machine and of what lies below it, and where its serial console log is.
    MachineReads,
    /// Writes of a virtual machine, its run commands and its actions.
    MachineUpdates,
    /// DELETE and deallocate of a virtual machine.
    MachineDeletes,
    /// GET of a long-running operation.
    OperationReads,
    /// What the provider is not known to count apart.
    Other,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 14] = [
        Self::Reads,
        Self::Writes,
        Self::Deletes,
        Self::VersionReads,
        Self::VersionLists,
        Self::VersionWrites,
        Self::VersionDeletes,
        Self::GalleryReads,
        Self::GalleryWrites,
        Self::MachineReads,
        Self::MachineUpdates,
        Self::MachineDeletes,
        Self::OperationReads,
        Self::Other,
    ];

    /// What the provider counts a request as: one of few, whatever the path.
    pub fn of(method: &Method, path: &str) -> Self {
        RequestClass::of(method, path).provider
    }

    /// The name in labels and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Writes => "writes",
            Self::Deletes => "deletes",
            Self::VersionReads => "version_reads",
            Self::VersionLists => "version_lists",
            Self::VersionWrites => "version_writes",
            Self::VersionDeletes => "version_deletes",
            Self::GalleryReads => "gallery_reads",
            Self::GalleryWrites => "gallery_writes",
            Self::MachineReads => "machine_reads",
            Self::MachineUpdates => "machine_updates",
            Self::MachineDeletes => "machine_deletes",
            Self::OperationReads => "operation_reads",
            Self::Other => "other",
        }
    }

    /// Size of the bucket and tokens a minute for one resource, where Azure documents them.
    pub(super) fn of_resource(self) -> Option<(f64, f64)> {
        match self {
            Self::MachineReads => Some((36.0, 12.0)),
            Self::MachineUpdates | Self::MachineDeletes => Some((12.0, 4.0)),
            Self::OperationReads => Some((45.0, 15.0)),
            _ => None,
        }
    }

    /// Size of the bucket and tokens a minute of a principal in a subscription, where Azure documents them.
    pub(super) fn of_principal(self) -> Option<(f64, f64)> {
        match self {
            Self::Reads => Some((250.0, 1500.0)),
            Self::Writes | Self::Deletes => Some((200.0, 600.0)),
            _ => None,
        }
    }
}

/// What a request counts against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestClass {
    pub(super) subscription: String,
    /// Known of operations only: other paths do not name it.
    pub(super) region: String,
    /// How Resource Manager counts it.
    pub(super) gateway: Class,
    /// How the provider counts it.
    pub(super) provider: Class,
    /// The machine or the operation that has a budget of its own.
    pub(super) resource: Option<String>,
}

impl RequestClass {
    /// Total: every path gives something.
    pub(crate) fn of(method: &Method, path: &str) -> Self {
        let path = path.to_ascii_lowercase();
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        let after =
            |name: &str| segments.iter().position(|segment| *segment == name).and_then(|at| segments.get(at + 1));
        let rest = segments
            .iter()
            .rposition(|segment| *segment == "providers")
            .map_or(&[][..], |at| segments.get(at + 2..).unwrap_or_default());
        let kinds: Vec<&str> = rest.iter().step_by(2).copied().collect();
        let named = rest.len().is_multiple_of(2);
        let (read, delete) = (*method == Method::GET, *method == Method::DELETE);
        let provider = match kinds.as_slice() {
            ["locations", "operations" | "capsoperations" | "diskoperations"] => Class::OperationReads,
            ["galleries", "images", "versions"] if read && named => Class::VersionReads,
            ["galleries", "images", "versions"] if read => Class::VersionLists,
            ["galleries", "images", "versions"] if delete => Class::VersionDeletes,
            ["galleries", "images", "versions"] => Class::VersionWrites,
            ["galleries", ..] if read => Class::GalleryReads,
            ["galleries", ..] => Class::GalleryWrites,
            ["virtualmachines", ..] if read => Class::MachineReads,
            ["virtualmachines", "retrievebootdiagnosticsdata"] => Class::MachineReads,
            ["virtualmachines"] if delete => Class::MachineDeletes,
            ["virtualmachines", "deallocate"] => Class::MachineDeletes,
            ["virtualmachines", ..] => Class::MachineUpdates,
            _ => Class::Other,
        };
        let resource = match (kinds.first(), rest) {
            (Some(&"virtualmachines"), [_, name, ..]) => {
                Some(format!("{}/{name}", after("resourcegroups").unwrap_or(&"")))
            }
            (Some(&"locations"), [_, _, _, operation, ..]) => Some((*operation).to_owned()),
            _ => None,
        };
        Self {
            subscription: after("subscriptions").map(|id| (*id).to_owned()).unwrap_or_default(),
            region: after("locations").map(|region| (*region).to_owned()).unwrap_or_default(),
            gateway: match *method {
                Method::GET | Method::HEAD => Class::Reads,
                Method::DELETE => Class::Deletes,
                _ => Class::Writes,
            },
            provider,
            resource,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn method_and_path_tell_what_a_request_counts_as() {
        let group = "/subscriptions/S/resourceGroups/RG/providers/Microsoft.Compute";
        for (method, path, gateway, provider, resource) in [
            (Method::GET, "/galleries/g/images/d/versions/1.0.0", Class::Reads, Class::VersionReads, None),
            (Method::GET, "/galleries/g/images/d/versions", Class::Reads, Class::VersionLists, None),
            (Method::PUT, "/galleries/g/images/d/versions/1.0.0", Class::Writes, Class::VersionWrites, None),
            (Method::DELETE, "/galleries/g/images/d/versions/1.0.0", Class::Deletes, Class::VersionDeletes, None),
            (Method::GET, "/galleries/g/images/d", Class::Reads, Class::GalleryReads, None),
            (Method::PUT, "/galleries/g", Class::Writes, Class::GalleryWrites, None),
            (Method::GET, "/virtualMachines/Vm", Class::Reads, Class::MachineReads, Some("rg/vm")),
            (Method::GET, "/virtualMachines/vm/runCommands/c", Class::Reads, Class::MachineReads, Some("rg/vm")),
            (Method::PATCH, "/virtualMachines/vm", Class::Writes, Class::MachineUpdates, Some("rg/vm")),
            (Method::POST, "/virtualMachines/vm/generalize", Class::Writes, Class::MachineUpdates, Some("rg/vm")),
            (
                Method::POST,
                "/virtualMachines/vm/retrieveBootDiagnosticsData",
                Class::Writes,
                Class::MachineReads,
                Some("rg/vm"),
            ),
            (Method::POST, "/virtualMachines/vm/deallocate", Class::Writes, Class::MachineDeletes, Some("rg/vm")),
            (Method::DELETE, "/virtualMachines/vm", Class::Deletes, Class::MachineDeletes, Some("rg/vm")),
            (Method::DELETE, "/virtualMachines/vm/runCommands/c", Class::Deletes, Class::MachineUpdates, Some("rg/vm")),
            (Method::GET, "/disks/d", Class::Reads, Class::Other, None),
            (
                Method::GET,
                "/virtualMachines/vm/providers/Microsoft.Authorization/locks",
                Class::Reads,
                Class::Other,
                None,
            ),
            (Method::GET, "", Class::Reads, Class::Other, None),
        ] {
            let counted = RequestClass::of(&method, &format!("{group}{path}"));
            assert_eq!(
                (counted.gateway, counted.provider, counted.resource.as_deref(), counted.subscription.as_str()),
                (gateway, provider, resource, "s"),
                "{method} {path}"
            );
        }
        let poll = RequestClass::of(
            &Method::GET,
            "/subscriptions/s/providers/Microsoft.Compute/locations/WestEurope/capsOperations/ID",
        );
        assert_eq!((poll.provider, poll.region.as_str()), (Class::OperationReads, "westeurope"));
        assert_eq!(poll.resource.as_deref(), Some("id"));
        assert_eq!(RequestClass::of(&Method::GET, "").provider, Class::Other);
    }
}
