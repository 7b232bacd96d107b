//! Many cases, some at a time, and the table of what came of them.

use std::collections::BTreeSet;

use azimage_test_guest::{
    cases::{Case, Guests, Played, cases, play},
    image::{Image, Provisioner, Suite},
};
use futures::{StreamExt as _, stream};
use tokio::time::Instant;

/// Plays the cases with these names, or all. True when all is as it has to be.
pub async fn run(suite: Suite, names: &[String], lanes: usize) -> anyhow::Result<bool> {
    let all: Vec<Case> = cases().into_iter().filter(|case| !matches!(case.played, Played::Simulated(_))).collect();
    let known: BTreeSet<&str> = all.iter().map(|case| case.name).collect();
    if let Some(name) = names.iter().find(|name| !known.contains(name.as_str())) {
        anyhow::bail!("no case {name}; there are: {}", known.into_iter().collect::<Vec<_>>().join(" "));
    }
    let chosen: Vec<Case> =
        all.into_iter().filter(|case| names.is_empty() || names.iter().any(|name| name == case.name)).collect();
    let provisioners: BTreeSet<Provisioner> = chosen.iter().map(|case| case.provisioner).collect();
    let mut images = Vec::new();
    for provisioner in provisioners {
        images.push(Image::get(suite, provisioner).await?);
    }
    let begin = Instant::now();
    let count = chosen.len();
    // The guests are made once, before several lanes want them.
    let guests = Guests::of(&images).await?;
    let plays = chosen.iter().enumerate().map(async |(at, case)| {
        let row = row(&guests, case).await;
        eprintln!("{}", row.line);
        (at, row)
    });
    let mut rows: Vec<(usize, Row)> = stream::iter(plays).buffer_unordered(lanes.max(1)).collect().await;
    rows.sort_by_key(|(at, _)| *at);
    println!("| case | what is the matter | expected | seen | seconds |\n| -- | -- | -- | -- | --: |");
    for (_, row) in &rows {
        println!("{}", row.table);
    }
    let wrong = rows.iter().filter(|(_, row)| !row.right).count();
    println!("\n{count} cases in {} s, {wrong} of them not as expected", begin.elapsed().as_secs());
    Ok(wrong == 0 && count > 0)
}

struct Row {
    right: bool,
    line: String,
    table: String,
}

async fn row(guests: &Guests, case: &Case) -> Row {
    let (right, seen, seconds, wrong, detail) = match play(guests, case).await {
        Ok(seen) => (seen.wrong.is_empty(), seen.outcome.to_string(), seen.seconds, seen.wrong, seen.detail),
        Err(error) => (false, "the rig failed".to_owned(), 0, vec![format!("{error:#}")], String::new()),
    };
    let verdict = if right { "ok" } else { "WRONG" };
    let mut line = format!("{verdict:5} {:24} {seconds:>4} s  {seen}", case.name);
    if !detail.is_empty() {
        line.push_str("\n        detail: ");
        line.push_str(&detail);
    }
    for words in wrong {
        line.push_str("\n        ");
        line.push_str(&words);
    }
    let expected = case.expected.to_string();
    let shown = if seen == expected && right {
        "as expected".to_owned()
    } else if seen == expected {
        format!("**{seen}, but with findings**")
    } else {
        format!("**{seen}**")
    };
    Row { right, line, table: format!("| {} | {} | {expected} | {shown} | {seconds} |", case.name, case.about) }
}
