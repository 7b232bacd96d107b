//! Carries out a read.

use std::time::Duration;

use azimage_azure::{Call, Client, Error, ImageVersion};
use azimage_core::{
    guest::console,
    image_version::{ConsoleObserved, Observed, Read, Reading, SourceSpec, Validated, seal_nonce},
};
use tokio::time::Instant;

use super::{CallError, convert, failure::absent};

/// Half of a reading that takes two requests, for when the second has to wait, and when it was read.
pub(crate) type SourceHalf = Option<(ImageVersion, Instant)>;

/// Reads one thing into `observed`. The answer is how long to wait, if it couldn't be read for too many requests.
pub(crate) async fn read(
    client: &Client,
    call: &Call,
    validated: &Validated,
    read: Read,
    observed: &mut Observed,
    half: &mut SourceHalf,
) -> Option<Duration> {
    match (read, &validated.source) {
        (Read::Version, _) => {
            reading(&mut observed.version, client.image_version(call, &validated.id).await, convert::version)
        }
        (Read::Definition, _) => {
            let definition = client.image_definition(call, validated.id.definition()).await;
            reading(&mut observed.definition, definition, convert::definition)
        }
        (Read::VirtualMachine, SourceSpec::VirtualMachine { id, .. }) => {
            reading(&mut observed.virtual_machine, client.virtual_machine(call, id).await, convert::machine)
        }
        (Read::Seal, SourceSpec::VirtualMachine { seal, .. }) => {
            reading(&mut observed.seal, client.run_command(call, seal).await, convert::seal)
        }
        (Read::Console, SourceSpec::VirtualMachine { id, .. }) => {
            let nonce = match &observed.virtual_machine {
                Reading::Found(machine) => seal_nonce(validated, machine),
                _ => None,
            };
            let log = client.serial_console_log(call, id).await;
            reading(&mut observed.console, log, |log| {
                nonce.map_or(ConsoleObserved::NoMark, |nonce| console::read(&log.unwrap_or_default(), nonce))
            })
        }
        (Read::SourceVersion, SourceSpec::ImageVersion { id }) => {
            let version = match half.take() {
                Some(half) => Ok(half),
                None => client.image_version(call, id).await.map(|version| (version, Instant::now())),
            };
            let both = match version {
                Ok((version, at)) => match client.image_definition(call, id.definition()).await {
                    Ok(definition) => Ok((version, definition)),
                    Err(error) => {
                        *half = Some((version, at));
                        Err(error)
                    }
                },
                Err(error) => Err(error),
            };
            reading(&mut observed.source_version, both, convert::source_version)
        }
        // The plan asks only for what its source has, and lists are shared.
        (Read::VirtualMachine | Read::Seal | Read::Console | Read::SourceVersion | Read::List, _) => None,
    }
}

fn reading<A, B>(into: &mut Reading<B>, answer: Result<A, Error>, convert: impl FnOnce(A) -> B) -> Option<Duration> {
    let error = match answer {
        Ok(found) => {
            *into = Reading::Found(convert(found));
            return None;
        }
        Err(error) => error,
    };
    if let Some(absent) = absent(&error) {
        *into = Reading::Missing(absent);
        return None;
    }
    tracing::debug!(%error, "Could not read from Azure");
    let error = CallError::from(error);
    let wait = error.throttled();
    *into = Reading::Failed(error.failure);
    wait
}
