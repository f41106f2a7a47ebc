//! Rounds: how far they are, and how they are stopped.

use super::client::{Bed, Client, finding};
use serde_json::json;

#[tokio::test]
async fn a_review_says_how_far_it_is_and_gives_what_is_open() {
    let bed = Bed::usual();
    let mut client = Client::connect(bed.settings()).await;
    let params = json!({ "name": "review", "arguments": { "agents": ["one"] }, "_meta": { "progressToken": "t" } });
    let id = client.ask("tools/call", params).await;
    let done = client.called("review", id).await.unwrap();
    assert_eq!((&done["stage"], &done["complete"], &done["critical"]), (&json!("done"), &json!(true), &json!(1)));
    assert_eq!(done["findings"].as_array().unwrap().len(), 2);
    let progress: Vec<f64> = client
        .heard
        .iter()
        .filter(|heard| heard["method"] == "notifications/progress" && heard["params"]["progressToken"] == "t")
        .map(|heard| heard["params"]["progress"].as_f64().unwrap())
        .collect();
    assert!(!progress.is_empty() && progress.is_sorted_by(|a, b| a < b), "{progress:?}");
    bed.repo.checkout("main");
    let same = client.call("review", json!({ "agents": ["one"], "uncommitted": false })).await;
    assert!(same.is_err() || same.unwrap()["stage"] == "nothing-changed");
}

/// A failed reviewer is never a clean result, here either.
#[tokio::test]
async fn a_reviewer_that_failed_is_said() {
    let bed = Bed::usual();
    bed.says(&[], &json!({ "play": { "fail": { "kind": "rate-limited", "message": "asked too often" } } }));
    let mut client = Client::connect(bed.settings()).await;
    let done = client.call("review", json!({ "agents": ["one"] })).await.unwrap();
    assert_eq!((&done["complete"], &done["findings"]), (&json!(false), &json!([])));
    assert_eq!(done["failed"], json!(["ONE: asked too often"]));
    assert!(done["conclusion"].as_str().unwrap().starts_with("No verdict"), "{done}");
}

/// Waits until a review runs: what its start says has arrived.
async fn under_way(client: &mut Client) -> i64 {
    let params = json!({ "name": "review", "arguments": { "agents": ["one"] }, "_meta": { "progressToken": 7 } });
    let id = client.ask("tools/call", params).await;
    loop {
        let message = client.message().await;
        if message["method"] == "notifications/progress" {
            return id;
        }
        assert_ne!(message["id"], id, "{message}");
    }
}

#[tokio::test]
async fn a_review_is_stopped_by_who_started_it_and_keeps_what_was_answered() {
    let bed = Bed::usual();
    bed.says(&[], &json!({ "play": { "hang": true } }));
    let mut client = Client::connect(bed.settings()).await;
    let id = under_way(&mut client).await;
    let second = client.call("review", json!({ "agents": ["one"] })).await.unwrap_err();
    assert!(second.contains("runs already") && second.contains("resume_waiting"), "{second}");
    // Who only waits stops nothing, and other calls are answered meanwhile.
    let waiting = client.call("review", json!({ "resume_waiting": true, "wait_seconds": 0 })).await.unwrap();
    assert_eq!(waiting["stage"], "running");
    let waiter = client.ask("tools/call", json!({ "name": "review", "arguments": { "resume_waiting": true } })).await;
    let cancelled =
        |id: i64| json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": id } });
    client.send(&cancelled(waiter)).await;
    assert_eq!(client.call("rounds", json!({})).await.unwrap()["rounds"][0]["number"], 1);
    client.send(&cancelled(id)).await;
    let done = client.call("review", json!({ "resume_waiting": true })).await.unwrap();
    assert_eq!((&done["stage"], &done["complete"]), (&json!("done"), &json!(false)), "{done}");
    assert_eq!(done["failed"].as_array().unwrap().len(), 1);
    bed.says(&[finding("important", "Found later", 7, None)], &json!({}));
    let again = client.call("review", json!({ "agents": ["one"] })).await.unwrap();
    assert_eq!(again["important"], 1, "the next one starts");
}

#[tokio::test]
async fn a_client_that_goes_takes_its_review_with_it() {
    let bed = Bed::usual();
    bed.says(&[], &json!({ "play": { "hang": true } }));
    let mut client = Client::connect(bed.settings()).await;
    under_way(&mut client).await;
    client.leave().await;
    let mut other = Client::connect(bed.settings()).await;
    let rounds = other.call("rounds", json!({})).await.unwrap();
    assert_eq!((&rounds["rounds"][0]["failed"], &rounds["rounds"][0]["verdict"]), (&json!(1), &json!("no-verdict")));
    let none = other.call("review", json!({ "resume_waiting": true })).await.unwrap_err();
    assert!(none.contains("no review was started here"), "{none}");
}

/// Two clients, each with a server of its own, on one repository.
#[tokio::test]
async fn two_clients_see_one_branch() {
    let bed = Bed::usual();
    let mut one = bed.reviewed().await;
    let mut two = Client::connect(bed.settings()).await;
    let (a, b) = tokio::join!(
        one.call("dismiss", json!({ "id": "S1", "reason": "no" })),
        two.call("dismiss", json!({ "id": "C1", "reason": "no" }))
    );
    a.unwrap();
    b.unwrap();
    for client in [&mut one, &mut two] {
        assert_eq!(client.call("findings", json!({ "state": "dismissed" })).await.unwrap()["total"], 2);
    }
    let (a, b) = tokio::join!(
        one.call("review", json!({ "agents": ["one"], "fresh": true })),
        two.call("review", json!({ "agents": ["one"], "fresh": true }))
    );
    assert_ne!(a.unwrap()["round"], b.unwrap()["round"], "no number is given twice");
}
