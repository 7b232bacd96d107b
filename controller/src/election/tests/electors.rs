//! Electors against a server, in paused time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use http::Method;
use k8s_openapi::api::coordination::v1::LeaseSpec;
use tokio::time::{Instant, sleep, timeout};

use super::{
    super::{Elector, Loss, Term},
    server::{Fault, Server, elector, seams},
};

fn healthy(server: &Server, identity: &str, number: u8) -> (Elector, Term) {
    elector(server.client(|_| Fault::None), identity, seams(1, number))
}

/// A switch, and a client that is cut off when it is on.
fn cut_off(server: &Server, fault: Fault) -> (Arc<AtomicBool>, kube::Client) {
    let switch = Arc::new(AtomicBool::new(false));
    let on = switch.clone();
    let client = server.client(move |_| if on.load(Ordering::SeqCst) { fault } else { Fault::None });
    (switch, client)
}

fn held(term: &Term) -> bool {
    term.still_held(Instant::now())
}

#[tokio::test(start_paused = true)]
async fn the_first_one_leads_at_once_and_renews_with_one_request_a_period() {
    let server = Server::default();
    let (mut first, term) = healthy(&server, "first", 0);
    assert!(!held(&term));
    let start = Instant::now();
    first.win(|| panic!("nobody else is there")).await;
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert!(held(&term));
    assert!(timeout(Duration::from_secs(101), first.keep()).await.is_err());
    assert!(held(&term));
    assert_eq!(server.writes(), 51);
    assert_eq!(server.holder().as_deref(), Some("first"));
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_dies_is_followed_after_the_lease() {
    let server = Server::default();
    let (mut first, _) = healthy(&server, "first", 0);
    let (mut second, term) = healthy(&server, "second", 1);
    first.win(|| ()).await;
    let mut stood_by = false;
    assert!(timeout(Duration::from_secs(1), second.win(|| stood_by = true)).await.is_err());
    assert!(stood_by);
    let start = Instant::now();
    drop(first);
    second.win(|| ()).await;
    assert!(held(&term));
    let took = start.elapsed();
    assert!((14..=17).contains(&took.as_secs()), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_lets_go_is_followed_soon() {
    let server = Server::default();
    let (mut first, before) = healthy(&server, "first", 0);
    let (mut second, after) = healthy(&server, "second", 1);
    first.win(|| ()).await;
    assert!(timeout(Duration::from_secs(5), second.win(|| ())).await.is_err());
    let start = Instant::now();
    first.release().await;
    assert!(!held(&before));
    assert_eq!(server.holder(), None);
    second.win(|| ()).await;
    assert!(held(&after));
    assert!(start.elapsed() <= Duration::from_secs(4), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn who_only_stood_by_releases_nothing() {
    let server = Server::default();
    let (mut first, term) = healthy(&server, "first", 0);
    let (mut second, _) = healthy(&server, "second", 1);
    first.win(|| ()).await;
    assert!(timeout(Duration::from_secs(5), second.win(|| ())).await.is_err());
    second.release().await;
    assert_eq!(server.holder().as_deref(), Some("first"));
    assert!(held(&term));
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_reaches_nobody_stops_at_the_deadline_whatever_the_fault() {
    for fault in [Fault::Lost, Fault::AnswerLost, Fault::Status(500), Fault::Status(503), Fault::Status(409)] {
        let server = Server::default();
        let (switch, client) = cut_off(&server, fault);
        let (mut first, term) = elector(client, "first", seams(1, 0));
        first.win(|| ()).await;
        let start = Instant::now();
        switch.store(true, Ordering::SeqCst);
        let loss = first.keep().await;
        assert_eq!(loss, Loss::NotRenewed(Duration::from_secs(10)), "{fault:?}");
        assert!(!held(&term));
        let took = start.elapsed();
        assert!(took <= Duration::from_millis(10_002), "{fault:?}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_leader_outlives_faults_that_are_shorter_than_the_deadline() {
    for fault in [Fault::Lost, Fault::AnswerLost, Fault::Status(500), Fault::Status(409)] {
        let server = Server::default();
        let (switch, client) = cut_off(&server, fault);
        let (mut first, term) = elector(client, "first", seams(1, 0));
        first.win(|| ()).await;
        for _ in 0..5 {
            switch.store(true, Ordering::SeqCst);
            assert!(timeout(Duration::from_millis(4500), first.keep()).await.is_err(), "{fault:?}");
            switch.store(false, Ordering::SeqCst);
            assert!(timeout(Duration::from_secs(9), first.keep()).await.is_err(), "{fault:?}");
        }
        assert!(held(&term));
    }
}

#[tokio::test(start_paused = true)]
async fn a_leader_whose_lease_another_took_stops_at_the_next_renewal() {
    let server = Server::default();
    let (mut first, term) = healthy(&server, "first", 0);
    first.win(|| ()).await;
    server.edit(|lease| spec(lease).holder_identity = Some("other".to_owned()));
    let start = Instant::now();
    assert_eq!(first.keep().await, Loss::Taken("other".to_owned()));
    assert!(!held(&term));
    assert!(start.elapsed() <= Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_a_person_emptied_or_deleted_stays_with_its_leader() {
    for deleted in [false, true] {
        let server = Server::default();
        let (mut first, term) = healthy(&server, "first", 0);
        let (mut second, other) = healthy(&server, "second", 1);
        first.win(|| ()).await;
        let both = async {
            tokio::select! {
                loss = first.keep() => panic!("{loss}"),
                () = second.win(|| ()) => panic!("a second one leads"),
            }
        };
        let person = async {
            sleep(Duration::from_millis(5100)).await;
            server.edit(|lease| if deleted { *lease = None } else { spec(lease).holder_identity = None });
        };
        assert!(timeout(Duration::from_secs(60), async { tokio::join!(both, person) }).await.is_err());
        assert!(held(&term) && !held(&other));
        assert_eq!(server.holder().as_deref(), Some("first"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_lost_on_the_way_to_leading_is_found_again() {
    let server = Server::default();
    let mut lost = false;
    let client = server.client(move |method| {
        let first = *method == Method::POST && !std::mem::replace(&mut lost, *method == Method::POST);
        if first { Fault::AnswerLost } else { Fault::None }
    });
    let (mut first, term) = elector(client, "first", seams(1, 0));
    timeout(Duration::from_secs(8), first.win(|| ())).await.unwrap();
    assert!(held(&term));
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_arrives_late_takes_nothing_from_the_next_leader() {
    let server = Server::default();
    let (switch, client) = cut_off(&server, Fault::Late(Duration::from_secs(30)));
    let (mut first, _) = elector(client, "first", seams(1, 0));
    let (mut second, term) = healthy(&server, "second", 1);
    first.win(|| ()).await;
    switch.store(true, Ordering::SeqCst);
    let (_, ()) = tokio::join!(first.keep(), second.win(|| ()));
    assert!(timeout(Duration::from_secs(60), second.keep()).await.is_err());
    assert!(held(&term));
    assert_eq!(server.holder().as_deref(), Some("second"));
}

fn spec(lease: &mut Option<k8s_openapi::api::coordination::v1::Lease>) -> &mut LeaseSpec {
    lease.as_mut().unwrap().spec.as_mut().unwrap()
}
