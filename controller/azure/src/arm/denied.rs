//! Which right is missing, out of what Azure says about it.

use crate::arm::error_body::ErrorBody;

/// The missing action and the scope it is missing on.
///
/// Messages are localised but keep actions and scopes in quotes, so the parts between quotes are told apart by their
/// shape alone; counting quotes would stumble over apostrophes. A `LinkedAuthorizationFailed` first names the action
/// that *is* allowed and then the one on the linked resource that is not; when it names none, the linked subscription
/// belongs to another tenant.
pub(crate) fn missing_right(body: &ErrorBody) -> (Option<String>, Option<String>) {
    let quoted: Vec<&str> = body.message.split('\'').filter(|part| !part.trim().contains(is_gap)).collect();
    let mut actions = quoted.iter().copied().filter(|part| is_action(part));
    let mut scopes = quoted.iter().copied().filter(|part| part.starts_with('/'));
    if !body.has_code(&["LinkedAuthorizationFailed"]) {
        return (actions.next().map(str::to_owned), scopes.next().map(str::to_owned));
    }
    let action = actions.nth(1);
    let scope = match action {
        Some(_) => scopes.nth(1).map(str::to_owned),
        None => quoted.iter().rfind(|part| is_guid(part)).map(|subscription| format!("/subscriptions/{subscription}")),
    };
    (action.map(str::to_owned), scope)
}

/// Separates words, and so never stands inside a quoted name. Lists of actions are separated by bare commas.
fn is_gap(character: char) -> bool {
    character.is_whitespace()
}

/// `Namespace.Name/type/verb`.
fn is_action(part: &str) -> bool {
    part.starts_with(|first: char| first.is_ascii_alphabetic())
        && part.split_once('/').is_some_and(|(namespace, _)| namespace.contains('.'))
}

fn is_guid(text: &str) -> bool {
    text.len() == 36 && text.chars().all(|character| character == '-' || character.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_missing_right_is_named() {
        let vm = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/a";
        let version =
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/c/images/i/versions/1.0.0";
        let subscription = "0a1b2c3d-0000-0000-0000-00000000abcd";
        for (code, message, action, scope) in [
            (
                "AuthorizationFailed",
                format!(
                    "The client 'c' with object id 'o' does not have authorization to perform action 'Microsoft.Compute/virtualMachines/read' over scope '{vm}' or the scope is invalid. If access was recently granted, please refresh your credentials."
                ),
                Some("Microsoft.Compute/virtualMachines/read"),
                Some(vm.to_owned()),
            ),
            (
                "LinkedAuthorizationFailed",
                format!(
                    "The client 'c' with object id 'o' has permission to perform action 'Microsoft.Compute/galleries/images/versions/write' on scope '{version}'; however, it does not have permission to perform action(s) 'Microsoft.Compute/virtualMachines/write' on the linked scope(s) '{vm}' (respectively) or the linked scope(s) are invalid."
                ),
                Some("Microsoft.Compute/virtualMachines/write"),
                Some(vm.to_owned()),
            ),
            (
                "LinkedAuthorizationFailed",
                format!(
                    "The client has permission to perform action 'Microsoft.Compute/galleries/images/versions/write' on scope '{version}', however the current tenant 't' is not authorized to access linked subscription '{subscription}'."
                ),
                None,
                Some(format!("/subscriptions/{subscription}")),
            ),
            (
                "AuthorizationFailed",
                format!(
                    "Le client 'c' n'est pas autorisé à effectuer l'action 'Microsoft.Compute/virtualMachines/read' sur l'étendue '{vm}'."
                ),
                Some("Microsoft.Compute/virtualMachines/read"),
                Some(vm.to_owned()),
            ),
            ("AuthorizationFailed", "Keine Rechte.".to_owned(), None, None),
        ] {
            let body = ErrorBody { code: code.to_owned(), message };
            assert_eq!(missing_right(&body), (action.map(str::to_owned), scope), "{}", body.message);
        }
    }
}
