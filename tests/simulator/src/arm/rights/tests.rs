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
fn what_a_role_leaves_out_another_one_may_give() {
    let grant = |action: &str, without: &str| Grant {
        scope: "/".to_owned(),
        actions: vec![action.to_owned()],
        not_actions: vec![without.to_owned()],
    };
    let contributor = grant("*", "Microsoft.Authorization/*/Write");
    let write = "Microsoft.Authorization/roleAssignments/write";
    assert!(!Rights::Only(vec![contributor.clone()]).allow(write, "/subscriptions/s"));
    assert!(Rights::Only(vec![contributor, grant(write, "")]).allow(write, "/subscriptions/s"));
}

#[test]
fn roles_allow_their_actions_below_their_scope_only() {
    let role = |scope: &str, action: &str| {
        Rights::Only(vec![Grant {
            scope: scope.to_owned(),
            actions: vec![action.to_owned()],
            not_actions: vec!["*/wRite".to_owned()],
        }])
    };
    let id = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm";
    let read = "Microsoft.Compute/virtualMachines/read";
    let cases = [
        ("no roles", Rights::Everything, true),
        ("an empty list", Rights::Only(vec![]), false),
        ("the root", role("/", "*"), true),
        ("a wildcard in the middle", role("/subscriptions/S", "Microsoft.Compute/*/read"), true),
        ("another group whose name begins the same", role("/subscriptions/s/resourceGroups/r", "*"), false),
        ("another action", role("/subscriptions/s", "Microsoft.Compute/virtualMachines/write"), false),
    ];
    for (name, roles, expected) in cases {
        assert_eq!(roles.allow(read, id), expected, "{name}");
    }
}
