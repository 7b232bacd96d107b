//! One entry of the activity log, as Azure shows it.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    clock::{azure_time, later},
    resources::activity::{Activity, Entry, Status},
};

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Started => "Started",
            Self::Accepted => "Accepted",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
        }
    }
}

fn both(text: &str) -> Value {
    json!({"value": text, "localizedValue": text})
}

impl Entry {
    /// The entry with all fields, or only with those of `select`; `lag` seconds lie between event and submission.
    pub(super) fn view(&self, lag: f64, select: Option<&[&str]>) -> Value {
        let Activity { action, resource, subscription, caller, object, tenant, .. } = &self.activity;
        let id = Uuid::from_u128((0xa11_u128 << 116) | u128::from(self.number));
        let reason = self.code.and_then(|code| code.canonical_reason()).unwrap_or_default().replace(' ', "");
        let namespace = self.activity.namespace.as_deref().unwrap_or("Microsoft.Resources");
        let failed = self.status == Status::Failed;
        let mut view = json!({
            "authorization": {"action": action, "scope": resource},
            "caller": caller,
            "channels": "Operation",
            "claims": {"appid": caller, "http://schemas.microsoft.com/identity/claims/objectidentifier": object},
            "correlationId": self.activity.correlation,
            "eventDataId": id,
            "eventName": both(if self.status == Status::Started { "BeginRequest" } else { "EndRequest" }),
            "category": both("Administrative"),
            "eventTimestamp": azure_time(self.at),
            "id": format!("{resource}/events/{id}/ticks/{}", self.at.as_microsecond()),
            "level": if failed { "Error" } else { "Informational" },
            "operationId": self.activity.request,
            "operationName": both(action),
            "resourceGroupName": self.activity.group.as_deref().unwrap_or_default(),
            "resourceProviderName": both(namespace),
            "resourceType": both(&format!("{namespace}/{}", self.activity.types)),
            "resourceId": resource,
            "status": both(self.status.name()),
            "subStatus": both(&reason),
            "submissionTimestamp": azure_time(later(self.at, lag)),
            "subscriptionId": subscription,
            "tenantId": tenant,
            "httpRequest": {"clientRequestId": self.activity.client_request, "method": self.activity.method},
            "properties": {"eventCategory": "Administrative", "entity": resource},
        });
        if let Some(code) = self.code {
            view["properties"]["statusCode"] = json!(reason);
            view["subStatus"]["localizedValue"] = json!(format!("{reason} (HTTP Status Code: {})", code.as_u16()));
        }
        if let Some(message) = &self.message {
            view["properties"]["statusMessage"] = json!(message);
        }
        if let (Some(select), Some(fields)) = (select, view.as_object_mut()) {
            fields.retain(|name, _| select.iter().any(|wanted| wanted.eq_ignore_ascii_case(name)));
        }
        view
    }
}
