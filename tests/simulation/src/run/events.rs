//! Lets the events of a plan happen, and knows which of them took effect.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use azimage_simulator::Fault;
use azimage_test_api_server::NoFaults;
use tokio::time::Instant;

use super::Stage;
use crate::{
    azure::Azure,
    link::{Link, Until},
    people::People,
    plan::{Act, Event},
};

/// By what it can be told in the end whether an event took effect.
pub(super) enum Trace {
    /// It is known.
    Known(bool),
    /// It did if it held something up between then and then.
    Held(Option<Until>, Instant, Instant),
    /// It did if this fault of Azure's was met, before it ended or until now.
    Fault(u64, Arc<AtomicBool>),
}

/// Whether a fault of Azure's was met.
fn is_met(azure: &Azure, id: u64) -> bool {
    azure.simulator().fault_states().iter().any(|state| state.id == id && state.fired > 0)
}

impl Stage<'_> {
    /// Lets all events happen, each at its time.
    pub(super) async fn events(&self) -> Vec<(Event, Trace)> {
        let mut events = self.plan.events.clone();
        events.sort_by_key(|event| event.at);
        let people = People { azure: self.azure.clone(), server: self.server.seen_through(Arc::new(NoFaults)) };
        let mut traces = Vec::new();
        for event in events {
            tokio::time::sleep_until(self.clock.moment(Duration::from_secs(event.at))).await;
            self.history.tell(format!("EVENT {:?}", event.act));
            let trace = self.happen(&event, &people).await;
            traces.push((event, trace));
        }
        traces
    }

    async fn happen(&self, event: &Event, people: &People) -> Trace {
        let end = self.clock.moment(event.end());
        let replica = |number: u8| self.replicas.get(usize::from(number));
        let lasts = |until: Option<&Until>| {
            if let Some(until) = until {
                until.extend(end);
            }
            Trace::Held(until.cloned(), Instant::now(), end)
        };
        let of = |number: u8, until: fn(&Link) -> &Until| lasts(replica(number).map(|it| until(&it.link)));
        match &event.act {
            Act::Pause { replica, .. } => of(*replica, |link| &link.paused),
            Act::Partition { replica, .. } => of(*replica, |link| &link.apart),
            Act::WatchesStall { replica, .. } => of(*replica, |link| &link.deaf),
            Act::LeaseHangs { replica, .. } => of(*replica, |link| &link.lease_hangs),
            Act::AzureAway { .. } => lasts(Some(&self.outages.azure)),
            Act::KubernetesAway { .. } => {
                self.server.cut_watches();
                lasts(Some(&self.outages.kubernetes))
            }
            Act::ClockJump { replica: number, seconds } => {
                let it = replica(*number);
                if let Some(it) = it {
                    it.clock.jump(*seconds);
                }
                Trace::Known(it.is_some())
            }
            Act::Kill { replica: number } => {
                let it = replica(*number);
                if let Some(it) = it {
                    it.link.crash.trigger();
                }
                Trace::Known(it.is_some())
            }
            Act::ForgetChanges => {
                self.server.compact(self.server.revision());
                self.server.cut_watches();
                Trace::Known(true)
            }
            Act::AzureFails { fault, seconds } => {
                let Ok(id) = self.azure.simulator().add_fault(Fault::Azure(fault.clone())) else {
                    return Trace::Known(false);
                };
                let fault_counts = Arc::new(AtomicBool::new(false));
                if seconds.is_some() {
                    let (azure, fault_counts) = (self.azure.clone(), fault_counts.clone());
                    tokio::spawn(async move {
                        tokio::time::sleep_until(end).await;
                        fault_counts.store(is_met(&azure, id), Ordering::Relaxed);
                        azure.simulator().remove_fault(id);
                    });
                }
                Trace::Fault(id, fault_counts)
            }
            act => Trace::Known(people.act(act).await),
        }
    }

    /// Those that took no effect, as text.
    pub(super) fn ineffective(&self, traces: &[(Event, Trace)]) -> Vec<String> {
        let took = |trace: &Trace| match trace {
            Trace::Known(took) => *took,
            Trace::Held(until, begin, end) => until.as_ref().is_some_and(|until| until.held_up(*begin, *end)),
            Trace::Fault(id, fault_counts) => fault_counts.load(Ordering::Relaxed) || is_met(&self.azure, *id),
        };
        let ineffective = traces.iter().filter(|(_, trace)| !took(trace));
        ineffective.map(|(event, _)| format!("event at {} took no effect: {:?}", event.at, event.act)).collect()
    }
}
