//! Anthropic Messages.

use super::{Api, Call, Collected, Exchange};
use crate::{Effort, failure};
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
            "messages": [{"role": "user", "content": question.prompt}],
        });
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
                    names.iter().filter_map(|n| message["usage"][*n].as_u64()).reduce(|a, b| a + b);
            }
            Some("content_block_delta") => {
                collected.text.push_str(data["delta"]["text"].as_str().unwrap_or_default());
            }
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
