//! A small server on the loopback interface that stands for a vendor of models, in each of the four forms. It answers
//! call after call as it is told, and keeps what it was asked.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]
#![cfg_attr(not(unix), expect(dead_code, reason = "limits are tested on Unix alone"))]

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What it does with a call.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// Answers with this text, as events.
    Says(String),
    /// Asks for a tool, with these arguments.
    Asks(&'static str, Value),
    /// The same, in many small events.
    Slowly(String),
    /// The same, and says that the answer was cut at its token limit.
    CutByLength(String),
    /// Closes the connection in the middle of the answer.
    Breaks(String),
    /// Says all of it, and neither ends the answer nor closes the connection.
    Lingers(String),
    /// Answers with a status and further header lines.
    Status(u16, &'static str),
    /// Answers with something that is no stream of events.
    Garbage,
    /// Says nothing and keeps the connection.
    Hangs,
}

/// One request.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// Request line and headers.
    pub(super) head: String,
    pub(super) body: Value,
    pub(super) at: Instant,
}

pub(super) struct Vendor {
    pub(super) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Vendor {
    /// Takes a step for each call; the last one repeats.
    pub(super) fn start(steps: Vec<Step>) -> Self {
        Self::serving(steps, |stream| Box::new(stream))
    }

    /// The same behind TLS.
    pub(super) fn secured(steps: Vec<Step>, tls: Arc<rustls::ServerConfig>) -> Self {
        Self::serving(steps, move |stream| {
            let connection = rustls::ServerConnection::new(Arc::clone(&tls)).unwrap();
            Box::new(rustls::StreamOwned::new(connection, stream))
        })
    }

    fn serving(steps: Vec<Step>, open: impl Fn(TcpStream) -> Box<dyn Line> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (log, open) = (Arc::clone(&asked), Arc::new(open));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, steps, open) = (Arc::clone(&log), steps.clone(), Arc::clone(&open));
                // A client that goes away, or trusts us not, is its own affair.
                std::thread::spawn(move || drop(serve(open(stream), &log, &steps)));
            }
        });
        Self { address, asked }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

pub(super) trait Line: Read + Write + Send {}
impl<T: Read + Write + Send> Line for T {}

