//! How to go on when everything is left running.

use std::time::Duration;

use crate::{
    screen::Screen,
    setup::{IMAGES, Stage},
};

/// Says what can be tried, and leaves everything running until the process is ended.
pub(crate) async fn until_ended(stage: &mut Stage, screen: &mut Screen) -> anyhow::Result<()> {
    let programs = stage.cluster.programs().kubectl.parent().map(|folder| folder.display().to_string());
    let text = things_to_try(&Place {
        kubeconfig: &stage.cluster.admin_kubeconfig().display().to_string(),
        programs: programs.as_deref().unwrap_or_default(),
        control: &stage.azure.ready.control,
        log: &stage.azimage.stderr_file().display().to_string(),
        process: stage.azimage.id(),
        azimage: &stage.program().display().to_string(),
    });
    screen.say(&text)?;
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if let Some(status) = stage.azimage.exited()? {
            screen.say(&format!("\nazimage ended ({status}). It is started again, as its Deployment would do"))?;
            stage.start_again().await?;
            let (process, log) = (stage.azimage.id(), stage.azimage.stderr_file().display().to_string());
            screen.say(&format!("azimage runs as process {process}; its log: tail -f {log}"))?;
        }
        stage.still_runs()?;
    }
}

/// Where things are on this machine.
struct Place<'a> {
    kubeconfig: &'a str,
    programs: &'a str,
    control: &'a str,
    log: &'a str,
    process: u32,
    azimage: &'a str,
}

fn things_to_try(place: &Place<'_>) -> String {
    let Place { kubeconfig, programs, control, log, process, azimage } = place;
    format!(
        r#"
Everything runs on until Ctrl-C. In another terminal:

  export KUBECONFIG={kubeconfig} PATH="{programs}:$PATH"
  kubectl config set-context --current --namespace={IMAGES}
  kubectl get azimage -o wide --watch
  {azimage} status ubuntu-web-1.4.0 -o wide

Ask for the image in one more region:

  echo '{{"apiVersion": "azimage.dev/v1alpha1", "kind": "ReplicationTarget", "metadata": {{"name": "uksouth-prod"}},
    "spec": {{"region": "UK South", "imageSelector": {{"matchLabels": {{"tier": "prod"}}}}}}}}' | kubectl apply -f -

Give a region up, and see its replicas go:

  kubectl delete replicationtarget eastus2-web

Stop all work on a version, and go on:

  {azimage} suspend ubuntu-web-1.4.0
  {azimage} resume ubuntu-web-1.4.0

Kill azimage in the middle of anything; it is started again, and goes on where Azure and the objects stand:

  kill -9 {process}

Look at each region's state, each write to Azure that was made, and its correlation id:

  kubectl get imageversion ubuntu-web-1.4.0 -o jsonpath='{{.status.regions}}'
  kubectl get imageversion ubuntu-web-1.4.0 -o jsonpath='{{.status.steps}}'

Try what is refused:

  kubectl patch imageversion ubuntu-web-1.4.0 --type merge -p '{{"spec":{{"version":"1.4.1"}}}}'

See what Azure was asked, and slow its clock down to real time; docs/simulator.md tells how to make it fail:

  curl -s '{control}/requests?writes=true'
  curl -s {control}/clock -d '{{"speed": 1}}'

Times in objects, such as guest.timeout, go by the clock on the wall, and Azure's durations by its own.

azimage's log: tail -f {log}"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thing_to_try_names_what_runs_here() {
        let place =
            Place { kubeconfig: "/k", programs: "/p", control: "http://c", log: "/l", process: 7, azimage: "/a" };
        let text = things_to_try(&place);
        for wanted in [
            "export KUBECONFIG=/k PATH=\"/p:$PATH\"",
            "'http://c/requests?writes=true'",
            "http://c/clock -d '{\"speed\": 1}'",
            "\"spec\": {\"region\": \"UK South\", \"imageSelector\": {\"matchLabels\": {\"tier\": \"prod\"}}}}' | kubectl",
            "tail -f /l",
            "/a suspend ubuntu-web-1.4.0",
            "kill -9 7\n",
        ] {
            assert!(text.contains(wanted), "{wanted} is missing in {text}");
        }
    }
}
