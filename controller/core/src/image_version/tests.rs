//! The table of the plan.
