use std::collections::BinaryHeap;

use proptest::prelude::*;

use super::*;
use crate::throttle::queue::MOST_PLACES;

fn ask(namespace: &str, subject: &str, urgency: Urgency) -> Ask {
    Ask { namespace: namespace.into(), subject: subject.to_owned(), urgency }
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// Goes, and comes back at once.
fn goes(bucket: &mut Bucket, ask: &Ask, now: Instant) {
    bucket.admit(ask, now);
    bucket.passed();
    bucket.complete();
}

/// Takes so many tokens.
fn drained(size: f64, refill: f64, taken: usize, now: Instant) -> Bucket {
    let mut bucket = Bucket::new(Some(Level::flow(size, refill, now)));
    for index in 0..taken {
        goes(&mut bucket, &ask("other", &index.to_string(), Urgency::Write), now);
    }
    bucket
}

#[test]
fn how_long_a_call_waits_depends_on_what_is_left_and_how_urgent_it_is() {
    let now = Instant::now();
    for (taken, urgency, expected) in [
        (0, Urgency::Write, None),
        (0, Urgency::Refresh, None),
        (9, Urgency::Write, None),
        (10, Urgency::Write, Some(0.5)),
        (9, Urgency::Running, None),
        (10, Urgency::Running, Some(0.5)),
        (6, Urgency::Refresh, None),
        (7, Urgency::Refresh, Some(0.25)),
        (10, Urgency::Refresh, Some(1.75)),
    ] {
        let bucket = drained(10.0, 2.0, taken, now);
        assert_eq!(bucket.wait(&ask("a", "x", urgency), now), expected.map(seconds), "{taken} taken, {urgency:?}");
    }
}

#[test]
fn a_told_pause_holds_for_everybody_and_ends_when_it_was_told() {
    let now = Instant::now();
    let mut bucket = drained(10.0, 2.0, 0, now);
    bucket.pause(now + seconds(7.0), now);
    bucket.pause(now + seconds(3.0), now);
    for urgency in [Urgency::Write, Urgency::Running, Urgency::Refresh] {
        for at in [0.0, 3.5, 6.999] {
            let wait = bucket.wait(&ask("a", "x", urgency), now + seconds(at));
            assert!(wait.is_some_and(|wait| wait + seconds(at) >= seconds(7.0)), "{urgency:?} after {at} s: {wait:?}");
        }
    }
    assert_eq!(bucket.wait(&ask("a", "x", Urgency::Write), now + seconds(7.0)), None);
    let mut unknown = Bucket::new(None);
    unknown.pause(now + seconds(7.0), now);
    assert_eq!(unknown.wait(&ask("a", "x", Urgency::Write), now + seconds(1.0)), Some(seconds(6.0)));
    assert_eq!(unknown.wait(&ask("a", "x", Urgency::Write), now + seconds(7.0)), None);
}

#[test]
fn what_azure_says_is_left_counts_and_zero_says_that_another_one_may_pass() {
    let now = Instant::now();
    for (said, share) in [(Some(50), 0.5), (Some(0), 0.01), (None, 1.0), (Some(99), 0.99), (Some(199), 199.0 / 200.0)] {
        let mut bucket = Bucket::new(Some(Level::flow(100.0, 1.0, now)));
        bucket.learn(0, said, None, now);
        assert!((bucket.share(now) - share).abs() < 1e-9, "{said:?}: {}", bucket.share(now));
    }
    let mut unknown = Bucket::new(None);
    unknown.learn(1, Some(9), Some(1800.0), now);
    assert!((unknown.share(now) - 0.9).abs() < 1e-9, "a window that was not known is learned");
}

#[test]
fn who_waits_keeps_the_place_and_a_small_namespace_goes_before_the_rest_of_a_large_one() {
    let now = Instant::now();
    let mut bucket = drained(10.0, 1.0, 10, now);
    let large: Vec<Ask> = (0..500).map(|index| ask("large", &index.to_string(), Urgency::Running)).collect();
    let mut waits = Vec::new();
    for one in &large {
        let wait = bucket.wait(one, now).unwrap();
        bucket.defer(one, now + wait, now);
        waits.push(wait);
    }
    assert!(waits.is_sorted(), "each is told its own turn");
    let small = ask("small", "x", Urgency::Running);
    assert!(bucket.wait(&small, now).unwrap() < seconds(4.0), "not behind the five hundred");
    let newcomer = ask("large", "new", Urgency::Running);
    assert!(bucket.wait(&newcomer, now).unwrap() > waits[499], "behind those who came before");
    let write = ask("large", "write", Urgency::Write);
    assert!(bucket.wait(&write, now).unwrap() < waits[499], "a write need not stand behind all looks");
    let later = now + waits[3];
    assert_eq!(bucket.wait(&large[3], now + waits[0]).map(|wait| wait + waits[0] >= waits[3]), Some(true));
    for one in &large[..3] {
        goes(&mut bucket, one, later);
    }
    assert_eq!(bucket.wait(&large[3], later), None, "its turn has come");
}

#[test]
fn places_are_bounded_and_given_up_by_who_does_not_come() {
    let now = Instant::now();
    let mut bucket = drained(10.0, 1.0, 10, now);
    for index in 0..2 * MOST_PLACES {
        bucket.defer(&ask(&format!("n{}", index % 100), &index.to_string(), Urgency::Write), now + seconds(1.0), now);
    }
    assert_eq!(bucket.waiting(now), MOST_PLACES);
    let later = now + seconds(60.0);
    assert_eq!(bucket.waiting(later), 0);
    assert_eq!(bucket.wait(&ask("a", "x", Urgency::Write), later), None);
    goes(&mut bucket, &ask("a", "x", Urgency::Write), later);
    assert!(
        bucket.queue.namespaces() <= 1,
        "namespaces that nobody waits in are forgotten: {}",
        bucket.queue.namespaces()
    );
}

#[test]
fn a_request_that_hangs_holds_up_nobody() {
    let now = Instant::now();
    for paused in [false, true] {
        let mut bucket = drained(10.0, 2.0, 0, now);
        if paused {
            bucket.pause(now, now);
        }
        let waits = |bucket: &Bucket, at| bucket.wait(&ask("b", "y", Urgency::Running), now + seconds(at));
        for hanging in 0..3 {
            let went = 10.0 + 4.0 * f64::from(hanging);
            assert_eq!(waits(&bucket, went), None, "paused: {paused}, {hanging} hang");
            bucket.admit(&ask("a", &hanging.to_string(), Urgency::Running), now + seconds(went));
            assert_eq!(waits(&bucket, went + 2.9), Some(CROSSING), "paused: {paused}, {hanging} hang");
        }
    }
}

#[test]
fn no_more_are_on_their_way_than_are_known_to_be_left() {
    let now = Instant::now();
    let one = ask("a", "x", Urgency::Running);
    let at_once = |bucket: &mut Bucket| {
        let goes = |_: &i32| bucket.wait(&one, now).is_none().then(|| bucket.admit(&one, now)).is_some();
        (0..20).take_while(goes).count()
    };
    let answered = |bucket: &mut Bucket, said: Option<u32>| {
        bucket.passed();
        bucket.learn(0, said, None, now);
        bucket.complete();
    };
    for (said, then) in [(Some(4), 4), (Some(9), 9), (Some(0), 1), (None, 20)] {
        let mut bucket = Bucket::new(Some(Level::flow(250.0, 25.0, now)));
        assert_eq!(at_once(&mut bucket), 1, "nobody knows yet");
        answered(&mut bucket, said);
        assert_eq!(at_once(&mut bucket), then, "Azure said {said:?}");
    }
    let mut bucket = Bucket::new(Some(Level::flow(250.0, 25.0, now)));
    at_once(&mut bucket);
    answered(&mut bucket, Some(249));
    assert_eq!(at_once(&mut bucket), 20);
    answered(&mut bucket, Some(25));
    assert_eq!(at_once(&mut bucket), 6, "it may not have counted the 19 that are on their way");
    bucket.pause(now, now);
    assert_eq!(at_once(&mut bucket), 0, "after a refusal one at a time");
}

/// The other side: refuses when its own bucket is empty, and says for how long.
struct Server {
    left: f64,
    size: f64,
    refill: f64,
    since: f64,
    told: f64,
    inside_told_pause: usize,
    refused: usize,
}

impl Server {
    fn ask(&mut self, at: f64) -> Result<u32, f64> {
        self.inside_told_pause += usize::from(at + 1e-6 < self.told);
        self.left = (self.left + (at - self.since) * self.refill).min(self.size);
        self.since = at;
        if self.left < 1.0 {
            self.refused += 1;
            let wait = ((1.0 - self.left) / self.refill).ceil().max(1.0);
            self.told = at + wait;
            return Err(wait);
        }
        self.left -= 1.0;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and positive")]
        let left = self.left as u32;
        Ok(left)
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Wakes(std::cmp::Reverse<u64>, usize);

/// All objects ask for their requests until all are done; gives the server, and when each namespace was done.
fn storm(namespaces: &[usize], requests: usize, size: f64, refill: f64, believed: f64) -> (Server, Vec<f64>) {
    let begin = Instant::now();
    let mut bucket = Bucket::new(Some(Level::flow(200.0, believed, begin)));
    let mut server = Server { left: size, size, refill, since: 0.0, told: 0.0, inside_told_pause: 0, refused: 0 };
    let mut objects: Vec<(usize, usize)> = Vec::new();
    for (namespace, count) in namespaces.iter().enumerate() {
        objects.extend(std::iter::repeat_n((namespace, requests), *count));
    }
    let mut wakes: BinaryHeap<Wakes> = (0..objects.len()).map(|index| Wakes(std::cmp::Reverse(0), index)).collect();
    let mut done = vec![0.0; namespaces.len()];
    while let Some(Wakes(std::cmp::Reverse(micros), index)) = wakes.pop() {
        let at = Duration::from_micros(micros);
        let now = begin + at;
        let (namespace, left) = objects[index];
        let one = ask(&format!("n{namespace}"), &index.to_string(), Urgency::Running);
        let next = if let Some(wait) = bucket.wait(&one, now) {
            bucket.defer(&one, now + wait, now);
            wait
        } else {
            bucket.admit(&one, now);
            match server.ask(at.as_secs_f64()) {
                Ok(remaining) => {
                    bucket.passed();
                    bucket.learn(0, Some(remaining), None, now);
                    bucket.complete();
                    objects[index].1 = left - 1;
                    done[namespace] = at.as_secs_f64();
                    Duration::from_millis(100)
                }
                Err(told) => {
                    bucket.pause(now + seconds(told), now);
                    bucket.complete();
                    seconds(told)
                }
            }
        };
        if objects[index].1 > 0 {
            let micros = u64::try_from((at + next).as_micros()).unwrap() + 1;
            assert!(micros < 1_000_000 * 200_000, "somebody starves");
            wakes.push(Wakes(std::cmp::Reverse(micros), index));
        }
    }
    (server, done)
}

#[test]
fn five_hundred_objects_do_not_starve_two() {
    let (server, done) = storm(&[500, 2], 3, 20.0, 2.0, 10.0);
    println!("refused {}, large done after {:.0} s, small after {:.0} s", server.refused, done[0], done[1]);
    assert_eq!(server.inside_told_pause, 0);
    // 1506 requests at two a second; of them the small namespace has six.
    assert!(done[1] < done[0] / 10.0, "{done:?}");
}

/// How many of the requests of a time a namespace has, where each object always wants passes of some requests.
fn shares(objects: &[usize], requests: usize, size: f64, refill: f64) -> Vec<f64> {
    let begin = Instant::now();
    let mut bucket = Bucket::new(Some(Level::flow(size, refill, begin)));
    let all: Vec<(usize, usize)> = objects
        .iter()
        .enumerate()
        .flat_map(|(namespace, count)| (0..*count).map(move |index| (namespace, index)))
        .collect();
    let mut wakes: BinaryHeap<Wakes> = (0..all.len()).map(|index| Wakes(std::cmp::Reverse(0), index)).collect();
    let (mut counts, mut sent) = (vec![0.0; objects.len()], vec![0_usize; all.len()]);
    while let Some(Wakes(std::cmp::Reverse(micros), index)) = wakes.pop() {
        let at = Duration::from_micros(micros);
        if at > Duration::from_secs(2000) {
            break;
        }
        let (namespace, number) = all[index];
        let one = ask(&format!("n{namespace}"), &number.to_string(), Urgency::Running);
        let now = begin + at;
        let next = if let Some(wait) = bucket.wait(&one, now) {
            bucket.defer(&one, now + wait, now);
            wait
        } else {
            goes(&mut bucket, &one, now);
            sent[index] += 1;
            // What the full bucket gave at first is nobody's share.
            counts[namespace] += f64::from(u8::from(at > Duration::from_secs(200)));
            Duration::from_millis(if sent[index].is_multiple_of(requests) { 6000 } else { 50 })
        };
        wakes.push(Wakes(std::cmp::Reverse(u64::try_from((at + next).as_micros()).unwrap() + 1), index));
    }
    let total: f64 = counts.iter().sum();
    counts.iter().map(|count| count / total).collect()
}

#[test]
fn each_namespace_that_wants_more_has_its_share_of_requests_however_many_objects_others_have() {
    for (objects, requests, size, refill) in [
        (vec![40, 4], 1, 20.0, 1.0),
        (vec![40, 4], 4, 20.0, 1.0),
        (vec![200, 12, 12], 4, 250.0, 2.0),
        (vec![100, 8], 4, 1.0, 1.0),
        (vec![60, 30, 12, 12], 3, 3.0, 1.0),
    ] {
        let shares = shares(&objects, requests, size, refill);
        println!("{objects:?} objects, passes of {requests}, a bucket of {size} and {refill} a second: {shares:.2?}");
        #[allow(clippy::cast_precision_loss, reason = "a handful")]
        let fair = 1.0 / objects.len() as f64;
        for share in &shares {
            assert!(*share > fair * 0.8, "{objects:?}: {shares:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn everything_is_sent_in_the_end_and_nothing_inside_a_told_pause(
        namespaces in proptest::collection::vec(1_usize..40, 1..6),
        requests in 1_usize..4,
        size in 1_u32..60,
        refill in 1_u32..100,
        believed in 1_u32..100,
    ) {
        let (server, _) = storm(
            &namespaces, requests, size.into(), f64::from(refill) / 10.0, f64::from(believed) / 5.0,
        );
        prop_assert_eq!(server.inside_told_pause, 0);
    }
}
