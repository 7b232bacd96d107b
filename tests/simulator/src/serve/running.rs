//! A running simulator in the hands of the program that started it.

use std::{path::Path, sync::PoisonError, time::Duration};

use super::{Handshake, ReadyLine, RunningSimulator};
use crate::{
    Fault, FaultState, JournalEntry, JournalQuery, MachineChange, Scenario, ScenarioError, ThrottlingCounts,
    clock::Moment,
};

impl RunningSimulator {
    /// `https://127.0.0.1:port`: Azure Resource Manager and authority host.
    pub fn arm(&self) -> String {
        format!("https://{}", self.address)
    }

    /// `http://127.0.0.1:port` of the control interface.
    pub fn control(&self) -> String {
        format!("http://{}", self.control_address)
    }

    /// `http://127.0.0.1:port` of the metadata service, where there is one.
    pub fn metadata(&self) -> Option<String> {
        self.metadata_address.map(|address| format!("http://{address}"))
    }

    /// The CA certificate (PEM) that clients must trust.
    pub fn ca(&self) -> &Path {
        &self.ca
    }

    /// Everything a client needs.
    pub fn ready_line(&self) -> ReadyLine {
        let simulator = self.shared.simulator();
        ReadyLine {
            arm: self.arm(),
            authority: self.arm(),
            ca: self.ca.clone(),
            tenant: simulator.tenant().to_owned(),
            clients: self.shared.clients.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            subscriptions: simulator.subscriptions(),
            control: self.control(),
            metadata: self.metadata(),
        }
    }

    /// Both clocks now.
    pub fn moment(&self) -> Moment {
        self.shared.moment()
    }

    /// Changes the speed of simulated time.
    pub fn set_speed(&self, speed: f64) {
        self.shared.set_speed(speed);
    }

    /// Jumps simulated time forward.
    pub fn advance_seconds(&self, seconds: f64) {
        self.shared.clock().advance(seconds);
        drop(self.shared.current());
    }

    /// Sets Azure's clock ahead of this machine's, or behind it, for what lives in real time: tokens.
    pub fn set_clock_ahead(&self, seconds: f64) {
        self.shared.set_ahead(seconds);
    }

    /// What new connections find from now on.
    pub fn set_handshake(&self, handshake: Handshake) {
        self.shared.handshakes.set(handshake);
    }

    /// Connections since it was last set what they find.
    pub fn connections(&self) -> u64 {
        self.shared.handshakes.get().1
    }

    /// Adds a scenario to what exists.
    ///
    /// # Errors
    /// See [`crate::Simulator::add`].
    pub fn add(&self, scenario: &Scenario) -> Result<(), ScenarioError> {
        self.shared.add(scenario)
    }

    /// Arms a fault; the answer is its number.
    ///
    /// # Errors
    /// See [`crate::Simulator::add_fault`].
    pub fn add_fault(&self, fault: Fault) -> Result<u64, String> {
        self.shared.current().add_fault(fault)
    }

    /// All faults.
    pub fn faults(&self) -> Vec<FaultState> {
        self.shared.current().fault_states()
    }

    /// Ends a fault and releases who hangs on it.
    pub fn remove_fault(&self, id: u64) -> bool {
        let removed = self.shared.current().remove_fault(id);
        self.shared.released();
        removed
    }

    /// Entries of the journal.
    pub fn requests(&self, query: &JournalQuery) -> Vec<JournalEntry> {
        self.shared.current().requests(query)
    }

    /// See [`crate::Simulator::exposures`].
    pub fn exposures(&self) -> Vec<crate::Exposure> {
        self.shared.current().exposures().to_vec()
    }

    /// What became of the requests, by the name of the limit that they count against.
    pub fn throttling_counts(&self) -> std::collections::BTreeMap<String, ThrottlingCounts> {
        self.shared.current().throttling_counts().clone()
    }

    /// The raw record of a resource.
    pub fn state(&self, path: &str) -> Option<serde_json::Value> {
        self.shared.current().state(path)
    }

    /// Somebody else changes a virtual machine.
    ///
    /// # Errors
    /// There is no such machine.
    pub fn change_machine(&self, path: &str, change: MachineChange) -> Result<(), String> {
        self.shared.current().change_machine(path, change)
    }

    /// Stops listening, lets running requests end for a moment, and returns when everything is closed.
    pub async fn shutdown(mut self) {
        self.shared.simulator().clear_faults();
        self.shared.released();
        for handle in &self.handles {
            handle.graceful_shutdown(Some(Duration::from_millis(500)));
        }
        for task in self.tasks.drain(..) {
            if let Err(error) = task.await {
                tracing::debug!(%error, "a listener ended badly");
            }
        }
    }
}

impl Drop for RunningSimulator {
    fn drop(&mut self) {
        for handle in &self.handles {
            handle.shutdown();
        }
    }
}
