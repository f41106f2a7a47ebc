//! OpenAI Responses.

use super::{Api, Call, Collected, Exchange, Tool, ToolCall};
use crate::failure;
use serde_json::{Value, json};

#[derive(Debug)]
pub(super) struct OpenAi;

impl Api for OpenAi {
    fn default_url(&self) -> &'static str {
        "https://api.openai.com/v1"
    }

    fn default_key_env(&self) -> Option<&'static str> {
        Some("OPENAI_API_KEY")
    }

    fn default_context(&self) -> u32 {
        200_000
    }

    fn call(&self, question: Exchange<'_>) -> Call {
        let mut body = json!({
            "model": question.model,
            "input": input(&question),
            "stream": true,
            "store": false,
            "max_output_tokens": question.max_output_tokens,
        });
        if let Some(schema) = question.schema {
            body["text"] =
                json!({"format": {"type": "json_schema", "name": "review", "schema": schema, "strict": true}});
        }
        if !question.tools.is_empty() {
            let tools = question.tools.iter();
            let tool = |t: &Tool| json!({"type": "function", "name": t.name, "description": t.says, "parameters": t.arguments, "strict": false});
            body["tools"] = tools.map(tool).collect();
            // Nothing is stored there, so what it thought comes back with us.
            body["include"] = json!(["reasoning.encrypted_content"]);
        }
        if let Some(effort) = question.effort {
            body["reasoning"] = json!({"effort": effort.word()});
        }
        Call { path: "/responses".into(), key_header: ("authorization", "Bearer "), headers: &[], body }
    }

    fn event(&self, data: &Value, collected: &mut Collected) {
        let response = &data["response"];
        match data["type"].as_str() {
            Some("response.output_text.delta") => {
                collected.text.push_str(data["delta"].as_str().unwrap_or_default());
            }
            Some("response.output_item.done") => {
                let item = &data["item"];
                collected.said.push(item.clone());
                if item["type"] == "function_call" {
                    let text = item["arguments"].as_str().unwrap_or_default();
                    collected.calls.push(ToolCall {
                        id: item["call_id"].as_str().unwrap_or_default().to_owned(),
                        name: item["name"].as_str().unwrap_or_default().to_owned(),
                        arguments: serde_json::from_str(text).unwrap_or_else(|_| json!({})),
                    });
                }
            }
            Some("response.refusal.done") => collected.refused(data["refusal"].as_str().unwrap_or_default()),
            Some("response.completed" | "response.incomplete") => {
                collected.done = true;
                collected.model = response["model"].as_str().map(Into::into);
                collected.usage.input_tokens = response["usage"]["input_tokens"].as_u64();
                collected.usage.cached_tokens = response["usage"]["input_tokens_details"]["cached_tokens"].as_u64();
                collected.usage.output_tokens = response["usage"]["output_tokens"].as_u64();
                match response["incomplete_details"]["reason"].as_str() {
                    Some("max_output_tokens") => collected.cut_by_length(),
                    Some(why) => collected.refused(why),
                    None => {}
                }
            }
            Some("response.failed") => collected.failure = Some(error(&response["error"])),
            Some("error") => {
                collected.failure = Some(error(if data["error"].is_object() { &data["error"] } else { data }));
            }
            _ => {}
        }
    }
}

/// The prompt, and what was asked and told.
fn input(question: &Exchange<'_>) -> Value {
    if question.turns.is_empty() {
        return json!(question.prompt);
    }
    let mut input = vec![json!({"role": "user", "content": question.prompt})];
    for turn in question.turns {
        input.extend(turn.said.iter().cloned());
        let answers = turn.answers.iter();
        input.extend(
            answers.map(|(call, text)| json!({"type": "function_call_output", "call_id": call.id, "output": text})),
        );
    }
    input.into()
}

fn error(error: &Value) -> finding::Failure {
    let status = match error["code"].as_str() {
        Some("rate_limit_exceeded" | "insufficient_quota") => 429,
        Some("invalid_api_key") => 401,
        Some("context_length_exceeded") => 413,
        _ => 500,
    };
    failure::of_status(status, error["message"].as_str().unwrap_or_default())
}
