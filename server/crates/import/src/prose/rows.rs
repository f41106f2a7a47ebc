//! Rows of tables.

/// The cells of a table's row; `None` for other lines.
pub(crate) fn cells(line: &str) -> Option<Vec<String>> {
    let line = line.trim();
    let inner = line.strip_prefix('|')?;
    let inner = inner.strip_suffix('|').unwrap_or(inner);
    let mut cells = vec![String::new()];
    let mut escaped = false;
    for c in inner.chars() {
        #[expect(clippy::unwrap_used, reason = "there is always a last cell")]
        let last = cells.last_mut().unwrap();
        match c {
            '|' if escaped => last.push('|'),
            '|' => cells.push(String::new()),
            '\\' if !escaped => {
                escaped = true;
                continue;
            }
            c => {
                if escaped {
                    last.push('\\');
                }
                last.push(c);
            }
        }
        escaped = false;
    }
    Some(cells.into_iter().map(|c| c.trim().to_owned()).collect())
}

/// Whether the row is the line under a table's head.
pub(crate) fn is_rule(cells: &[String]) -> bool {
    cells.iter().all(|c| !c.is_empty() && c.chars().all(|c| matches!(c, '-' | ':' | ' ')))
}
