//! Applies the events of a plan, and finds which of them had an effect.

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

use super::RunState;
use crate::{
    azure::Azure,
    operators::Operators,
    plan::{Action, Event},
    process_io::{Disruption, ProcessIo},
};

/// How to find at the end whether an event had an effect.
pub(super) enum EffectCheck {
    /// It is known.
    Known(bool),
    /// It had one if it disrupted a call in this time.
    Held(Option<Disruption>, Instant, Instant),
    /// It had one if this fault of Azure's was triggered, before it ended or until now.
    Fault(u64, Arc<AtomicBool>),
}

/// Whether a fault of Azure's was triggered.
fn was_triggered(azure: &Azure, id: u64) -> bool {
    azure.simulator().fault_states().iter().any(|state| state.id == id && state.fired > 0)
}

impl RunState<'_> {
    /// Applies all events, each at its time.
    pub(super) async fn events(&self) -> Vec<(Event, EffectCheck)> {
        let mut events = self.plan.events.clone();
        events.sort_by_key(|event| event.at);
        let operators =
            Operators { azure: self.azure.clone(), server: self.server.with_interceptor(Arc::new(NoFaults)) };
        let mut checks = Vec::new();
        for event in events {
            tokio::time::sleep_until(self.clock.moment(Duration::from_secs(event.at))).await;
            self.history.record(format!("EVENT {:?}", event.action));
            let check = self.apply_event(&event, &operators).await;
            checks.push((event, check));
        }
        checks
    }

    async fn apply_event(&self, event: &Event, operators: &Operators) -> EffectCheck {
        let end = self.clock.moment(event.end());
        let replica = |number: u8| self.replicas.get(usize::from(number));
        let lasting = |disruption: Option<&Disruption>| {
            if let Some(disruption) = disruption {
                disruption.extend(end);
            }
            EffectCheck::Held(disruption.cloned(), Instant::now(), end)
        };
        let of = |number: u8, disruption: fn(&ProcessIo) -> &Disruption| {
            lasting(replica(number).map(|it| disruption(&it.io)))
        };
        match &event.action {
            Action::Pause { replica, .. } => of(*replica, |io| &io.paused),
            Action::Partition { replica, .. } => of(*replica, |io| &io.partitioned),
            Action::WatchesStall { replica, .. } => of(*replica, |io| &io.watches_stalled),
            Action::LeaseHangs { replica, .. } => of(*replica, |io| &io.lease_hangs),
            Action::AzureAway { .. } => lasting(Some(&self.outages.azure)),
            Action::KubernetesAway { .. } => {
                self.server.cut_watches();
                lasting(Some(&self.outages.kubernetes))
            }
            Action::ClockJump { replica: number, seconds } => {
                let it = replica(*number);
                if let Some(it) = it {
                    it.clock.jump(*seconds);
                }
                EffectCheck::Known(it.is_some())
            }
            Action::Kill { replica: number } => {
                let it = replica(*number);
                if let Some(it) = it {
                    it.io.crash.trigger();
                }
                EffectCheck::Known(it.is_some())
            }
            Action::ForgetChanges => {
                self.server.compact(self.server.revision());
                self.server.cut_watches();
                EffectCheck::Known(true)
            }
            Action::AzureFails { fault, seconds } => {
                let Ok(id) = self.azure.simulator().add_fault(Fault::Azure(fault.clone())) else {
                    return EffectCheck::Known(false);
                };
                let triggered = Arc::new(AtomicBool::new(false));
                if seconds.is_some() {
                    let (azure, triggered) = (self.azure.clone(), triggered.clone());
                    tokio::spawn(async move {
                        tokio::time::sleep_until(end).await;
                        triggered.store(was_triggered(&azure, id), Ordering::Relaxed);
                        azure.simulator().remove_fault(id);
                    });
                }
                EffectCheck::Fault(id, triggered)
            }
            Action::Forbid { by, .. } => {
                let (azure, bans, by) = (self.azure.clone(), self.bans.clone(), *by);
                let began = bans.begin(&azure, by);
                tokio::spawn(async move {
                    tokio::time::sleep_until(end).await;
                    bans.end(&azure, by);
                });
                EffectCheck::Known(began)
            }
            action => EffectCheck::Known(operators.apply(action).await),
        }
    }

    /// The events that had no effect, as text.
    pub(super) fn ineffective(&self, checks: &[(Event, EffectCheck)]) -> Vec<String> {
        let took = |check: &EffectCheck| match check {
            EffectCheck::Known(took) => *took,
            EffectCheck::Held(disruption, begin, end) => {
                disruption.as_ref().is_some_and(|disruption| disruption.blocked_between(*begin, *end))
            }
            EffectCheck::Fault(id, triggered) => triggered.load(Ordering::Relaxed) || was_triggered(&self.azure, *id),
        };
        let ineffective = checks.iter().filter(|(_, check)| !took(check));
        ineffective.map(|(event, _)| format!("event at {} took no effect: {:?}", event.at, event.action)).collect()
    }
}
