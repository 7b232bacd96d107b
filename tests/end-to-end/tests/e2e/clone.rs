//! From a machine that runs on, by a copy of it, to a published version: nothing of the machine is changed, no copy runs in a
//! network, and nothing is left.

use azimage_end_to_end::{Kind, Test, classes, manifests, manifests::with};
use futures::{StreamExt, stream};
use serde_json::{Value, json};

/// What is done to the copy of a Linux machine, when its disks are there, and then to the copy.
const CAPTURED: [&str; 12] = [
    "PUT networkSecurityGroups",
    "PUT networkInterfaces",
    "PUT virtualMachines",
    "PATCH virtualMachines",
    "PUT virtualMachines/runCommands",
    "DELETE virtualMachines/runCommands",
    "PATCH virtualMachines",
    "POST virtualMachines/deallocate",
    "POST virtualMachines/generalize",
    "PUT galleries/images/versions",
    "DELETE virtualMachines",
    "DELETE networkSecurityGroups",
];

/// How a machine with a data disk is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    RestorePoint,
    PerDisk,
    /// The same, of a Windows machine.
    Windows,
}

impl Way {
    /// The writes that bring one version into its home region, in their order as far as there is one.
    fn writes(self) -> Vec<String> {
        let (copying, deleting): (&[&str], &[&str]) = match self {
            Self::RestorePoint => (
                &["PUT restorePointCollections", "PUT restorePointCollections/restorePoints"],
                &["DELETE restorePointCollections"],
            ),
            Self::PerDisk | Self::Windows => (&["PUT snapshots"; 2], &["DELETE snapshots"; 2]),
        };
        // The run command of a Windows guest lasts as long as its seal, and goes with the machine.
        let lasts = |write: &&&str| self == Self::Windows && **write == "DELETE virtualMachines/runCommands";
        let captured = CAPTURED.iter().filter(|write| !lasts(write));
        let all = copying.iter().chain(&["PUT disks"; 2]).chain(captured).chain(deleting);
        sorted_from_the_version(all.map(ToString::to_string).collect())
    }

    fn machine(self) -> Value {
        let mut machine = json!({"tags": {"team": "web"}, "dataDisks": [{"lun": 3}]});
        if self == Self::Windows {
            machine["osType"] = json!("Windows");
            machine["guest"]["windows"]["scripts"] = json!([{
                "matching": r"(?m)^\$Nonce = '(?<nonce>[^']*)'", "seconds": 300, "powersOffAfter": 60,
                "output": "azimage: seal is scheduled\r\nazimage: sealed ${nonce}\r\n",
                "console": "azimage: sealed ${nonce}\r\n",
                "imageState": "IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE",
            }]);
        }
        machine
    }

    fn object(self, test: &Test) -> Value {
        let object = manifests::clone(&test.azure, "web", "1.4.0", "kept");
        let per_disk = |object| with(object, "/spec/source/virtualMachine/clone/consistency", "PerDisk".into());
        match self {
            Self::RestorePoint => object,
            Self::PerDisk => per_disk(object),
            Self::Windows => with(per_disk(object), "/spec/definition", "windows".into()),
        }
    }

    fn version(self, test: &Test) -> String {
        test.azure.version_of(if self == Self::Windows { "windows" } else { "ubuntu-web" }, "1.4.0")
    }
}

/// After how many writes the lives of each way end that aren't those of another way as well: all, the snapshots and their deletion, and
/// what is done to a Windows guest.
const KILLED: [(Way, &[usize]); 3] = [
    (Way::RestorePoint, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]),
    (Way::PerDisk, &[1, 2, 16]),
    (Way::Windows, &[9, 10]),
];

/// Lives that run at the same time: they mostly wait.
const AT_A_TIME: usize = 6;

/// A machine that somebody keeps: it doesn't consent to anything.
async fn with_a_machine(test: &Test, way: Way) {
    test.azure.add_workspace().await;
    test.azure.add_definition(json!({"name": "windows", "osType": "Windows"})).await;
    test.azure.add_machine("kept", &way.machine()).await;
    test.apply(&way.object(test)).await;
}

/// What the simulator knows of the machine, without what changes by itself.
async fn machine(test: &Test) -> Value {
    let mut state = test.azure.state(&test.azure.machine("kept")).await.unwrap();
    state.as_object_mut().unwrap().retain(|name, _| name != "guest");
    state
}

