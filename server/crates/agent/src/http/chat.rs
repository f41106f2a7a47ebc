//! OpenAI chat completions, as Ollama, llama.cpp, vLLM, OpenRouter and many others speak it.

use super::{Api, Call, Collected, Exchange, Tool, ToolCall};
use crate::failure;
use serde_json::{Value, json};

#[derive(Debug)]
pub(super) struct Chat;

impl Api for Chat {
    fn default_url(&self) -> &'static str {
        "http://127.0.0.1:11434/v1"
    }

    fn default_key_env(&self) -> Option<&'static str> {
        None
    }

    fn default_context(&self) -> u32 {
        32_000
    }

    fn asks(&self) -> bool {
        false
    }

    fn call(&self, question: Exchange<'_>) -> Call {
        let mut body = json!({
            "model": question.model,
            "messages": messages(&question),
            "stream": true,
            "stream_options": {"include_usage": true},
            "max_tokens": question.max_output_tokens,
        });
        if !question.tools.is_empty() {
            let tools = question.tools.iter();
            let function = |t: &Tool| json!({"name": t.name, "description": t.says, "parameters": t.arguments});
            body["tools"] = tools.map(|t| json!({"type": "function", "function": function(t)})).collect();
        }
        // Many servers do not take a form of the answer together with tools.
        if let Some(schema) = question.schema.filter(|_| question.tools.is_empty()) {
            body["response_format"] =
                json!({"type": "json_schema", "json_schema": {"name": "review", "schema": schema, "strict": true}});
        }
        if let Some(effort) = question.effort {
            body["reasoning_effort"] = json!(effort.word());
        }
        Call { path: "/chat/completions".into(), key_header: ("authorization", "Bearer "), headers: &[], body }
    }

    fn event(&self, data: &Value, collected: &mut Collected) {
        if let Some(model) = data["model"].as_str() {
            collected.model = Some(model.into());
        }
        if data["usage"].is_object() {
            collected.usage.input_tokens = data["usage"]["prompt_tokens"].as_u64();
            collected.usage.cached_tokens = data["usage"]["prompt_tokens_details"]["cached_tokens"].as_u64();
            collected.usage.output_tokens = data["usage"]["completion_tokens"].as_u64();
        }
        if data["error"].is_object() {
            let status = data["error"]["code"].as_u64().and_then(|c| u16::try_from(c).ok()).unwrap_or(500);
            let message = data["error"]["message"].as_str().unwrap_or_default();
            collected.failure = Some(failure::of_status(status, message));
        }
        let choice = &data["choices"][0];
        collected.text.push_str(choice["delta"]["content"].as_str().unwrap_or_default());
        for piece in choice["delta"]["tool_calls"].as_array().into_iter().flatten() {
            take(piece, &mut collected.said);
        }
        if choice["finish_reason"].is_string() {
            collected.calls = collected.said.iter().map(call_of).collect();
        }
        match choice["finish_reason"].as_str() {
            Some("length") => {
                collected.done = true;
                collected.cut_by_length();
            }
            Some("content_filter") => collected.refused("content filter"),
            // Not every server sends the last event.
            Some(_) => collected.done = true,
            None => {}
        }
    }

    fn is_end(&self, data: &str) -> bool {
        data == "[DONE]"
    }
}

/// The prompt, and what was asked and told.
fn messages(question: &Exchange<'_>) -> Vec<Value> {
    let mut messages = vec![json!({"role": "user", "content": question.prompt})];
    for turn in question.turns {
        messages.push(json!({"role": "assistant", "content": null, "tool_calls": turn.said}));
        let answers = turn.answers.iter();
        messages.extend(answers.map(|(call, text)| json!({"role": "tool", "tool_call_id": call.id, "content": text})));
    }
    messages
}

/// Adds a piece of a call to the calls: some servers send one at once, others its arguments bit by bit.
fn take(piece: &Value, calls: &mut Vec<Value>) {
    // Further ones are no review.
    const MOST: usize = 64;
    let at = piece["index"].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(calls.len());
    if at >= MOST {
        return;
    }
    while calls.len() <= at {
        calls.push(json!({"id": "", "type": "function", "function": {"name": "", "arguments": ""}}));
    }
    let call = &mut calls[at];
    if let Some(id) = piece["id"].as_str().filter(|id| !id.is_empty()) {
        call["id"] = json!(id);
    }
    for field in ["name", "arguments"] {
        if let Some(more) = piece["function"][field].as_str() {
            let so_far = call["function"][field].as_str().unwrap_or_default().to_owned();
            call["function"][field] = json!(so_far + more);
        }
    }
}

fn call_of(call: &Value) -> ToolCall {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let arguments = serde_json::from_str(call["function"]["arguments"].as_str().unwrap_or_default());
    ToolCall {
        id: text(&call["id"]),
        name: text(&call["function"]["name"]),
        arguments: arguments.unwrap_or_else(|_| json!({})),
    }
}
