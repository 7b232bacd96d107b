mod capture;
mod checks;
mod deletion;
mod fixtures;
mod memory;
mod published;
mod regions;
mod scene;
