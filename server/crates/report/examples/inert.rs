//! Makes texts harmless, for the renderers of `tests/render/run`: reads a JSON list of texts from standard input, and writes
//! what becomes of each as an agent's words, as one line of them, and as a document.

use deep_review_report::sanitize;
use std::io;

fn main() -> Result<(), serde_json::Error> {
    let texts: Vec<String> = serde_json::from_reader(io::stdin().lock())?;
    let harmless = |text: &String| {
        let joined = format!("**{}**\n\n{}", sanitize::markdown_line(text), sanitize::markdown(text));
        [sanitize::document(text), sanitize::document(&joined)]
    };
    let made: Vec<String> = texts.iter().flat_map(harmless).collect();
    serde_json::to_writer(io::stdout().lock(), &made)
}