fn serve(line: Box<dyn Line>, log: &Mutex<Vec<Asked>>, steps: &[Step]) -> std::io::Result<()> {
    let mut reader = BufReader::new(line);
    let mut head = String::new();
    while reader.read_line(&mut head)? > 2 {}
    let length = head.lines().find_map(|l| l.to_ascii_lowercase().strip_prefix("content-length:").map(str::to_owned));
    let mut body = vec![0; length.and_then(|l| l.trim().parse().ok()).unwrap_or(0)];
    reader.read_exact(&mut body)?;
    let line = reader.get_mut();
    if head.starts_with("GET ") {
        return line.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}");
    }
    let step = {
        let at = Instant::now();
        let mut log = log.lock().unwrap();
        log.push(Asked { head: head.clone(), body: serde_json::from_slice(&body).unwrap_or_default(), at });
        steps[(log.len() - 1).min(steps.len() - 1)].clone()
    };
    let form = Form::of(&head);
    match step {
        Step::Says(text) => events(line, form, &[&text], form.stops().0),
        Step::Slowly(text) => {
            let chars: Vec<String> = text.chars().map(String::from).collect();
            let pieces: Vec<String> = chars.chunks(9).map(<[String]>::concat).collect();
            events(line, form, &pieces.iter().map(String::as_str).collect::<Vec<_>>(), form.stops().0)
        }
        Step::Asks(name, arguments) => {
            write!(line, "{OK}\r\n{}", form.asking(name, &arguments))?;
            line.flush()
        }
        Step::CutByLength(text) => events(line, form, &[&text], form.stops().1),
        Step::Breaks(text) => {
            let all: String = form.events(&[&text[..text.len() / 2]], form.stops().0).concat();
            let all = &all[..all.rfind("\n\n").and_then(|end| all[..end].rfind("\n\n")).unwrap_or(0)];
            let all = &all[..all.len() / 2];
            write!(line, "{OK}content-length: 100000\r\n\r\n{all}")?;
            line.flush()
        }
        Step::Lingers(text) => {
            // As a server does whose last event gets lost.
            let all = form.events(&[&text], form.stops().0);
            let said = all.iter().position(|event| event.contains("findings")).unwrap_or(0);
            write!(line, "{OK}\r\n{}", all[..=said].concat())?;
            line.flush()?;
            reader.read_line(&mut String::new()).map(drop)
        }
        Step::Status(status, headers) => {
            let error =
                json!({"error": {"type": "x", "code": status, "message": format!("mock error {status}")}}).to_string();
            let length = error.len();
            write!(
                line,
                "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{error}"
            )?;
            line.flush()
        }
        Step::Garbage => {
            let html = "<html>hello</html>";
            write!(line, "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\n\r\n{html}", html.len())?;
            line.flush()
        }
        // Until the client has enough of it.
        Step::Hangs => reader.read_line(&mut String::new()).map(drop),
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n";

fn events(line: &mut dyn Line, form: Form, pieces: &[&str], stop: &str) -> std::io::Result<()> {
    write!(line, "{OK}\r\n")?;
    for event in form.events(pieces, stop) {
        line.write_all(event.as_bytes())?;
        line.flush()?;
    }
    Ok(())
}

#[derive(Debug, Clone, Copy)]
enum Form {
    Anthropic,
    Responses,
    Chat,
    Gemini,
}

impl Form {
    fn of(head: &str) -> Self {
        let path = head.lines().next().unwrap_or_default();
        match () {
            () if path.contains("/messages") => Self::Anthropic,
            () if path.contains("/responses") => Self::Responses,
            () if path.contains("/chat/completions") => Self::Chat,
            () => Self::Gemini,
        }
    }

    /// How it says that an answer is whole, and that it was cut by length.
    fn stops(self) -> (&'static str, &'static str) {
        match self {
            Self::Anthropic => ("end_turn", "max_tokens"),
            Self::Responses => ("", "max_output_tokens"),
            Self::Chat => ("stop", "length"),
            Self::Gemini => ("STOP", "MAX_TOKENS"),
        }
    }

    /// The events of a question.
    fn asking(self, name: &str, arguments: &Value) -> String {
        let text = arguments.to_string();
        let events = match self {
            Self::Anthropic => vec![
                json!({"type": "message_start", "message": {"model": "mock-model", "usage": {"input_tokens": 1000}}}),
                json!({"type": "content_block_start", "content_block": {"type": "tool_use", "id": "c1", "name": name, "input": {}}}),
                json!({"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": text}}),
                json!({"type": "content_block_stop"}),
                json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 200}}),
                json!({"type": "message_stop"}),
            ],
            Self::Responses => vec![
                json!({"type": "response.output_item.done", "item": {"type": "function_call", "call_id": "c1", "name": name, "arguments": text}}),
                json!({"type": "response.completed", "response": {"model": "mock-model", "usage": {"input_tokens": 1000, "output_tokens": 200}}}),
            ],
            Self::Chat => vec![
                json!({"model": "mock-model", "choices": [{"delta": {"tool_calls": [{"index": 0, "id": "c1", "function": {"name": name, "arguments": text}}]}}]}),
                json!({"choices": [{"delta": {}, "finish_reason": "tool_calls"}]}),
                json!({"choices": [], "usage": {"prompt_tokens": 1000, "completion_tokens": 200}}),
            ],
            Self::Gemini => vec![
                json!({"modelVersion": "mock-model", "usageMetadata": {"promptTokenCount": 1000, "candidatesTokenCount": 200},
                "candidates": [{"finishReason": "STOP", "content": {"parts": [{"functionCall": {"name": name, "args": arguments}}]}}]}),
            ],
        };
        events.iter().map(|e| format!("data: {e}\n\n")).collect()
    }

    fn events(self, pieces: &[&str], stop: &str) -> Vec<String> {
        let mut events: Vec<Value> = Vec::new();
        match self {
            Self::Anthropic => {
                events.push(json!({"type": "message_start", "message": {"model": "mock-model", "usage": {"input_tokens": 1000}}}));
                events.extend(
                    pieces
                        .iter()
                        .map(|p| json!({"type": "content_block_delta", "delta": {"type": "text_delta", "text": p}})),
                );
                events.push(
                    json!({"type": "message_delta", "delta": {"stop_reason": stop}, "usage": {"output_tokens": 200}}),
                );
                events.push(json!({"type": "message_stop"}));
            }
            Self::Responses => {
                events.extend(pieces.iter().map(|p| json!({"type": "response.output_text.delta", "delta": p})));
                let mut response =
                    json!({"model": "mock-model", "usage": {"input_tokens": 1000, "output_tokens": 200}});
                let mut kind = "response.completed";
                if !stop.is_empty() {
                    response["incomplete_details"] = json!({"reason": stop});
                    kind = "response.incomplete";
                }
                events.push(json!({"type": kind, "response": response}));
            }
            Self::Chat => {
                events.extend(
                    pieces.iter().map(|p| json!({"model": "mock-model", "choices": [{"delta": {"content": p}}]})),
                );
                events.push(json!({"choices": [{"delta": {}, "finish_reason": stop}]}));
                events.push(json!({"choices": [], "usage": {"prompt_tokens": 1000, "completion_tokens": 200}}));
            }
            Self::Gemini => {
                let part = |p: &&str| json!({"modelVersion": "mock-model", "candidates": [{"content": {"parts": [{"text": p}]}}]});
                events.extend(pieces.iter().map(part));
                let usage = json!({"promptTokenCount": 1000, "candidatesTokenCount": 200});
                events.push(
                    json!({"candidates": [{"content": {"parts": []}, "finishReason": stop}], "usageMetadata": usage}),
                );
            }
        }
        let mut lines: Vec<String> = events.iter().map(|e| format!("data: {e}\n\n")).collect();
        if matches!(self, Self::Chat) {
            lines.push("data: [DONE]\n\n".into());
        }
        lines
    }
}

/// A proxy that opens tunnels (`CONNECT`), to `target` whatever it is asked for; gives what it was asked.
pub(super) fn tunnel(target: SocketAddr) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let log = Arc::clone(&log);
            std::thread::spawn(move || drop(pass(stream, target, &log)));
        }
    });
    (address, asked)
}

fn pass(mut client: TcpStream, target: SocketAddr, log: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    log.lock().unwrap().push(String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned());
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    let mut server = TcpStream::connect(target)?;
    client.set_read_timeout(Some(Duration::from_secs(60)))?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    std::thread::spawn(move || drop(std::io::copy(&mut from_client, &mut to_server)));
    std::io::copy(&mut server, &mut client)?;
    client.shutdown(std::net::Shutdown::Both)
}
