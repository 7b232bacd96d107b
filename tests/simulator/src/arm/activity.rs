//! Keeps what was answered to a write, for the activity log (behaviour section 21).

use jiff::Timestamp;

use super::call::Answer;
use crate::resources::activity::{Activity, ActivityLog, Status};

impl ActivityLog {
    /// A write was answered.
    pub(crate) fn answered(&mut self, activity: &Activity, answer: &Answer, now: Timestamp) {
        self.add(activity, Status::Started, None, None, now);
        match answer {
            Err(error) => self.add(activity, Status::Failed, Some(error.status), Some(error), now),
            Ok(reply) => match reply.async_operation {
                None => self.add(activity, Status::Succeeded, Some(reply.status), None, now),
                Some(async_operation) => {
                    self.add(activity, Status::Accepted, Some(reply.status), None, now);
                    self.running.insert(async_operation.operation, activity.clone());
                }
            },
        }
    }
}
