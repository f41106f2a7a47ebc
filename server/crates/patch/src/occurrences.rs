//! One list of numbers in another: lines by their keys.

/// Where `needle` is in `hay`, in order, at most `max` places; Knuth-Morris-Pratt, so linear in any input.
pub(crate) fn occurrences(hay: &[u64], needle: &[u64], max: usize) -> Vec<usize> {
    let mut out = Vec::new();
    let Some(&first) = needle.first() else { return out };
    if needle.len() == 1 {
        out.extend(hay.iter().enumerate().filter(|&(_, &k)| k == first).map(|(i, _)| i).take(max));
        return out;
    }
    let mut fail = vec![0_usize; needle.len()];
    let mut k = 0;
    for i in 1..needle.len() {
        while k > 0 && needle[i] != needle[k] {
            k = fail[k - 1];
        }
        k += usize::from(needle[i] == needle[k]);
        fail[i] = k;
    }
    k = 0;
    let mut i = 0;
    while i < hay.len() {
        if k == 0 {
            match hay[i..].iter().position(|&h| h == first) {
                Some(skip) => i += skip,
                None => break,
            }
        }
        while k > 0 && (k == needle.len() || hay[i] != needle[k]) {
            k = fail[k - 1];
        }
        k += usize::from(hay[i] == needle[k]);
        i += 1;
        if k == needle.len() {
            out.push(i - k);
            if out.len() == max {
                break;
            }
        }
    }
    out
}
