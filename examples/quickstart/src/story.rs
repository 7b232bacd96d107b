//! What happens, in order.

use std::time::Duration;

use anyhow::Context;
use azimage_crds::{ConditionType, ImageVersion, ReplicationTarget};
use azimage_view::{Clock, Object, Picture, Standing, clock::short, mark::Mark};
use jiff::Timestamp;
use kube::{Api, Client, api::ListParams};
use tokio::time::Instant;

use crate::{
    arguments::Arguments,
    azure::{describe_machine, describe_version},
    play,
    screen::Screen,
    setup::{IMAGES, Stage, tail},
};

/// The image version of examples/imageversion.yaml.
const VERSION: &str = "ubuntu-web-1.4.0";
/// The one of examples/imageversion-from-version.yaml.
const COPY: &str = "partner-ubuntu-web-1.4.0";
/// What is said of azimage's end in the middle.
const KILLED: &str = "\nNow azimage is killed (kill -9), in the middle of all this, and started again. It remembers nothing but what Azure and the object show.";
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
    follow(&mut stage, screen, &client, VERSION, arguments.timeout, true).await?;
    let requests = stage.azure.requests().await?;
    let azure_took = short(stage.azure.now().await?.duration_since(azure_began));
    screen.say(&format!(
        "\n✓ {VERSION} is Ready: {azure_took} of Azure's time in {} s, with {} writes to Azure and {} reads",
        begun.elapsed().as_secs(),
        requests.writes,
        requests.reads
    ))?;
    let repeated = stage.azure.repeated().await?;
    anyhow::ensure!(repeated.is_empty(), "azimage did this twice: {}", repeated.join(", "));
    screen.say("✓ azimage was killed in the middle, and Azure's journal has none of these writes twice")?;

    screen.say("\nNow a copy of that version in another gallery, which needs no machine.")?;
    stage.kubectl(screen, &["apply", "-f", "examples/imageversion-from-version.yaml"]).await?;
    screen.say("")?;
    follow(&mut stage, screen, &client, COPY, arguments.timeout, false).await?;

    report(&stage, screen, &client).await?;
    if arguments.keep {
        play::until_ended(&mut stage, screen).await?;
    } else {
        screen.say("\nEverything ends now. `cargo quickstart --keep` leaves it running, with things to try.")?;
    }
    Ok(())
}

/// Shows a version and its targets until they are Ready, and fails when the version stalls or time is up. On the way azimage is
/// killed, if `kill` says so: when Azure has begun to make the version.
async fn follow(
    stage: &mut Stage,
    screen: &mut Screen,
    client: &Client,
    name: &str,
    limit: Duration,
    mut kill: bool,
) -> anyhow::Result<()> {
    screen.end_view();
    let began = stage.azure.now().await?;
    let deadline = Instant::now() + limit;
    let problem = loop {
        let picture = look(stage, client, name, began).await?;
        let (standing, told) = (picture.standing_of_all(), told(&picture.subject));
        let is_publishing = has_begun(&picture.subject, ConditionType::Published);
        screen.show(picture)?;
        if kill && is_publishing {
            kill = false;
            screen.say(KILLED)?;
            stage.kill_and_start_again().await?;
            screen.say("✓ a new one runs, and leads as soon as the lease of the first one has run out (15 s)\n")?;
        }
        match standing {
            Standing::Ready => return Ok(()),
            Standing::Stalled => break format!("{name} is stalled. {told}"),
            _ if Instant::now() >= deadline => {
                break format!("{name} isn't Ready after {} s (--timeout)", limit.as_secs());
            }
            Standing::Working | Standing::Unobserved => {}
        }
        if let Err(error) = stage.still_runs() {
            break format!("{error:#}");
        }
        tokio::time::sleep(LOOK).await;
    };
    for line in screen.last() {
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
    let all: Vec<Object> = targets.into_iter().map(Object::from).collect();
    let elapsed = stage.azure.now().await?.duration_since(began);
    let clock = Clock::simulated(on_the_wall(), elapsed, stage.speed);
    Ok(Picture::of(&Object::from(version), &all, clock))
}

#[allow(clippy::disallowed_methods, reason = "the times in objects are those of the clock on the wall")]
fn on_the_wall() -> Timestamp {
    Timestamp::now()
}

/// Whether work on a condition has begun, as far as the object says.
fn has_begun(object: &Object, kind: ConditionType) -> bool {
    object.condition(kind).is_some_and(|condition| Mark::of(condition) != Mark::Waiting)
}

/// Reason and message of an object that waits for a person.
fn told(object: &Object) -> String {
    let stalled = object.condition(ConditionType::Stalled);
    stalled.map(|stalled| format!("{}: {}", stalled.reason, stalled.message)).unwrap_or_default()
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
