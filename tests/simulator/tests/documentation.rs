//! The examples in docs/simulator.md work.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

use azimage_simulator::{Fault, Scenario, Simulator};

const PAGE: &str = include_str!("../../../docs/simulator.md");

#[test]
fn the_scenario_of_the_page_is_accepted() {
    let yaml = PAGE.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let scenario = Scenario::parse(yaml).unwrap();
    let simulator = Simulator::new(&scenario, "2026-01-01T00:00:00Z".parse().unwrap()).unwrap();
    let id = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/images/providers/Microsoft.Compute";
    assert!(simulator.state(&format!("{id}/virtualMachines/builder")).is_some());
    assert!(simulator.state(&format!("{id}/galleries/corp/images/web/versions/1.0.0")).is_some());
}

#[test]
fn the_guest_of_the_page_is_accepted() {
    let yaml = PAGE.split("```text\nguest:").nth(1).unwrap().split("```").next().unwrap();
    let indented: Vec<String> = format!("guest:{yaml}").lines().map(|line| format!("        {line}\n")).collect();
    let indented = indented.concat();
    let text =
        format!("subscriptions:\n- resourceGroups:\n  - name: rg\n    virtualMachines:\n      - name: vm\n{indented}");
    let scenario = Scenario::parse(&text).unwrap();
    Simulator::new(&scenario, "2026-01-01T00:00:00Z".parse().unwrap()).unwrap();
}

#[test]
fn every_fault_of_the_page_is_accepted() {
    let in_table = PAGE
        .lines()
        .filter_map(|line| line.strip_prefix("| `{\"azure\""))
        .map(|rest| format!("{{\"azure\"{}", rest.split("` |").next().unwrap()).replace('…', "x"));
    let in_shell = PAGE.split("$CONTROL/faults\" -d '").skip(1).map(|rest| {
        rest.replace("'$SUB'", "11111111-1111-4111-8111-111111111111").split('\'').next().unwrap().to_owned()
    });
    let faults: Vec<String> = in_table.chain(in_shell).collect();
    assert_eq!(faults.len(), 9);
    let mut simulator = Simulator::new(&Scenario::default(), "2026-01-01T00:00:00Z".parse().unwrap()).unwrap();
    for text in faults {
        let json = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        simulator.add_fault(Fault::from_json(json).unwrap_or_else(|error| panic!("{text}: {error}"))).unwrap();
    }
}
