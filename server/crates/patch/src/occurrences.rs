//! One list of numbers in another: lines by their keys.

use std::ops::Range;

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

/// Where each number of a list is, so that many can be looked for without going through it: places are kept by the leading
/// bits of what is there, in order. Made in about the time of ten [`occurrences`].
#[derive(Debug)]
pub(crate) struct Index {
    shift: u32,
    /// Where the places of each bucket begin, and where the last one ends.
    starts: Vec<u32>,
    places: Vec<u32>,
}

impl Index {
    /// `keys` must be spread evenly over all numbers, as hashes are, for the index to be of use.
    pub(crate) fn of(keys: &[u64]) -> Self {
        let bits = keys.len().next_power_of_two().trailing_zeros().max(1);
        let shift = u64::BITS - bits;
        let bucket = |key: u64| (key >> shift) as usize;
        let mut starts = vec![0_u32; (1 << bits) + 1];
        for &key in keys {
            starts[bucket(key) + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut next = starts.clone();
        let mut places = vec![0; keys.len()];
        for (place, &key) in (0..).zip(keys) {
            let next = &mut next[bucket(key)];
            places[*next as usize] = place;
            *next += 1;
        }
        Self { shift, starts, places }
    }

    /// The places that `key` may be at, in order.
    fn bucket(&self, key: u64) -> &[u32] {
        let bucket = (key >> self.shift) as usize;
        &self.places[self.starts[bucket] as usize..self.starts[bucket + 1] as usize]
    }

    /// The places of `key` in the list that the index is of, in order.
    pub(crate) fn spots<'i>(&'i self, keys: &'i [u64], key: u64) -> impl Iterator<Item = usize> + 'i {
        self.bucket(key).iter().map(|&spot| spot as usize).filter(move |&spot| keys[spot] == key)
    }

    /// [`occurrences`] in `hay`, of which the index is, from `range.start` on: by the rarest number of `needle`.
    pub(crate) fn occurrences(&self, hay: &[u64], needle: &[u64], range: Range<usize>, max: usize) -> Vec<usize> {
        let count = |n: &usize| self.bucket(needle[*n]).len();
        let Some(rarest) = (0..needle.len()).min_by_key(count) else { return Vec::new() };
        let spots = self.bucket(needle[rarest]);
        if spots.len().saturating_mul(needle.len()) > range.len() {
            let found = occurrences(&hay[range.clone()], needle, max);
            return found.into_iter().map(|spot| range.start + spot).collect();
        }
        let starts = spots.iter().filter_map(|&spot| (spot as usize).checked_sub(rarest));
        starts.filter(|&at| at >= range.start && hay[at..].starts_with(needle)).take(max).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_finds_what_a_search_finds() {
        let spread = |n: u64| (n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut random = 1_u64;
        for kinds in [1, 2, 3, 40] {
            for len in [0_usize, 1, 2, 7, 100] {
                let mut keys = || {
                    random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    spread((random >> 33) % kinds)
                };
                let hay: Vec<u64> = (0..len).map(|_| keys()).collect();
                let index = Index::of(&hay);
                let foreign = [spread(1000), spread(0)];
                let parts =
                    (0..len).flat_map(|at| (1..=3).filter_map(move |n| Some(at..at + n).filter(|r| r.end <= len)));
                let needles = parts.map(|part| hay[part].to_vec()).chain([Vec::new(), foreign.to_vec(), hay.clone()]);
                for needle in needles {
                    for (from, max) in [(0, usize::MAX), (len / 2, usize::MAX), (0, 1), (len, 3)] {
                        let searched = occurrences(&hay[from..], &needle, max);
                        let searched: Vec<usize> = searched.into_iter().map(|at| from + at).collect();
                        assert_eq!(index.occurrences(&hay, &needle, from..len, max), searched, "{needle:?} in {hay:?}");
                    }
                    if let [key] = needle[..] {
                        let spots: Vec<usize> = index.spots(&hay, key).collect();
                        assert_eq!(spots, occurrences(&hay, &needle, usize::MAX));
                    }
                }
            }
        }
    }
}
