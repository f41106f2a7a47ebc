//! What would be masked in folders, and how often: `cargo run --release -p deep-review-secrets --example scan FOLDER…`.
//! Prints each line with a secret, then, for each folder, lines with one for a thousand lines, and megabytes a second.
#![expect(clippy::print_stdout, reason = "it is what this is for")]

use deep_review_secrets as secrets;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

fn main() {
    for root in std::env::args().skip(1) {
        let (mut lines, mut found, mut bytes, started) = (0, 0, 0, Instant::now());
        for file in files(Path::new(&root)) {
            let Ok(text) = std::fs::read_to_string(&file) else { continue };
            lines += text.lines().count();
            bytes += text.len();
            let hits = hits(&text);
            found += hits.len();
            for (line, (kind, shown)) in hits {
                println!("{}:{line}: {kind}: {shown}", file.display());
            }
        }
        let (rate, speed) =
            (found as f64 * 1000.0 / lines.max(1) as f64, bytes as f64 / 1e6 / started.elapsed().as_secs_f64());
        println!("{root}: {lines} lines, {found} with a secret, {rate:.3} of a thousand, {speed:.1} MB/s");
    }
}

/// By 1-based line: what the first secret in it is, and the line's beginning.
fn hits(text: &str) -> BTreeMap<usize, (String, String)> {
    let mut hits = BTreeMap::new();
    for secret in secrets::find(text) {
        let start = text[..secret.bytes.start].rfind('\n').map_or(0, |at| at + 1);
        let line = text[..start].matches('\n').count() + 1;
        let shown = text[start..].lines().next().unwrap_or_default().trim().chars().take(160).collect();
        hits.entry(line).or_insert_with(|| (secret.kind.to_string(), shown));
    }
    hits
}

/// Every file below, but for what git keeps.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return vec![folder.to_owned()] };
    let entries = entries.flatten().filter(|e| e.file_name() != ".git");
    let of = |entry: std::fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => files(&entry.path()),
        Ok(kind) if kind.is_file() => vec![entry.path()],
        _ => Vec::new(),
    };
    entries.flat_map(of).collect()
}
