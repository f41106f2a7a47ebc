//! Gemini's `streamGenerateContent`.

use super::{Api, Call, Collected, Exchange};
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
            "contents": [{"role": "user", "parts": [{"text": question.prompt}]}],
            "generationConfig": {
                "responseMimeType": "application/json",
                "maxOutputTokens": question.max_output_tokens,
            },
        });
        if let Some(schema) = question.schema {
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
