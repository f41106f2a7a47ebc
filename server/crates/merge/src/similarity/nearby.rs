//! Which of many remarks are compared.

use crate::remark::{Place, Remark};
use crate::text;

/// Remarks on each side, in the order of their lines, that one in the same file is compared with.
pub(super) const NEIGHBOURS: usize = 100;

/// Which of many remarks are compared: those that share a path and are near each other in it, and those that share a rare
/// term.
pub(super) struct Nearby {
    /// All places by path (hashed) and line, with the remark's number.
    places: Vec<(u64, u32, u32)>,
    /// Of each remark: where its places are among them.
    of: Vec<Vec<usize>>,
}

impl Nearby {
    pub(super) fn new(remarks: &[&Remark]) -> Self {
        let of_remark = |(number, remark): (u32, &&Remark)| {
            let line = |place: &Place| place.lines.map_or(0, |lines| lines.start());
            let places = remark.places.iter();
            places.map(|place| (text::hash(0, place.path.as_bytes()), line(place), number)).collect::<Vec<_>>()
        };
        let mut places: Vec<(u64, u32, u32)> = (0..).zip(remarks).flat_map(of_remark).collect();
        places.sort_unstable();
        let mut of = vec![Vec::new(); remarks.len()];
        for (n, (_, _, remark)) in places.iter().enumerate() {
            of[*remark as usize].push(n);
        }
        Self { places, of }
    }

    /// The remarks that are next to one in its files.
    pub(super) fn neighbours(&self, remark: usize) -> impl Iterator<Item = u32> {
        self.of[remark].iter().flat_map(|n| {
            let path = self.places[*n].0;
            let before = self.places[..*n].iter().rev().take(NEIGHBOURS);
            let after = self.places[n + 1..].iter().take(NEIGHBOURS);
            let is_there = move |place: &&(u64, u32, u32)| place.0 == path;
            before.take_while(is_there).chain(after.take_while(is_there)).map(|(_, _, other)| *other)
        })
    }
}
