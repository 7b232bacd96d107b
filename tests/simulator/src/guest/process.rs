//! Programs that run in a guest. Each is a future over the guest's state and its time: it goes on when the world's clock has
//! come so far, on the disk as it then is, and what kills it drops it.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use jiff::Timestamp;

use super::system::System;
use crate::clock::later;

pub(crate) type Running<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Commands that a program may run at one instant; then it waits a second.
const STEPS_AT_ONCE: u64 = 10_000;
/// Commands that a program may run in total; then it hangs.
const STEPS: u64 = 100_000;
/// Bytes that may be kept of one output or file.
pub(crate) const BYTES: usize = 1 << 18;

/// What a program and the world share while the program goes on.
#[derive(Default)]
struct Shared {
    system: System,
    now: Timestamp,
    wake: Option<Timestamp>,
    steps: u64,
    steps_now: u64,
    /// Programs that this one has started in the background.
    spawned: Vec<SpawnedProgram>,
}

/// A program that another one has started in the background.
pub(crate) struct SpawnedProgram {
    /// The unit or scope that it belongs to.
    pub(crate) unit: String,
    pub(crate) running: Running<i32>,
}

/// A program's handle to the guest.
#[derive(Clone, Default)]
pub(crate) struct Host(Arc<Mutex<Shared>>);

