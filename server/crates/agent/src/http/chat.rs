//! OpenAI chat completions, as Ollama, llama.cpp, vLLM, OpenRouter and many others speak it.

use super::{Api, Call, Collected, Exchange};
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

    fn call(&self, question: Exchange<'_>) -> Call {
        let mut body = json!({
            "model": question.model,
            "messages": [{"role": "user", "content": question.prompt}],
            "stream": true,
            "stream_options": {"include_usage": true},
            "max_tokens": question.max_output_tokens,
        });
        if let Some(schema) = question.schema {
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
            collected.usage.output_tokens = data["usage"]["completion_tokens"].as_u64();
        }
        if data["error"].is_object() {
            let status = data["error"]["code"].as_u64().and_then(|c| u16::try_from(c).ok()).unwrap_or(500);
            let message = data["error"]["message"].as_str().unwrap_or_default();
            collected.failure = Some(failure::of_status(status, message));
        }
        let choice = &data["choices"][0];
        collected.text.push_str(choice["delta"]["content"].as_str().unwrap_or_default());
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
