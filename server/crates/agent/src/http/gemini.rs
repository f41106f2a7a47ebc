//! Gemini's `streamGenerateContent`.

use super::{Api, Call, Collected, Exchange, Tool, ToolCall};
use crate::{Effort, failure};
use serde_json::{Value, json};

#[derive(Debug)]
pub(super) struct Gemini;

impl Api for Gemini {
    fn default_url(&self) -> &'static str {
        "https://generativelanguage.googleapis.com"
    }

    fn default_key_env(&self) -> Option<&'static str> {
        Some("GEMINI_API_KEY")
    }

    fn default_context(&self) -> u32 {
        400_000
    }

    fn call(&self, question: Exchange<'_>) -> Call {
        let mut body = json!({
            "contents": contents(&question),
            "generationConfig": {"maxOutputTokens": question.max_output_tokens},
        });
        if question.tools.is_empty() {
            body["generationConfig"]["responseMimeType"] = json!("application/json");
        } else {
            let tools = question.tools.iter();
            let tool = |t: &Tool| json!({"name": t.name, "description": t.says, "parametersJsonSchema": t.arguments});
            body["tools"] = json!([{"functionDeclarations": tools.map(tool).collect::<Vec<_>>()}]);
        }
        // It takes no form of the answer together with tools.
        if let Some(schema) = question.schema.filter(|_| question.tools.is_empty()) {
            body["generationConfig"]["responseJsonSchema"] = schema.clone();
        }
        if let Some(effort) = question.effort {
            let level = if matches!(effort, Effort::Low | Effort::Medium) { "low" } else { "high" };
            body["generationConfig"]["thinkingConfig"] = json!({"thinkingLevel": level});
        }
        // A name that is no path's part would lead elsewhere.
        let model: String =
            question.model.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
        Call {
            path: format!("/v1beta/models/{model}:streamGenerateContent?alt=sse"),
            key_header: ("x-goog-api-key", ""),
            headers: &[],
            body,
        }
    }

    fn event(&self, data: &Value, collected: &mut Collected) {
        if let Some(model) = data["modelVersion"].as_str() {
            collected.model = Some(model.into());
        }
        let usage = &data["usageMetadata"];
        if usage.is_object() {
            collected.usage.input_tokens = usage["promptTokenCount"].as_u64();
            collected.usage.cached_tokens = usage["cachedContentTokenCount"].as_u64();
            let thoughts = usage["thoughtsTokenCount"].as_u64().unwrap_or(0);
            collected.usage.output_tokens = usage["candidatesTokenCount"].as_u64().map(|n| n + thoughts);
        }
        if data["error"].is_object() {
            let status = data["error"]["code"].as_u64().and_then(|c| u16::try_from(c).ok()).unwrap_or(500);
            let message = data["error"]["message"].as_str().unwrap_or_default();
            collected.failure = Some(failure::of_status(status, message));
        }
        if let Some(why) = data["promptFeedback"]["blockReason"].as_str() {
            collected.refused(why);
        }
        let candidate = &data["candidates"][0];
        let parts = candidate["content"]["parts"].as_array().map(Vec::as_slice).unwrap_or_default();
        for part in parts {
            if let Some(name) = part["functionCall"]["name"].as_str() {
                let call = &part["functionCall"];
                let id = call["id"].as_str().unwrap_or_default().to_owned();
                collected.calls.push(ToolCall { id, name: name.to_owned(), arguments: call["args"].clone() });
            }
        }
        collected.said.extend(parts.iter().cloned());
        for part in parts.iter().filter(|p| p["thought"] != true) {
            collected.text.push_str(part["text"].as_str().unwrap_or_default());
        }
        match candidate["finishReason"].as_str() {
            Some("STOP") => collected.done = true,
            Some("MAX_TOKENS") => {
                collected.done = true;
                collected.cut_by_length();
            }
            Some(why) => {
                collected.done = true;
                collected.refused(why);
            }
            None => {}
        }
    }
}

/// The prompt, and what was asked and told.
fn contents(question: &Exchange<'_>) -> Vec<Value> {
    let mut contents = vec![json!({"role": "user", "parts": [{"text": question.prompt}]})];
    for turn in question.turns {
        contents.push(json!({"role": "model", "parts": turn.said}));
        let answer = |(call, text): &(ToolCall, String)| {
            let mut response = json!({"name": call.name, "response": {"result": text}});
            if !call.id.is_empty() {
                response["id"] = json!(call.id);
            }
            json!({"functionResponse": response})
        };
        contents.push(json!({"role": "user", "parts": turn.answers.iter().map(answer).collect::<Vec<_>>()}));
    }
    contents
}
