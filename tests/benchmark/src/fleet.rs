//! The versions and targets, and what runs for them.

use std::{collections::BTreeSet, time::Duration};

use azimage_end_to_end::{Controller, Kind, Object, Test, manifests};
use futures::{StreamExt, TryStreamExt, stream};
use kube::{
    Api,
    api::DynamicObject,
    runtime::{WatchStreamExt, watcher},
};
use serde_json::json;
use tokio::time::Instant;

use crate::{arguments::Arguments, figures::Figures, process, scrape};

/// Regions besides the home region.
const REGIONS: [&str; 40] = [
    "eastus",
    "eastus2",
    "southcentralus",
    "westus",
    "westus2",
    "westus3",
    "centralus",
    "northcentralus",
    "westcentralus",
    "canadacentral",
    "canadaeast",
    "mexicocentral",
    "brazilsouth",
    "northeurope",
    "uksouth",
    "ukwest",
    "francecentral",
    "francesouth",
    "germanywestcentral",
    "germanynorth",
    "switzerlandnorth",
    "switzerlandwest",
    "norwayeast",
    "norwaywest",
    "swedencentral",
    "polandcentral",
    "italynorth",
    "spaincentral",
    "israelcentral",
    "qatarcentral",
    "uaenorth",
    "uaecentral",
    "southafricanorth",
    "southafricawest",
    "centralindia",
    "southindia",
    "westindia",
    "eastasia",
    "southeastasia",
    "japaneast",
];

/// How many objects are applied at a time.
const AT_A_TIME: usize = 8;

/// The versions and targets, and what runs for them.
pub(crate) struct Fleet {
    test: Test,
    controller: Controller,
    versions: u32,
    targets: u32,
    period: Duration,
}

impl Fleet {
    /// A control plane, a simulated Azure with the source version, and azimage, which has nothing to do yet.
    pub(crate) async fn start(arguments: &Arguments) -> Self {
        let test = Test::unwatched("benchmark").await;
        let source = json!({"name": "golden", "versions": [{"name": "1.0.0"}]});
        test.azure.add_definition(source).await;
        let period = arguments.period();
        // The paces of a usual installation, in the simulated Azure's time.
        let resync = format!("{}ms", period.as_millis());
        let flags = [("log-level", "info"), ("poll-interval", "150ms"), ("resync-interval", resync.as_str())];
        let controller = test.start_with(&flags);
        let ready = format!("http://{}/readyz", controller.address(0).await);
        let answers = || async { reqwest::get(&ready).await.is_ok_and(|answer| answer.status().is_success()) };
        test.until("azimage is ready", answers).await;
        Self { test, controller, versions: arguments.versions, targets: arguments.targets, period }
    }

    /// Applies all objects, as a user would.
    pub(crate) async fn apply(&self) {
        let source = self.test.azure.version_of("golden", "1.0.0");
        let regions = (0..self.targets).zip(REGIONS.iter().cycle());
        let targets = regions.map(|(number, region)| manifests::target(&format!("{region}-{number}"), region));
        let versions = (0..self.versions).map(|number| {
            manifests::copy(&self.test.azure, &format!("copy-{number}"), &format!("2.0.{number}"), &source)
        });
        let all: Vec<_> = targets.chain(versions).collect();
        stream::iter(&all).for_each_concurrent(AT_A_TIME, |manifest| self.test.apply(manifest)).await;
    }

    /// Waits until everything is Ready, by a watch of its own.
    pub(crate) async fn ready(&self, limit: Duration) {
        let all = async {
            self.all_ready(Kind::Version, self.versions).await;
            self.all_ready(Kind::Target, self.targets).await;
        };
        tokio::time::timeout(limit, all).await.expect("not everything is Ready in time");
    }

    async fn all_ready(&self, kind: Kind, wanted: u32) {
        let resource = kind.resource();
        let api: Api<DynamicObject> = Api::namespaced_with(self.test.client.clone(), &self.test.namespace, &resource);
        let mut seen = watcher(api, watcher::Config::default()).default_backoff().touched_objects().boxed();
        let mut ready = BTreeSet::new();
        while ready.len() < wanted as usize {
            let Ok(Some(object)) = seen.try_next().await else { continue };
            let object = Object(serde_json::to_value(object).unwrap());
            if object.is_ready() {
                ready.insert(object.name().to_owned());
            } else {
                ready.remove(object.name());
            }
        }
    }

    /// Waits until what is at rest was looked at twice: the first list brings all versions into step.
    pub(crate) async fn settle(&self) {
        tokio::time::sleep(self.period * 3).await;
    }

    /// Waits for a period.
    pub(crate) async fn rest(&self) {
        tokio::time::sleep(self.period).await;
    }

    /// All that was counted until now.
    pub(crate) async fn figures(&self) -> Figures {
        let request = http::Request::get("/metrics").body(Vec::new()).unwrap();
        let page = self.test.client.request_text(request).await.unwrap();
        let mut azure = scrape::Counts::new();
        for entry in self.test.azure.sent().await {
            *azure.entry(entry.class()).or_default() += 1.0;
        }
        Figures {
            at: Instant::now(),
            kubernetes: scrape::requests(&page),
            azure,
            controller: process::processor_seconds(self.controller.id()),
            api_server: scrape::processor_seconds(&page),
        }
    }
}
