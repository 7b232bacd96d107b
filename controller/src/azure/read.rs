//! Carries out a read.

use std::time::Duration;

use azimage_azure::{Call, Client, Error, OperationUrl};
use azimage_core::image_version::{Absent, Facts, OperationOf, Read, Reading, Readings};

use super::{CallError, Lists, convert, failure::absent};

/// With what things are read.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) client: &'a Client,
    pub(crate) call: &'a Call,
    pub(crate) lists: &'a Lists,
    /// Asked how long a new list is good for.
    pub(crate) period: &'a (dyn Fn() -> Duration + Sync),
    /// The time since the start of the process.
    pub(crate) uptime: &'a (dyn Fn() -> Duration + Sync),
    /// Asked where an operation is read.
    pub(crate) operation: &'a (dyn Fn(&OperationOf) -> Option<OperationUrl> + Sync),
}

impl Reader<'_> {
    /// Reads one thing. The answer is how long to wait, if it couldn't be read for too many requests.
    pub(crate) async fn read(&self, read: Read, facts: &mut Facts) -> Option<Duration> {
        let (client, call) = (self.client, self.call);
        match read {
            Read::Version(id) => {
                let answer = client.image_version(call, &id).await;
                self.keep(&mut facts.versions, id, answer, convert::version)
            }
            Read::ListedVersion(id) => {
                let (listed, wait) = self.lists.entry(client, call, &id, self.period).await;
                facts.listed.put(id, listed, (self.uptime)());
                wait
            }
            Read::Definition(id) => {
                let answer = client.image_definition(call, &id).await;
                self.keep(&mut facts.definitions, id, answer, convert::definition)
            }
            Read::Machine(id) => {
                let answer = client.virtual_machine(call, &id).await;
                self.keep(&mut facts.machines, id, answer, convert::machine)
            }
            Read::RunCommand(id) => {
                let answer = client.run_command(call, &id).await;
                self.keep(&mut facts.run_commands, id, answer, convert::run_command)
            }
            Read::Disk(id) => {
                let answer = client.disk(call, &id).await;
                self.keep(&mut facts.disks, id, answer, convert::disk)
            }
            Read::Snapshot(id) => {
                let answer = client.snapshot(call, &id).await;
                self.keep(&mut facts.snapshots, id, answer, convert::disk)
            }
            Read::ManagedImage(id) => {
                let answer = client.managed_image(call, &id).await;
                self.keep(&mut facts.managed_images, id, answer, convert::managed_image)
            }
            Read::Temporary(id) => {
                let answer = client.temporary(call, convert::kind(&id)).await;
                self.keep(&mut facts.temporaries, id, answer, convert::temporary)
            }
            Read::Belonging(id) => {
                let answer = client.belonging(call, convert::kind_of_belonging(&id)).await;
                self.keep(&mut facts.belongings, id, answer, convert::belonging)
            }
            Read::Gallery(id) => {
                let answer = client.gallery(call, &id).await;
                self.keep(&mut facts.galleries, id, answer, |gallery| convert::gallery(&gallery))
            }
            Read::SoftDeleted(id) => {
                let answer = client.soft_deleted_versions(call, &id).await;
                self.keep(&mut facts.soft_deleted, id, answer, convert::soft_deleted)
            }
            Read::Permissions(scope) => {
                let answer = client.permissions(call, &scope.to_string()).await;
                self.keep(&mut facts.permissions, scope, answer, convert::permissions)
            }
            Read::Locks(scope) => {
                let answer = client.locks(call, &scope.to_string()).await;
                self.keep(&mut facts.locks, scope, answer, convert::locks)
            }
            Read::Console(of) => {
                let log = client.serial_console_log(call, &of.machine).await;
                let nonce = of.nonce.clone();
                self.keep(&mut facts.consoles, of, log, |log| convert::console(log, nonce.as_deref()))
            }
            Read::ConsoleEnd(id) => {
                let record = client.boot_record(call, &id).await;
                self.keep(&mut facts.console_ends, id, record, convert::console_end)
            }
            Read::Regions(subscription) => {
                let (regions, wait) = self.lists.regions().of(client, call, &subscription).await;
                facts.regions.put(subscription, regions, (self.uptime)());
                wait
            }
            Read::ScaleSets(id) => {
                let answer = client.scale_sets_of(call, &id).await;
                self.keep(&mut facts.scale_sets, id, answer, convert::scale_sets)
            }
            Read::Activity(of) => {
                let Ok(correlation_id) = of.id.parse() else {
                    facts.activities.put(of, Reading::Missing(Absent::Resource), (self.uptime)());
                    return None;
                };
                let answer = client.failure_in_activity_log(call, &of.subscription, correlation_id, of.at).await;
                self.keep(&mut facts.activities, of, answer, convert::activity)
            }
            // Kubernetes tells it, not Azure: the pass asks there.
            Read::Namespace(name) => {
                facts.namespaces.put(name, Reading::Missing(Absent::Resource), (self.uptime)());
                None
            }
            Read::Operation(of) => {
                let Some(url) = (self.operation)(&of) else {
                    facts.operations.put(of, Reading::Missing(Absent::Resource), (self.uptime)());
                    return None;
                };
                let answer = client.operation(call, &url).await;
                self.keep(&mut facts.operations, of, answer, convert::operation)
            }
        }
    }

    fn keep<K: Ord, A, B>(
        &self,
        into: &mut Readings<K, B>,
        id: K,
        answer: Result<A, Error>,
        convert: impl FnOnce(A) -> B,
    ) -> Option<Duration> {
        let (reading, wait) = reading(answer, convert);
        into.put(id, reading, (self.uptime)());
        wait
    }
}

/// What an answer says. Besides, how long to wait, if there were too many requests.
pub(super) fn reading<A, B>(answer: Result<A, Error>, convert: impl FnOnce(A) -> B) -> (Reading<B>, Option<Duration>) {
    match answer.map_err(|error| absent(&error).ok_or(error)) {
        Ok(found) => (Reading::Found(convert(found)), None),
        Err(Ok(absent)) => (Reading::Missing(absent), None),
        Err(Err(error)) => {
            tracing::debug!(%error, "Could not read from Azure");
            let error = CallError::from(error);
            let wait = error.throttled();
            (Reading::Failed(error.failure), wait)
        }
    }
}