/// The version is there, the machine is as it was, and nothing is left.
async fn all_is_true(test: &Test, way: Way, before: &Value) {
    let object = test.ready(Kind::Version, "web").await;
    assert_eq!(object.condition("CleanedUp").unwrap().reason, "Succeeded");
    assert_eq!(object.at("/status/temporary"), &Value::Null);
    assert_eq!(&machine(test).await, before, "the machine itself is as it was");
    let own = |entry: &azimage_end_to_end::JournalEntry| entry.path.contains("/kept") && entry.write;
    let touched: Vec<_> = test.azure.sent().await.into_iter().filter(own).collect();
    assert_eq!(classes(&touched), Vec::<String>::new(), "no write to the machine");
    assert_eq!(test.azure.workspace().await, Vec::<String>::new(), "nothing is left");
    assert_eq!(test.azure.exposed_copies().await, Vec::<Value>::new(), "no copy ran in a network");
    let copied = object.at("/status/source/copy");
    let detail = copied["detail"].as_str().unwrap_or_default();
    let (consistency, word) = if way == Way::RestorePoint {
        ("NotPromised", "missing: the OS disk")
    } else {
        ("PerDisk", "a moment of its own")
    };
    assert!(copied["consistency"] == consistency && detail.contains(word), "{copied}");
    let version = test.azure.state(&way.version(test)).await.expect("the version exists");
    assert_eq!(
        (&version["provisioningState"], &version["publishing"]["excludeFromLatest"]),
        (&json!("Succeeded"), &json!(true))
    );
}

/// Deletions come in the order in which Azure has finished with what holds the next one.
fn sorted_from_the_version(mut writes: Vec<String>) -> Vec<String> {
    let made = writes.iter().position(|write| write.starts_with("PUT galleries")).map_or(writes.len(), |at| at + 1);
    writes[made..].sort_unstable();
    writes
}

#[tokio::test]
async fn a_machine_that_runs_on_becomes_a_version_by_a_copy_of_it() {
    let ways = [Way::RestorePoint, Way::PerDisk, Way::Windows].map(|way| async move {
        let test = Test::new("clone").await;
        with_a_machine(&test, way).await;
        let before = machine(&test).await;
        let controller = test.start();
        all_is_true(&test, way, &before).await;
        assert_eq!(before["power"], "running");
        assert_eq!(sorted_from_the_version(classes(&test.azure.writes().await)), way.writes(), "{way:?}");
        println!("{}", test.kubectl(&["get", "azv"]).await);
        test.finish(Some(controller)).await;
    });
    futures::future::join_all(ways).await;
}

/// Kills azimage after its n-th write to Azure was carried out and before it hears of it.
async fn after_azure_write((way, number): (Way, usize)) {
    let test = Test::new("restart-clone").await;
    let fault = test.azure.hang_after_write(number).await;
    with_a_machine(&test, way).await;
    let before = machine(&test).await;
    let first = test.start();
    test.until(&format!("write {number} to Azure is done"), || async { test.azure.fired(fault).await == 1 }).await;
    test.kill(first);
    test.azure.end_fault(fault).await;
    let second = test.start();
    all_is_true(&test, way, &before).await;
    let writes = sorted_from_the_version(classes(&test.azure.writes().await));
    assert_eq!(writes, way.writes(), "{way:?}, killed after write {number}");
    test.finish(Some(second)).await;
}

#[tokio::test]
async fn killed_after_each_write_of_a_copy_it_goes_on_without_a_second_effect() {
    let lives = KILLED.into_iter().flat_map(|(way, numbers)| numbers.iter().map(move |number| (way, *number)));
    let lives = stream::iter(lives).map(after_azure_write);
    lives.buffer_unordered(AT_A_TIME).collect::<Vec<_>>().await;
}

#[tokio::test]
async fn an_object_that_goes_in_the_middle_of_a_copy_leaves_nothing() {
    let test = Test::new("clone-deleted").await;
    with_a_machine(&test, Way::RestorePoint).await;
    let controller = test.start();
    let made = || async { classes(&test.azure.writes().await).iter().any(|write| write == "PUT virtualMachines") };
    test.until("the copy is made", made).await;
    test.delete(Kind::Version, "web").await;
    test.gone(Kind::Version, "web").await;
    assert_eq!(test.azure.workspace().await, Vec::<String>::new());
    assert!(test.azure.state(&test.azure.version("1.4.0")).await.is_none());
    test.finish(Some(controller)).await;
}
