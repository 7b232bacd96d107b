//! Who may do what (behaviour section 14).

use http::Method;

use super::address::Address;
use crate::scenario::Role;

/// The action that a request needs, in Azure's spelling where it is known.
pub(crate) fn action(method: &Method, address: &Address) -> String {
    if address.tags {
        return if method == Method::GET { "Microsoft.Resources/tags/read" } else { "Microsoft.Resources/tags/write" }
            .to_owned();
    }
    let verb = match *method {
        Method::GET | Method::HEAD => "read",
        Method::PUT | Method::PATCH => "write",
        Method::DELETE => "delete",
        _ => "action",
    };
    match &address.namespace {
        Some(namespace) => {
            let types: Vec<&str> = address.types.iter().map(|kind| spelled(kind)).collect();
            let name =
                if namespace.eq_ignore_ascii_case("Microsoft.Compute") { "Microsoft.Compute" } else { namespace };
            format!("{name}/{}/{verb}", types.join("/"))
        }
        None if address.group.is_some() || !address.types.is_empty() => {
            format!("Microsoft.Resources/subscriptions/resourceGroups/{verb}")
        }
        None => format!("Microsoft.Resources/subscriptions/{verb}"),
    }
}

fn spelled(kind: &str) -> &str {
    const NAMES: [&str; 14] = [
        "virtualMachines",
        "runCommands",
        "runCommand",
        "instanceView",
        "galleries",
        "images",
        "versions",
        "locations",
        "capsOperations",
        "operations",
        "powerOff",
        "deallocate",
        "generalize",
        "disks",
    ];
    NAMES.into_iter().find(|name| name.eq_ignore_ascii_case(kind)).unwrap_or(kind)
}

/// Do the roles allow `action` on `scope`? No roles at all means yes.
pub(crate) fn allows(roles: Option<&[Role]>, action: &str, scope: &str) -> bool {
    let Some(roles) = roles else { return true };
    roles.iter().any(|role| {
        covers(&role.scope, scope)
            && role.actions.iter().any(|pattern| fits(&pattern.to_lowercase(), &action.to_lowercase()))
    })
}

fn covers(granted: &str, scope: &str) -> bool {
    let (granted, scope) = (granted.trim_end_matches('/').to_lowercase(), scope.to_lowercase());
    scope.strip_prefix(&granted).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// `*` stands for any text.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => {
            let Some(rest) = text.strip_prefix(head) else { return false };
            (0..=rest.len()).any(|skip| rest.is_char_boundary(skip) && fits(tail, &rest[skip..]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_needs_the_published_action() {
        let base = "/subscriptions/s/resourceGroups/rg/providers/microsoft.compute";
        let cases = [
            (Method::GET, format!("{base}/virtualmachines/vm"), "Microsoft.Compute/virtualMachines/read"),
            (
                Method::GET,
                format!("{base}/virtualMachines/vm/instanceView"),
                "Microsoft.Compute/virtualMachines/instanceView/read",
            ),
            (
                Method::POST,
                format!("{base}/virtualMachines/vm/deallocate"),
                "Microsoft.Compute/virtualMachines/deallocate/action",
            ),
            (
                Method::PUT,
                format!("{base}/virtualMachines/vm/runCommands/x"),
                "Microsoft.Compute/virtualMachines/runCommands/write",
            ),
            (
                Method::DELETE,
                format!("{base}/galleries/g/images/d/versions/1.0.0"),
                "Microsoft.Compute/galleries/images/versions/delete",
            ),
            (
                Method::GET,
                "/subscriptions/s/providers/Microsoft.Compute/locations/WestEurope/capsOperations/x".to_owned(),
                "Microsoft.Compute/locations/capsOperations/read",
            ),
            (
                Method::GET,
                "/subscriptions/s/resourceGroups/rg".to_owned(),
                "Microsoft.Resources/subscriptions/resourceGroups/read",
            ),
            (
                Method::PATCH,
                format!("{base}/virtualMachines/vm/providers/Microsoft.Resources/tags/default"),
                "Microsoft.Resources/tags/write",
            ),
        ];
        for (method, path, expected) in cases {
            assert_eq!(action(&method, &Address::parse(&path).unwrap()), expected, "{path}");
        }
    }

    #[test]
    fn roles_allow_their_actions_below_their_scope_only() {
        let role = |scope: &str, action: &str| vec![Role { scope: scope.to_owned(), actions: vec![action.to_owned()] }];
        let id = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm";
        let read = "Microsoft.Compute/virtualMachines/read";
        let cases = [
            ("no roles", None, true),
            ("an empty list", Some(vec![]), false),
            ("the root", Some(role("/", "*")), true),
            ("a wildcard in the middle", Some(role("/subscriptions/S", "Microsoft.Compute/*/read")), true),
            ("another group whose name begins the same", Some(role("/subscriptions/s/resourceGroups/r", "*")), false),
            ("another action", Some(role("/subscriptions/s", "Microsoft.Compute/virtualMachines/write")), false),
        ];
        for (name, roles, expected) in cases {
            assert_eq!(allows(roles.as_deref(), read, id), expected, "{name}");
        }
    }
}
