//! What a forge takes: GitHub refuses a whole file for one thing too many, so that nobody sees any of it. What is over a
//! limit is left out, the gravest first kept, and the run says so.

use serde_json::{Value, json};

/// Most runs of a file.
const MOST_RUNS: usize = 20;
/// Most results of a run.
const MOST_RESULTS: usize = 25_000;
/// Most places of a result besides its first.
const MOST_RELATED: usize = 100;
/// Largest file, in bytes. The forge takes 10 MB of it compressed; as it is never larger than that uncompressed, it fits.
const LARGEST: usize = 10_000_000;

/// The runs within all limits but that of the size.
pub(super) fn within(runs: Vec<Value>) -> Vec<Value> {
    let mut runs = with_fewer_runs(runs);
    for run in &mut runs {
        let mut left_out = 0;
        if let Some(results) = run["results"].as_array_mut() {
            left_out = results.len().saturating_sub(MOST_RESULTS);
            results.truncate(MOST_RESULTS);
            for related in results.iter_mut().filter_map(|result| result.get_mut("relatedLocations")?.as_array_mut()) {
                related.truncate(MOST_RELATED);
            }
        }
        if left_out > 0 {
            note(run, &format!("{left_out} results are left out: the gravest {MOST_RESULTS} are here"));
        }
    }
    runs
}

/// Takes out what only reading gives back, where the file would be too large: quoted code first, then what was said at
/// length.
pub(super) fn lighten(log: &mut Value, size: impl Fn(&Value) -> usize) {
    let parts: [fn(&mut Value); 2] = [without_code, without_words];
    for part in parts {
        if size(log) <= LARGEST {
            return;
        }
        for run in log["runs"].as_array_mut().into_iter().flatten() {
            run["results"].as_array_mut().into_iter().flatten().for_each(part);
            note(run, "what is said at length is left out: the file would be too large");
        }
    }
}

fn without_code(result: &mut Value) {
    for member in ["locations", "relatedLocations"] {
        for place in result.get_mut(member).and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(region) = place.pointer_mut("/physicalLocation/region").and_then(Value::as_object_mut) {
                region.shift_remove("snippet");
            }
        }
    }
}

fn without_words(result: &mut Value) {
    for (member, name) in [("properties", "body"), ("properties", "fixes"), ("message", "markdown")] {
        if let Some(members) = result.get_mut(member).and_then(Value::as_object_mut) {
            members.shift_remove(name);
        }
    }
    if let Some(members) = result.as_object_mut() {
        members.shift_remove("fixes");
    }
}

/// At most [`MOST_RUNS`]: those that succeeded and found nothing go first, and what is over then is said by one run.
fn with_fewer_runs(mut runs: Vec<Value>) -> Vec<Value> {
    let is_silent = |run: &Value| {
        run["results"].as_array().is_some_and(Vec::is_empty) && run["invocations"][0]["executionSuccessful"] == true
    };
    while runs.len() > MOST_RUNS
        && let Some(at) = runs.iter().rposition(is_silent)
    {
        runs.remove(at);
    }
    if runs.len() <= MOST_RUNS {
        return runs;
    }
    let over = runs.split_off(MOST_RUNS - 1);
    let folded = over.into_iter().reduce(fold);
    runs.extend(folded);
    runs
}

/// One run of two: the results of the second, whose rules come behind those of the first.
fn fold(mut all: Value, mut run: Value) -> Value {
    let rules = all.pointer("/tool/driver/rules").and_then(Value::as_array).map_or(0, Vec::len);
    for result in run["results"].as_array_mut().into_iter().flatten() {
        result["ruleIndex"] = json!(result["ruleIndex"].as_u64().unwrap_or(0) + rules as u64);
    }
    let name = |run: &Value| run["tool"]["driver"]["name"].as_str().unwrap_or_default().to_owned();
    all["tool"]["driver"]["name"] = json!(format!("{}, {}", name(&all), name(&run)));
    let failed = run["invocations"][0]["executionSuccessful"] == false;
    if failed {
        all["invocations"][0]["executionSuccessful"] = json!(false);
    }
    for path in ["/tool/driver/rules", "/results", "/invocations/0/toolExecutionNotifications"] {
        let more = run.pointer_mut(path).and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default();
        match all.pointer_mut(path).and_then(Value::as_array_mut) {
            Some(list) => list.extend(more),
            None if more.is_empty() => {}
            None => all["invocations"][0]["toolExecutionNotifications"] = Value::Array(more),
        }
    }
    all
}

fn note(run: &mut Value, text: &str) {
    let notes = &mut run["invocations"][0]["toolExecutionNotifications"];
    if !notes.is_array() {
        *notes = json!([]);
    }
    if let Some(notes) = notes.as_array_mut() {
        notes.push(json!({ "level": "note", "message": { "text": text } }));
    }
}
