//! Managed run commands of a machine, as somebody with rights in Azure makes and removes them.

use std::time::Duration;

use anyhow::bail;

use super::Machine;
use crate::{
    fabric::{RunCommand, RunCommandView},
    wait::until,
};

impl Machine {
    /// Makes a run command; the agent gets to know it with its next look at the goal state.
    ///
    /// # Errors
    /// When the fabric's file can't be written.
    pub fn create_run_command(&mut self, name: &str, script: &str, seconds: u32) -> anyhow::Result<()> {
        let commands = &mut self.instance.run_commands;
        let sequence = commands.iter().find(|command| command.name == name).map_or(0, |command| command.sequence + 1);
        commands.retain(|command| command.name != name);
        commands.push(RunCommand { name: name.into(), sequence, script: script.into(), seconds });
        self.change_goal_state()
    }

    /// Removes a run command; the goal state doesn't name it any more.
    ///
    /// # Errors
    /// When the fabric's file can't be written.
    pub fn delete_run_command(&mut self, name: &str) -> anyhow::Result<()> {
        self.instance.run_commands.retain(|command| command.name != name);
        self.change_goal_state()
    }

    /// What the agent last reported of a run command.
    pub fn run_command_view(&self, name: &str) -> Option<RunCommandView> {
        let command = self.instance.run_commands.iter().find(|command| command.name == name)?;
        self.reports().run_command(name, command.sequence)
    }

    /// Waits until a run command has ended and the agent has reported it.
    ///
    /// # Errors
    /// When it takes too long, or the machine ends before.
    pub async fn wait_run_command(&mut self, name: &str, limit: Duration) -> anyhow::Result<RunCommandView> {
        let ended = async || {
            let view = self.run_command_view(name).filter(|view| !view.end_time.is_empty());
            if view.is_none() && self.ended()? {
                bail!("the machine ended before the agent reported the run command");
            }
            Ok(view)
        };
        until("the end of the run command", limit, ended).await
    }

    /// Makes a run command and waits for its end.
    ///
    /// # Errors
    /// When it takes too long.
    pub async fn run_command(&mut self, name: &str, script: &str, limit: Duration) -> anyhow::Result<RunCommandView> {
        self.create_run_command(name, script, u32::try_from(limit.as_secs())?)?;
        self.wait_run_command(name, limit + Duration::from_secs(60)).await
    }

    fn change_goal_state(&mut self) -> anyhow::Result<()> {
        self.instance.incarnation += 1;
        self.write_instance()
    }
}
