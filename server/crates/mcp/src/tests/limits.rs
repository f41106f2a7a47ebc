//! Answers that would be huge.

use super::client::{Bed, Client, finding};
use serde_json::{Value, json};

/// Findings at files of their own, each with a body of so many words.
fn many(count: usize, words: usize) -> Vec<Value> {
    (0..count)
        .map(|n| {
            let title = format!("Remark number {n} {}", "is about this ".repeat(n % 7));
            let mut one = finding("important", &title, 7, None);
            one["body"] = json!(format!("Body {n}. {}", "word ".repeat(words)));
            one["places"][0] =
                json!({ "path": format!("src/file{n}.rs"), "start_line": 1, "end_line": 1, "quote": "" });
            one
        })
        .collect()
}

fn bed(count: usize, words: usize) -> Bed {
    let bed = Bed::new("['read', 'review']", &many(count, words));
    for n in 0..count {
        bed.repo.write(format!("src/file{n}.rs"), format!("pub fn number{n}() -> u32 {{ {n} }}\n"));
    }
    bed.repo.commit("Add files");
    bed
}

#[tokio::test]
async fn many_findings_come_in_pages_that_are_all_of_them() {
    let bed = bed(240, 20);
    let mut client = bed.reviewed().await;
    let first = client.call("findings", json!({ "limit": 3 })).await.unwrap();
    assert_eq!(first["findings"].as_array().unwrap().len(), 3);
    let total = usize::try_from(first["total"].as_u64().unwrap()).unwrap();
    assert!(total > 200, "{total}");
    let mut labels: Vec<String> = Vec::new();
    let mut cursor: Option<Value> = None;
    let mut pages = 0;
    loop {
        let arguments = cursor.map_or(json!({ "limit": 200 }), |cursor| json!({ "limit": 200, "cursor": cursor }));
        let page = client.call("findings", arguments).await.unwrap();
        labels.extend(page["findings"].as_array().unwrap().iter().map(|row| row["label"].as_str().unwrap().to_owned()));
        pages += 1;
        match page.get("next") {
            Some(next) => cursor = Some(next.clone()),
            None => break,
        }
    }
    assert!(pages > 2, "a page is bounded by its bytes too");
    assert_eq!(labels.len(), total);
    labels.sort();
    labels.dedup();
    assert_eq!(labels.len(), total, "each once");
}

#[tokio::test]
async fn a_report_comes_in_pages_and_one_large_finding_is_cut() {
    let bed = bed(30, 400);
    let mut client = bed.reviewed().await;
    let mut text = String::new();
    let mut next = json!(1);
    let mut pages = 0;
    while !next.is_null() {
        let page = client.call("report", json!({ "page": next, "format": "json" })).await.unwrap();
        assert!(page.get("cut").is_none(), "nothing of a report is lost");
        text.push_str(page["text"].as_str().unwrap());
        next = page["next"].clone();
        pages += 1;
    }
    assert!(pages > 3, "{pages}");
    let report: Value = serde_json::from_str(&text).unwrap();
    assert!(report["round"]["findings"].as_array().unwrap().len() > 20);

    let mut big = finding("critical", "Big", 7, None);
    big["body"] = json!("x".repeat(200_000));
    bed.says(&[big], &json!({}));
    client.call("review", json!({ "agents": ["one"], "fresh": true })).await.unwrap();
    let list = client.call("findings", json!({ "severity": "critical" })).await.unwrap();
    let whole = client.call("finding", json!({ "id": list["findings"][0]["id"] })).await.unwrap();
    assert_eq!(whole["cut"], true);
    client.leave().await;
    drop(Client::connect(bed.settings()).await);
}
