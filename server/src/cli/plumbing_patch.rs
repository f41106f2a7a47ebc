//! `deep-review plumbing patch`: applies suggestions, a JSON object a line.

use finding::{LineRange, RepoPath};
use patch::{Hints, Refusal};
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, Write};

/// A line of the input.
#[derive(Debug, Deserialize)]
struct Request {
    id: String,
    #[serde(default)]
    path: Option<String>,
    text: String,
    #[serde(default)]
    start_line: Option<u32>,
    #[serde(default)]
    end_line: Option<u32>,
    diff: String,
}

/// A line of the output.
#[derive(Debug, Serialize)]
struct Response<'a> {
    id: &'a str,
    #[serde(flatten)]
    outcome: Outcome,
}

#[derive(Debug, Serialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
enum Outcome {
    Applied { text: String },
    Refused { reason: String },
}

/// Answers each line of `input` with one of `output`, in order. A line that is no request stops it.
///
/// # Errors
/// Of reading and writing, and [`io::ErrorKind::InvalidData`] with the number of a line that is no request.
pub fn plumbing_patch(input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    for (number, line) in (1..).zip(input.lines()) {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let request: Request = serde_json::from_str(&line)
            .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, format!("line {number}: {e}")))?;
        let outcome = match answer(&request) {
            Ok(text) => Outcome::Applied { text },
            Err(refusal) => Outcome::Refused { reason: refusal.to_string() },
        };
        serde_json::to_writer(&mut output, &Response { id: &request.id, outcome })?;
        output.write_all(b"\n")?;
    }
    output.flush()
}

fn answer(request: &Request) -> Result<String, Refusal> {
    let path = match &request.path {
        Some(path) => {
            Some(RepoPath::new(path.as_str()).map_err(|_| Refusal::OutsideRepository { path: path.clone() })?)
        }
        None => None,
    };
    let lines = request.start_line.map(|start| LineRange::new(start, request.end_line.unwrap_or(start)));
    let hints = Hints { path: path.as_ref(), lines, ..Hints::default() };
    let applied = patch::place(&request.text, &request.diff, &hints)?;
    Ok(patch::apply_edits(&request.text, &applied.edits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_in_the_order_of_the_requests() {
        let input = concat!(
            r#"{"id":"a","path":"x.py","text":"a\nb\n","start_line":1,"diff":"-b\n+c"}"#,
            "\n\n",
            r#"{"id":"b","path":"x.py","text":"a\n","diff":"-b\n+c","more":1}"#,
            "\n",
            r#"{"id":"c","path":"../x.py","text":"b\n","diff":"-b\n+c"}"#,
        );
        let mut output = Vec::new();
        plumbing_patch(input.as_bytes(), &mut output).unwrap();
        let lines: Vec<_> = std::str::from_utf8(&output).unwrap().lines().collect();
        assert_eq!(lines[0], r#"{"id":"a","outcome":"applied","text":"a\nc\n"}"#);
        assert_eq!(
            lines[1],
            r#"{"id":"b","outcome":"refused","reason":"the code that the fix changes is not in the file"}"#
        );
        assert!(lines[2].contains("outside the repository"), "{}", lines[2]);
    }

    #[test]
    fn a_line_that_is_no_request_is_named() {
        let error = plumbing_patch("\n{}\n".as_bytes(), Vec::new()).unwrap_err();
        assert!(error.to_string().starts_with("line 2: "), "{error}");
    }
}
