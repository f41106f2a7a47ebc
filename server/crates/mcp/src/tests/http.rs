//! The server on an address: who gets in.

use super::client::{Bed, hello};
use crate::{Token, serve_http};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

const TOKEN: &str = "a-token-of-the-tests";

/// Sends a request and gives the status and all that comes with it.
async fn post(at: &str, headers: &[&str], body: &str) -> (u16, String) {
    let host = at.strip_prefix("http://").unwrap().split_once('/').unwrap().0;
    let mut stream = TcpStream::connect(host).await.unwrap();
    let own_host = headers.iter().any(|header| header.starts_with("Host:"));
    let mut head = "POST /mcp HTTP/1.1\r\nConnection: close\r\nContent-Type: application/json\r\n\
                    Accept: application/json, text/event-stream\r\n"
        .to_owned();
    if !own_host {
        head.push_str(&format!("Host: {host}\r\n"));
    }
    for header in headers {
        head.push_str(&format!("{header}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    // A server that refuses may close before it has read everything.
    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
}

fn message(answer: &str) -> Value {
    let data = answer.lines().filter_map(|line| line.strip_prefix("data:")).find(|data| data.contains("jsonrpc"));
    serde_json::from_str(data.unwrap_or_else(|| panic!("{answer}")).trim()).unwrap()
}

/// Greets as a new client; gives the header that names its session.
async fn session(at: &str, right: &str) -> String {
    let hello = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello() }).to_string();
    let (_, answer) = post(at, &[right], &hello).await;
    assert_eq!(message(&answer)["result"]["serverInfo"]["name"], "deep-review");
    let session = answer.lines().find_map(|line| line.strip_prefix("mcp-session-id: ")).unwrap().trim().to_owned();
    let session = format!("Mcp-Session-Id: {session}");
    let done = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }).to_string();
    assert_eq!(post(at, &[right, &session], &done).await.0, 202);
    session
}

/// Runs what is given the server's address.
async fn serving<F: Future<Output = ()>>(bed: &Bed, test: impl FnOnce(String) -> F) {
    let stop = CancellationToken::new();
    let (tell, told) = tokio::sync::oneshot::channel();
    let token = Token::given(TOKEN).unwrap();
    let listening = |at: &str| tell.send(at.to_owned()).unwrap();
    let server = serve_http(bed.settings(), "127.0.0.1:0".parse().unwrap(), token, stop.clone(), listening);
    let client = async {
        test(told.await.unwrap()).await;
        stop.cancel();
    };
    let (served, ()) = tokio::join!(server, client);
    served.unwrap();
}

#[tokio::test]
async fn only_who_brings_the_token_from_this_machine_gets_in() {
    let bed = Bed::usual();
    bed.reviewed().await.leave().await;
    serving(&bed, |at| async move {
        let right = format!("Authorization: Bearer {TOKEN}");
        let hello = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello() }).to_string();
        let large = "x".repeat(2 << 20);
        for (headers, body, status) in [
            (vec![], &hello, 401),
            (vec!["Authorization: Bearer wrong"], &hello, 401),
            (vec!["Authorization: Bearer a-token-of-the-testz"], &hello, 401),
            (vec!["Authorization: Bearer a-token-of-the-tests2"], &hello, 401),
            (vec!["Authorization: Basic YTph"], &hello, 401),
            (vec![&*right, "Host: attacker.example"], &hello, 403),
            (vec![&*right, "Origin: https://attacker.example"], &hello, 403),
            (vec![&*right], &large, 413),
            (vec![&*right], &hello, 200),
        ] {
            let (got, answer) = post(&at, &headers, body).await;
            assert_eq!(got, status, "{headers:?}: {answer}");
        }
        let session = session(&at, &right).await;
        let call = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": { "name": "findings", "arguments": {} } });
        assert_eq!(post(&at, &[&session], &call.to_string()).await.0, 401, "a session is no token");
        let (_, answer) = post(&at, &[&right, &session], &call.to_string()).await;
        assert_eq!(message(&answer)["result"]["structuredContent"]["total"], 2);
    })
    .await;
}

#[tokio::test]
async fn two_clients_of_one_address_share_the_round_that_runs() {
    let bed = Bed::usual();
    bed.says(&[], &json!({ "play": { "hang": true } }));
    serving(&bed, |at| async move {
        let right = format!("Authorization: Bearer {TOKEN}");
        let (one, two) = (session(&at, &right).await, session(&at, &right).await);
        assert_ne!(one, two);
        let call = async |session: &str, arguments: Value| {
            let params = json!({ "name": "review", "arguments": arguments });
            let call = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": params }).to_string();
            message(&post(&at, &[&right, session], &call).await.1)["result"].clone()
        };
        let begun = call(&one, json!({ "agents": ["one"], "wait_seconds": 0 })).await;
        assert_eq!(begun["structuredContent"]["stage"], "running", "{begun}");
        let second = call(&two, json!({ "agents": ["one"] })).await;
        assert!(second["content"][0]["text"].as_str().unwrap().contains("runs already"), "{second}");
        let waiting = call(&two, json!({ "resume_waiting": true, "wait_seconds": 0 })).await;
        assert_eq!(waiting["structuredContent"]["stage"], "running", "{waiting}");
        let nobody = "Mcp-Session-Id: 00000000-0000-0000-0000-000000000000";
        let list = json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/list" }).to_string();
        assert!(matches!(post(&at, &[&right, nobody], &list).await.0, 400..500), "a session that nobody began");
    })
    .await;
}

#[tokio::test]
async fn an_address_that_others_reach_is_refused() {
    let bed = Bed::usual();
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"] {
        let (token, stop) = (Token::new().unwrap(), CancellationToken::new());
        let served = serve_http(bed.settings(), address.parse().unwrap(), token, stop, |_| ()).await;
        assert!(served.unwrap_err().to_string().contains("not an address of this machine alone"), "{address}");
    }
    assert!(Token::given("short").is_err() && Token::given("with a blank in the middle").is_err());
    assert_ne!(Token::new().unwrap().reveal(), Token::new().unwrap().reveal());
    assert_eq!(format!("{:?}", Token::given(TOKEN).unwrap()), "Token");
}
