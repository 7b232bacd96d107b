//! Carries out a read.

use azimage_azure::{Call, Client, Error};
use azimage_core::image_version::{Observed, Read, Reading, SourceSpec, Validated};

use super::{CallError, convert, failure::absent};

/// Reads one thing into `observed`.
pub(crate) async fn read(client: &Client, call: &Call, validated: &Validated, read: Read, observed: &mut Observed) {
    match (read, &validated.source) {
        (Read::Version, _) => {
            observed.version = reading(client.image_version(call, &validated.id).await, convert::version);
        }
        (Read::Definition, _) => {
            let definition = client.image_definition(call, validated.id.definition()).await;
            observed.definition = reading(definition, convert::definition);
        }
        (Read::VirtualMachine, SourceSpec::VirtualMachine { id, .. }) => {
            observed.virtual_machine = reading(client.virtual_machine(call, id).await, convert::machine);
        }
        (Read::Seal, SourceSpec::VirtualMachine { seal, .. }) => {
            observed.seal = reading(client.run_command(call, seal).await, convert::seal);
        }
        (Read::SourceVersion, SourceSpec::ImageVersion { id }) => {
            let version = client.image_version(call, id).await;
            let both = match version {
                Ok(version) => {
                    client.image_definition(call, id.definition()).await.map(|definition| (version, definition))
                }
                Err(error) => Err(error),
            };
            observed.source_version = reading(both, convert::source_version);
        }
        // The plan asks only for what its source has.
        (Read::VirtualMachine | Read::Seal | Read::SourceVersion, _) => {}
    }
}

fn reading<A, B>(answer: Result<A, Error>, convert: impl FnOnce(A) -> B) -> Reading<B> {
    match answer {
        Ok(found) => Reading::Found(convert(found)),
        Err(error) => {
            if let Some(absent) = absent(&error) {
                return Reading::Missing(absent);
            }
            tracing::debug!(%error, "Could not read from Azure");
            Reading::Failed(CallError::from(error).failure)
        }
    }
}
