//! What happens, in order.

use std::time::Duration;

use anyhow::Context;
use azimage_crds::{ImageVersion, ReplicationTarget};
use jiff::Timestamp;
use kube::{Api, Client, ResourceExt, api::ListParams};
use tokio::time::Instant;

use crate::{
    arguments::Arguments,
    azure::{describe_machine, describe_version},
    picture::{Outcome, Picture, clock},
    play,
    screen::Screen,
    setup::{IMAGES, Stage, tail},
};

/// The image version of examples/imageversion.yaml.
const VERSION: &str = "ubuntu-web-1.4.0";
/// The one of examples/imageversion-from-version.yaml.
const COPY: &str = "partner-ubuntu-web-1.4.0";
/// How often the objects are looked at.
const LOOK: Duration = Duration::from_millis(200);

/// Tells the whole story. Everything that runs ends when it returns.
pub(crate) async fn tell(arguments: &Arguments, screen: &mut Screen) -> anyhow::Result<()> {
    let mut stage = Stage::set(arguments, screen).await?;
    let client = stage.cluster.admin_client().await?;
    let azure_began = stage.azure.now().await?;
    let begun = Instant::now();

    stage
        .kubectl(screen, &["apply", "-f", "examples/imageversion.yaml", "-f", "examples/replicationtargets.yaml"])
        .await?;
    screen.say("")?;
    follow(&mut stage, screen, &client, VERSION, arguments.timeout).await?;
    let requests = stage.azure.requests().await?;
    let azure_took = clock(stage.azure.now().await?.duration_since(azure_began));
    screen.say(&format!(
        "\n✓ {VERSION} is Ready: {azure_took} of Azure's time in {} s, with {} writes to Azure and {} reads",
        begun.elapsed().as_secs(),
        requests.writes,
        requests.reads
    ))?;

    screen.say("\nNow a copy of that version in another gallery, which needs no machine.")?;
    stage.kubectl(screen, &["apply", "-f", "examples/imageversion-from-version.yaml"]).await?;
    screen.say("")?;
    follow(&mut stage, screen, &client, COPY, arguments.timeout).await?;

    report(&stage, screen, &client).await?;
    if arguments.keep {
        play::until_ended(&mut stage, screen).await?;
    } else {
        screen.say("\nEverything ends now. `cargo quickstart --keep` leaves it running, with things to try.")?;
    }
    Ok(())
}

/// Shows a version and its targets until they are Ready, and fails when the version stalls or time is up.
async fn follow(
    stage: &mut Stage,
    screen: &mut Screen,
    client: &Client,
    name: &str,
    limit: Duration,
) -> anyhow::Result<()> {
    screen.end_view();
    let began = stage.azure.now().await?;
    let deadline = Instant::now() + limit;
    let problem = loop {
        let picture = look(stage, client, name, began).await?;
        let outcome = picture.outcome();
        screen.show(picture)?;
        match outcome {
            Outcome::Ready => return Ok(()),
            Outcome::Stalled(reason, message) => break format!("{name} is stalled. {reason}: {message}"),
            Outcome::Open if Instant::now() >= deadline => {
                break format!("{name} isn't Ready after {} s (--timeout)", limit.as_secs());
            }
            Outcome::Open => {}
        }
        if let Err(error) = stage.still_runs() {
            break format!("{error:#}");
        }
        tokio::time::sleep(LOOK).await;
    };
    for line in screen.last().map(Picture::frame).unwrap_or_default() {
        screen.say(&line)?;
    }
    let requests = stage.azure.requests().await?;
    screen.say(&format!("\nSo far: {} writes to Azure and {} reads", requests.writes, requests.reads))?;
    screen.say(&format!("\nThe end of azimage's log:\n{}", tail(&stage.azimage.stderr(), 20)))?;
    anyhow::bail!(problem)
}

async fn look(stage: &Stage, client: &Client, name: &str, began: Timestamp) -> anyhow::Result<Picture> {
    let versions: Api<ImageVersion> = Api::namespaced(client.clone(), IMAGES);
    let targets: Api<ReplicationTarget> = Api::namespaced(client.clone(), IMAGES);
    let version = versions.get(name).await.with_context(|| format!("can't read the ImageVersion {name}"))?;
    let targets = targets.list(&ListParams::default()).await.context("can't list the ReplicationTargets")?.items;
    let follows = |target: &ReplicationTarget| selects(target, &version);
    let targets = targets.into_iter().filter(follows).collect();
    let elapsed = stage.azure.now().await?.duration_since(began);
    Ok(Picture { elapsed, version, targets })
}

/// Whether a target wants the version, as far as examples/ go: a name or labels.
fn selects(target: &ReplicationTarget, version: &ImageVersion) -> bool {
    let by_name = target.spec.image_version_name.as_ref().is_some_and(|name| *name == version.name_any());
    let by_labels = target.spec.image_selector.as_ref().is_some_and(|selector| {
        selector.match_labels.iter().all(|(key, value)| version.labels().get(key) == Some(value))
    });
    by_name || by_labels
}

/// What kubectl and Azure say at the end.
async fn report(stage: &Stage, screen: &mut Screen, client: &Client) -> anyhow::Result<()> {
    stage.kubectl(screen, &["-n", IMAGES, "get", "azimage", "-o", "wide"]).await?;
    stage.kubectl(screen, &["-n", IMAGES, "get", "events", "--sort-by=.metadata.creationTimestamp"]).await?;

    let versions: Api<ImageVersion> = Api::namespaced(client.clone(), IMAGES);
    let version = versions.get(VERSION).await?;
    let id = version.status.as_ref().and_then(|status| status.resource_id.as_ref());
    let id = id.context("the status has no resource id")?;
    screen.say(&format!("\n$ GET {id}?$expand=ReplicationStatus"))?;
    for line in describe_version(&stage.azure.version(id).await?) {
        screen.say(&format!("  {line}"))?;
    }
    if let Some(machine) = &version.spec.source.virtual_machine {
        let name = machine.resource_id.rsplit('/').next().unwrap_or_default();
        let now = describe_machine(&stage.azure.machine(&machine.resource_id).await?);
        screen.say(&format!("  the source {name} is now: {now}"))?;
    }
    Ok(())
}
