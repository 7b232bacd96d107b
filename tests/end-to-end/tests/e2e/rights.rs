//! Missing rights in Azure: which action, on which scope; and how it goes on by itself once the right is
//! granted.

use azimage_end_to_end::{Kind, Test, classes, manifests};
use futures::{StreamExt, stream};

use crate::happy_path::WRITES;

const VERSION_READ: &str = "Microsoft.Compute/galleries/images/versions/read";
const VERSION_WRITE: &str = "Microsoft.Compute/galleries/images/versions/write";
const DEFINITION_READ: &str = "Microsoft.Compute/galleries/images/read";
const GALLERY_READ: &str = "Microsoft.Compute/galleries/read";
const DISK_READ: &str = "Microsoft.Compute/disks/read";
const PERMISSIONS_READ: &str = "Microsoft.Authorization/permissions/read";
const LOCKS_READ: &str = "Microsoft.Authorization/locks/read";
const MACHINE_READ: &str = "Microsoft.Compute/virtualMachines/read";
const MACHINE_WRITE: &str = "Microsoft.Compute/virtualMachines/write";
const COMMAND_READ: &str = "Microsoft.Compute/virtualMachines/runCommands/read";
const COMMAND_WRITE: &str = "Microsoft.Compute/virtualMachines/runCommands/write";
const CONSOLE: &str = "Microsoft.Compute/virtualMachines/retrieveBootDiagnosticsData/action";
const DEALLOCATE: &str = "Microsoft.Compute/virtualMachines/deallocate/action";
const GENERALIZE: &str = "Microsoft.Compute/virtualMachines/generalize/action";

/// A right, and how many of the writes come before it is missed where rights can't be looked up.
const MISSED: [(&str, usize); 12] = [
    (VERSION_READ, 0),
    (DEFINITION_READ, 0),
    (GALLERY_READ, 0),
    (MACHINE_READ, 0),
    (DISK_READ, 0),
    (MACHINE_WRITE, 0),
    (COMMAND_READ, 1),
    (COMMAND_WRITE, 1),
    // Asked before the seal, which would be lost without it.
    (CONSOLE, 1),
    (DEALLOCATE, 4),
    (GENERALIZE, 5),
    (VERSION_WRITE, 6),
];

/// Who may look rights up finds what is missing before anything is written.
async fn looked_up((missing, _): (&str, usize)) {
    without(&[missing], 0).await;
}

async fn met((missing, before): (&str, usize)) {
    without(&[missing, PERMISSIONS_READ, LOCKS_READ], before).await;
}

async fn without(actions: &[&str], before: usize) {
    let missing = actions[0];
    let test = Test::new("rights").await;
    test.azure.allow_without(actions).await;
    let controller = test.start_with(&[("resync-interval", "3s")]);
    test.apply(&manifests::image_version(&test.azure, "web", "1.4.0", "builder")).await;
    let object = test.stalled(Kind::Version, "web", "AccessDenied").await;
    let (_, message) = object.stalled().unwrap();
    assert!(message.contains(missing), "the action {missing} is not in: {message}");
    let scope = format!("/subscriptions/{}/resourceGroups/images", test.azure.subscription);
    assert!(message.to_lowercase().contains(&scope.to_lowercase()), "the scope is not in: {message}");
    assert_eq!(classes(&test.azure.writes().await), WRITES[..before], "without {missing}");
    // Nobody tells azimage about it.
    test.azure.allow_without(&actions[1..]).await;
    test.ready(Kind::Version, "web").await;
    assert_eq!(classes(&test.azure.writes().await), WRITES[..7], "granted {missing}");
    test.finish(Some(controller)).await;
    println!("without {missing}: {message}; granted later: Ready");
}

#[tokio::test]
async fn a_missing_right_is_named_with_its_scope_and_once_granted_the_work_goes_on() {
    stream::iter(MISSED).map(met).buffer_unordered(5).collect::<Vec<_>>().await;
}

#[tokio::test]
async fn a_missing_right_is_named_before_the_machine_is_touched() {
    stream::iter(MISSED).map(looked_up).buffer_unordered(5).collect::<Vec<_>>().await;
}

#[tokio::test]
async fn a_wrong_secret_is_told_without_the_secret_and_heals() {
    let test = Test::new("secret").await;
    std::fs::write(test.secret_file(), "not-the-secret-at-all").unwrap();
    let controller = test.start();
    test.apply(&manifests::image_version(&test.azure, "web", "1.4.0", "builder")).await;
    let object = test.stalled(Kind::Version, "web", "IdentityRefused").await;
    assert!(object.stalled().unwrap().1.contains("AADSTS7000215"));
    assert!(!object.0.to_string().contains("not-the-secret-at-all"));
    assert!(!controller.output().contains("not-the-secret-at-all"));
    assert!(test.azure.journal().await.is_empty());
    test.kill(controller);
    std::fs::write(test.secret_file(), &test.azure.secret).unwrap();
    let controller = test.start();
    test.ready(Kind::Version, "web").await;
    test.finish(Some(controller)).await;
}
