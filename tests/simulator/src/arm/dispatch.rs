//! Which part of the world answers a request.

use http::{Method, StatusCode};

use super::{
    call::{Answer, Call, Reply},
    error::ArmError,
    refusals::{not_supported, parent_not_found},
};
use crate::resources::{
    Resources,
    operation::{OperationStatus, OperationType, PowerChange},
};

impl Resources {
    /// Answers a request that is authenticated, authorized and well-formed.
    pub(crate) fn dispatch(&mut self, call: &Call<'_>) -> Answer {
        if call.address.tags {
            return self.tags_interface(call);
        }
        let kind = call.address.kind();
        if call.address.is_provider() {
            return self.provider_call(call);
        }
        // A read below something that is not there tells of the parent.
        if call.method == Method::GET && !call.address.is_collection() && call.address.types.len() > 1 {
            let parent = call.address.parent();
            if !kind.starts_with("locations/") && kind != "eventtypes/values" && !self.is_parent(&parent.key()) {
                return Err(parent_not_found(&parent));
            }
        }
        if call.address.namespace.is_none() {
            return match (call.address.group.is_some(), kind.as_str()) {
                (true, "") => self.group_call(call),
                (false, "resourcegroups") if call.method == Method::GET => Ok(self.groups_list(call)),
                _ => Err(not_supported(call)),
            };
        }
        if call.address.namespace.as_ref().is_some_and(|namespace| namespace.eq_ignore_ascii_case("Microsoft.Network"))
        {
            return self.network_call(call);
        }
        if kind == "galleries/softdeletedartifacttypes/artifacts/versions" {
            return self.soft_deleted_list(call);
        }
        if kind == "eventtypes/values" {
            return self.activity_values(call);
        }
        if kind.starts_with("locations/") {
            return self.operation_get(call, &kind);
        }
        if call.address.is_collection() {
            return self.collection_or_action(call, &kind);
        }
        match (kind.as_str(), call.method) {
            ("virtualmachines", &Method::GET) => self.machine_get(call),
            ("virtualmachines", &Method::PUT) => self.machine_put(call),
            ("virtualmachines", &Method::PATCH) => self.machine_patch(call),
            ("virtualmachines", &Method::DELETE) => Ok(self.machine_delete(call)),
            ("virtualmachines/runcommands", &Method::GET) => self.run_command_get(call),
            ("virtualmachines/runcommands", &Method::PUT) => self.run_command_put(call),
            ("virtualmachines/runcommands", &Method::PATCH) => self.run_command_patch(call),
            ("virtualmachines/runcommands", &Method::DELETE) => self.run_command_delete(call),
            ("disks" | "snapshots", _) => self.disk_call(call),
            ("images", _) => self.image_call(call),
            ("diskencryptionsets", _) => self.encryption_set_call(call),
            ("galleries", &Method::GET) => self.gallery_get(call),
            ("galleries", &Method::PUT) => self.gallery_put(call),
            ("galleries", &Method::PATCH) => self.gallery_patch(call),
            ("galleries", &Method::DELETE) => self.gallery_delete(call),
            ("galleries/images", &Method::GET) => self.definition_get(call),
            ("galleries/images", &Method::PUT) => self.definition_put(call),
            ("galleries/images", &Method::PATCH) => self.definition_patch(call),
            ("galleries/images", &Method::DELETE) => self.definition_delete(call),
            ("galleries/images/versions", &Method::GET) => self.version_get(call),
            ("galleries/images/versions", &Method::PUT) => self.version_put(call),
            ("galleries/images/versions", &Method::PATCH) => self.version_patch(call),
            ("galleries/images/versions", &Method::DELETE) => self.version_delete(call),
            _ => Err(not_supported(call)),
        }
    }

    fn collection_or_action(&mut self, call: &Call<'_>, kind: &str) -> Answer {
        match (kind, call.method) {
            ("virtualmachines/instanceview", &Method::GET) => self.machine_instance_view(call),
            ("virtualmachines/start", &Method::POST) => self.machine_power(call, PowerChange::Start),
            ("virtualmachines/restart", &Method::POST) => self.machine_power(call, PowerChange::Restart),
            ("virtualmachines/poweroff", &Method::POST) => self.machine_power(call, PowerChange::PowerOff),
            ("virtualmachines/deallocate", &Method::POST) => self.machine_power(call, PowerChange::Deallocate),
            ("virtualmachines/generalize", &Method::POST) => self.machine_generalize(call),
            ("virtualmachines/attachdetachdatadisks", &Method::POST) => self.data_disks_action(call),
            ("galleries/share", &Method::POST) => self.gallery_share(call),
            ("virtualmachines/runcommand", &Method::POST) => self.run_command_action(call),
            ("virtualmachines/retrievebootdiagnosticsdata", &Method::POST) => self.boot_diagnostics(call),
            _ => self.list(call),
        }
    }

    /// `…/locations/{region}/capsOperations|operations/{id}`, as `Azure-AsyncOperation` or, with `monitor=true`, as `Location`.
    pub(crate) fn operation_get(&mut self, call: &Call<'_>, kind: &str) -> Answer {
        let missing =
            || ArmError::new(StatusCode::NOT_FOUND, "NotFound", "The entity was not found in this Azure location.");
        let network =
            call.address.namespace.as_ref().is_some_and(|name| name.eq_ignore_ascii_case("Microsoft.Network"));
        let wanted = match kind {
            "locations/operations" | "locations/operationresults" if network => OperationType::Network,
            "locations/capsoperations" => OperationType::Caps,
            "locations/diskoperations" => OperationType::Disk,
            "locations/operations" => OperationType::Compute,
            _ => return Err(not_supported(call)),
        };
        let results = kind == "locations/operationresults";
        let id = call.address.name().parse().map_err(|_| missing())?;
        let operation = self
            .operations
            .get(&id)
            .filter(|operation| {
                operation.kind == wanted && operation.subscription.eq_ignore_ascii_case(&call.address.subscription)
            })
            .ok_or_else(missing)?;
        let signed: std::collections::BTreeMap<String, String> =
            url::form_urlencoded::parse(operation.signed_query(&self.certificate).as_bytes()).into_owned().collect();
        if signed.iter().any(|(name, value)| call.query.get(name) != Some(value)) {
            return Err(ArmError::new(
                StatusCode::BAD_REQUEST,
                "BadRequest",
                "The address of the operation is not complete: it must be used exactly as it was given.",
            ));
        }
        if !results && call.query.get("monitor").is_none_or(|monitor| monitor != "true") {
            return Ok(Reply::ok(operation.body()));
        }
        match (operation.status, &operation.error, &operation.output) {
            (OperationStatus::InProgress, ..) => {
                Ok(Reply::accepted(id, matches!(wanted, OperationType::Compute | OperationType::Network)))
            }
            (_, Some(error), _) => Err(error.clone()),
            (_, None, Some(output)) => Ok(Reply::ok(output.clone())),
            (_, None, None) if matches!(wanted, OperationType::Caps | OperationType::Network) => {
                Ok(Reply::empty(StatusCode::NO_CONTENT))
            }
            (_, None, None) => Ok(Reply::empty(StatusCode::OK)),
        }
    }
}
