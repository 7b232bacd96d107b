//! The page of logs.

use std::process::Command;

use azimage_end_to_end::{Controller, Kind, Test};

use super::{file, runbooks::lines};

const POD: &str = "kubectl -n azimage logs deployment/azimage";

/// The commands of the page find something in what the controller said of a version that is Ready.
pub(super) async fn each_command_finds_something(test: &Test, controller: &Controller, name: &str) {
    let version = test.ready(Kind::Version, name).await;
    let steps = version.at("/status/steps").as_array().unwrap();
    let id = steps.iter().find_map(|step| step["correlationId"].as_str()).unwrap();
    let said = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(said.path(), controller.output()).unwrap();
    let page = file("docs/logs.md");
    let mut count = 0;
    for line in lines(&page).into_iter().filter(|line| line.starts_with(POD)) {
        let command = line.replace(POD, &format!("cat {}", said.path().display()));
        let command = command.replace("\"images\"", &format!("\"{}\"", test.namespace));
        let command = command.replace("NAME", name).replace("\"ID\"", &format!("\"{id}\""));
        let found = Command::new("sh").args(["-c", &command]).output().unwrap();
        assert!(found.status.success() && !found.stdout.is_empty(), "it finds nothing: {command}");
        count += 1;
    }
    assert!(count > 2, "{count}");
}