impl Host {
    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads or changes the guest.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut System) -> T) -> T {
        work(&mut self.shared().system)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.shared().now
    }

    /// Starts a program in the background.
    pub(crate) fn begin(&self, unit: &str, running: Running<i32>) {
        self.shared().spawned.push(SpawnedProgram { unit: unit.to_owned(), running });
    }

    /// Waits.
    pub(crate) async fn sleep(&self, seconds: f64) {
        let until = later(self.now(), seconds.clamp(0.0, 1.0e9));
        self.until(until).await;
    }

    async fn until(&self, until: Timestamp) {
        poll_fn(|_| {
            let mut shared = self.shared();
            if shared.now >= until {
                return Poll::Ready(());
            }
            shared.wake = Some(shared.wake.map_or(until, |wake| wake.min(until)));
            Poll::Pending
        })
        .await;
    }

    /// Yields to the world without waiting.
    pub(crate) async fn yields(&self) {
        let mut first = true;
        poll_fn(|_| {
            if !std::mem::take(&mut first) {
                return Poll::Ready(());
            }
            let mut shared = self.shared();
            shared.wake = Some(shared.now);
            Poll::Pending
        })
        .await;
    }

    /// Hangs.
    pub(crate) async fn hangs(&self) {
        poll_fn(|_| Poll::<()>::Pending).await;
    }

    /// Work on so many bytes counts like commands.
    pub(crate) fn costs(&self, bytes: usize) {
        let more = u64::try_from(bytes / 256).unwrap_or(u64::MAX);
        let mut shared = self.shared();
        shared.steps = shared.steps.saturating_add(more);
        shared.steps_now = shared.steps_now.saturating_add(more);
    }

    /// Counts a command. A program that runs too many is slowed down, and hangs in the end.
    pub(crate) async fn step(&self) {
        let (many, too_many) = {
            let mut shared = self.shared();
            shared.steps += 1;
            shared.steps_now += 1;
            (shared.steps_now > STEPS_AT_ONCE, shared.steps > STEPS)
        };
        if too_many {
            self.hangs().await;
        }
        if many {
            self.sleep(1.0).await;
            self.shared().steps_now = 0;
        }
    }

    /// `work` until it ends, at most so many seconds; nothing where it didn't end.
    pub(crate) async fn at_most<T>(&self, seconds: f64, work: impl Future<Output = T>) -> Option<T> {
        let until = later(self.now(), seconds.clamp(0.0, 1.0e9));
        let mut work = std::pin::pin!(work);
        poll_fn(|context| {
            if let Poll::Ready(result) = work.as_mut().poll(context) {
                return Poll::Ready(Some(result));
            }
            let mut shared = self.shared();
            if shared.now >= until {
                return Poll::Ready(None);
            }
            shared.wake = Some(shared.wake.map_or(until, |wake| wake.min(until)));
            Poll::Pending
        })
        .await
    }

    /// `work`, or nothing if the unit that it belongs to is killed first.
    pub(crate) async fn inside<T>(&self, unit: &str, work: impl Future<Output = T>) -> Option<T> {
        let kills = self.with(|system| system.kills_of(unit));
        let mut work = std::pin::pin!(work);
        poll_fn(|context| {
            if self.with(|system| system.kills_of(unit)) != kills {
                return Poll::Ready(None);
            }
            match work.as_mut().poll(context) {
                Poll::Ready(result) => Poll::Ready(Some(result)),
                Poll::Pending if self.with(|system| system.kills_of(unit)) != kills => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    }
}

/// What a program belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The script of a run command: its key and its run.
    Script { command: String, run: u64 },
    /// A unit, and which turn of it.
    Unit { name: String, turn: u64 },
    /// Started by another program and left alone.
    Aside,
}

/// A program in a guest.
pub(crate) struct Process {
    pub(crate) machine: String,
    pub(crate) boot: u64,
    pub(crate) purpose: Purpose,
    /// The unit or scope that it belongs to.
    pub(crate) unit: String,
    pub(crate) output: Written,
    pub(crate) error: Written,
    host: Host,
    running: Running<i32>,
}

/// What was written to an output.
pub(crate) type Written = Arc<Mutex<Vec<u8>>>;

pub(crate) fn written(output: &Written) -> String {
    String::from_utf8_lossy(&output.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
}

/// How far a program has come.
pub(crate) struct Progress {
    /// Its exit code, if it has ended.
    pub(crate) ended: Option<i32>,
    /// When it goes on by itself.
    pub(crate) wake: Option<Timestamp>,
    /// Programs that it has started beside itself.
    pub(crate) spawned: Vec<Process>,
}

impl Process {
    pub(crate) fn new(
        machine: &str,
        boot: u64,
        purpose: Purpose,
        unit: &str,
        start: impl FnOnce(Host, Written, Written) -> Running<i32>,
    ) -> Self {
        let (host, output, error) = (Host::default(), Written::default(), Written::default());
        let inner = start(host.clone(), output.clone(), error.clone());
        Self {
            machine: machine.to_owned(),
            boot,
            purpose,
            unit: unit.to_owned(),
            output,
            error,
            running: guarded(host.clone(), unit.to_owned(), inner),
            host,
        }
    }

    /// Goes on as far as it can at this instant.
    pub(crate) fn goes_on(&mut self, system: &mut System, now: Timestamp) -> Progress {
        {
            let mut shared = self.host.shared();
            std::mem::swap(&mut shared.system, system);
            shared.now = now;
            shared.wake = None;
            shared.steps_now = 0;
        }
        let mut context = Context::from_waker(Waker::noop());
        let mut ended = None;
        // A program that only yields goes on at once, but not for ever.
        for _ in 0..1000 {
            self.host.shared().wake = None;
            if let Poll::Ready(code) = self.running.as_mut().poll(&mut context) {
                ended = Some(code);
                break;
            }
            if self.host.shared().wake != Some(now) {
                break;
            }
        }
        let mut shared = self.host.shared();
        std::mem::swap(&mut shared.system, system);
        let wake = shared.wake.map(|wake| wake.max(later(now, 0.001)));
        let spawned = std::mem::take(&mut shared.spawned);
        drop(shared);
        let spawned = spawned.into_iter().map(|one| Self {
            machine: self.machine.clone(),
            boot: self.boot,
            purpose: Purpose::Aside,
            running: guarded(self.host.clone(), one.unit.clone(), one.running),
            unit: one.unit,
            output: self.output.clone(),
            error: self.error.clone(),
            host: self.host.clone(),
        });
        Progress { ended, wake, spawned: spawned.collect() }
    }
}

/// A program that ends when its unit is killed.
fn guarded(host: Host, unit: String, inner: Running<i32>) -> Running<i32> {
    Box::pin(async move { host.inside(&unit, inner).await.unwrap_or(137) })
}
