use clap::CommandFactory;

use super::*;

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn a_role_is_printed_for_a_job_and_its_scopes() {
    let parse = |extra: &[&str]| Cli::try_parse_from(["azimage", "azure-role"].iter().chain(extra));
    let group = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/builders";
    let Command::AzureRole(arguments) = parse(&["--job", "capture", "--scope", group]).unwrap().command else {
        panic!("another command");
    };
    let role: serde_json::Value = serde_json::from_str(&arguments.text()).unwrap();
    assert_eq!(role["Name"], "azimage capture");
    assert_eq!(role["AssignableScopes"], serde_json::json!([group]));
    assert_eq!(role["Actions"][0], "Microsoft.Compute/virtualMachines/read");
    for refused in
        [&["--job", "capture"][..], &["--scope", "/subscriptions/x"], &["--scope", group, "--job", "validation"]]
    {
        assert!(parse(refused).is_err(), "{refused:?}");
    }
}

#[test]
fn time_spans_are_read_as_kubernetes_writes_them() {
    for (text, expected) in [
        ("15s", Ok(Duration::from_secs(15))),
        ("1h30m", Ok(Duration::from_secs(5400))),
        ("500ms", Ok(Duration::from_millis(500))),
        ("0s", Err(())),
        ("-1s", Err(())),
        ("soon", Err(())),
    ] {
        assert_eq!(duration(text).map_err(|_| ()), expected, "{text}");
    }
}

#[test]
fn leader_election_is_switched_with_and_without_a_value() {
    let elects = |extra: &[&str]| {
        let cli = Cli::try_parse_from(["azimage", "controller"].iter().chain(extra)).unwrap();
        matches!(cli.command, Command::Controller(arguments) if arguments.leader_elect)
    };
    for (extra, expected) in [
        (&[][..], false),
        (&["--leader-elect"], true),
        (&["--leader-elect=true"], true),
        (&["--leader-elect=false"], false),
        (&["--leader-elect", "--poll-interval", "1s"], true),
    ] {
        assert_eq!(elects(extra), expected, "{extra:?}");
    }
}

#[test]
fn a_custom_cloud_needs_both_of_its_addresses() {
    let parse = |extra: &[&str]| Cli::try_parse_from(["azimage", "controller"].iter().chain(extra)).is_ok();
    assert!(parse(&[]));
    assert!(!parse(&["--azure-resource-manager", "https://a"]));
    assert!(parse(&["--azure-resource-manager", "https://a", "--azure-authority-host", "https://b"]));
}
