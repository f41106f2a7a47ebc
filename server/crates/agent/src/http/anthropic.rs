//! Anthropic Messages.

use super::{Api, Call, Collected, Exchange, ToolCall};
use crate::{Effort, failure, prompt};
use serde_json::{Value, json};

#[derive(Debug)]
pub(super) struct Anthropic;

impl Api for Anthropic {
    fn default_url(&self) -> &'static str {
        "https://api.anthropic.com"
    }

    fn default_key_env(&self) -> Option<&'static str> {
        Some("ANTHROPIC_API_KEY")
    }

    fn default_context(&self) -> u32 {
        200_000
    }

    fn call(&self, question: Exchange<'_>) -> Call {
        let mut body = json!({
            "model": question.model,
            "max_tokens": question.max_output_tokens,
            "stream": true,
            "messages": messages(&question),
        });
        if !question.tools.is_empty() {
            let tools = question.tools.iter();
            body["tools"] =
                tools.map(|t| json!({"name": t.name, "description": t.says, "input_schema": t.arguments})).collect();
        }
        if let Some(schema) = question.schema {
            body["output_config"] = json!({"format": {"type": "json_schema", "schema": schema}});
        }
        if let Some(effort) = question.effort {
            body["output_config"]["effort"] = json!(if effort == Effort::Max { "max" } else { effort.word() });
        }
        Call {
            path: "/v1/messages".into(),
            key_header: ("x-api-key", ""),
            headers: &[("anthropic-version", "2023-06-01")],
            body,
        }
    }

    fn event(&self, data: &Value, collected: &mut Collected) {
        match data["type"].as_str() {
            Some("message_start") => {
                let message = &data["message"];
                collected.model = message["model"].as_str().map(Into::into);
                let names = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"];
                collected.usage.input_tokens =
                    names.iter().filter_map(|n| message["usage"][*n].as_u64()).reduce(u64::saturating_add);
                collected.usage.cached_tokens = message["usage"]["cache_read_input_tokens"].as_u64();
            }
            Some("content_block_start") => begin(data["content_block"].clone(), collected),
            Some("content_block_delta") => go_on(&data["delta"], collected),
            Some("content_block_stop") => end(collected),
            Some("message_delta") => {
                if let Some(tokens) = data["usage"]["output_tokens"].as_u64() {
                    collected.usage.output_tokens = Some(tokens);
                }
                match data["delta"]["stop_reason"].as_str() {
                    Some("max_tokens" | "model_context_window_exceeded") => collected.cut_by_length(),
                    Some("refusal") => collected.refused("refusal"),
                    _ => {}
                }
            }
            Some("message_stop") => collected.done = true,
            Some("error") => {
                let status = match data["error"]["type"].as_str() {
                    Some("rate_limit_error") => 429,
                    Some("authentication_error") => 401,
                    Some("overloaded_error") => 529,
                    _ => 500,
                };
                let message = data["error"]["message"].as_str().unwrap_or_default();
                collected.failure = Some(failure::of_status(status, message));
            }
            _ => {}
        }
    }
}

/// A block of the answer begins: words, thoughts, or a call of a tool.
fn begin(mut block: Value, collected: &mut Collected) {
    if block["type"] == "tool_use" {
        // Its arguments come as text, piece by piece.
        block["input"] = json!("");
    }
    collected.said.push(block);
}

fn go_on(delta: &Value, collected: &mut Collected) {
    collected.text.push_str(delta["text"].as_str().unwrap_or_default());
    let pieces = [("text", "text"), ("partial_json", "input"), ("thinking", "thinking"), ("signature", "signature")];
    for (piece, field) in pieces {
        if let (Some(more), Some(block)) = (delta[piece].as_str(), collected.said.last_mut()) {
            block[field] = json!(block[field].as_str().unwrap_or_default().to_owned() + more);
        }
    }
}

fn end(collected: &mut Collected) {
    if let Some(block) = collected.said.last_mut().filter(|block| block["type"] == "tool_use") {
        let text = block["input"].as_str().unwrap_or_default();
        block["input"] = serde_json::from_str(text).unwrap_or_else(|_| json!({}));
        collected.calls.push(ToolCall {
            id: block["id"].as_str().unwrap_or_default().to_owned(),
            name: block["name"].as_str().unwrap_or_default().to_owned(),
            arguments: block["input"].clone(),
        });
    }
}

/// The prompt in parts, so that the vendor keeps what is the same in the next round; then what was asked and told. To keep
/// something costs more than to send it once: without tools, when nothing is sent again, only what all rounds have is kept.
fn messages(question: &Exchange<'_>) -> Vec<Value> {
    let mut pieces = prompt::by_steadiness(question.prompt);
    let turns = !question.tools.is_empty();
    let rest = if turns || pieces.len() < 2 { String::new() } else { pieces.split_off(1).concat() };
    let mut content: Vec<Value> = pieces.iter().map(|text| json!({"type": "text", "text": text})).collect();
    if turns || !rest.is_empty() {
        // Each turn sends all that came before it again. Four such marks are the most that are taken.
        content.iter_mut().for_each(|part| part["cache_control"] = json!({"type": "ephemeral"}));
    }
    if !rest.is_empty() {
        content.push(json!({"type": "text", "text": rest}));
    }
    let mut messages = vec![json!({"role": "user", "content": content})];
    for turn in question.turns {
        messages.push(json!({"role": "assistant", "content": turn.said}));
        let answers = turn.answers.iter();
        let answers =
            answers.map(|(call, text)| json!({"type": "tool_result", "tool_use_id": call.id, "content": text}));
        messages.push(json!({"role": "user", "content": answers.collect::<Vec<_>>()}));
    }
    messages
}
