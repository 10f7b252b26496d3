//! Which parts of a memory are in use.

/// Parts of a memory in use, in bytes, in order. First fit: there are few, and they live long.
#[derive(Debug, Default)]
pub struct Heap {
    /// The first byte that may be given away.
    begin: u32,
    used: Vec<(u32, u32)>,
}

/// Parts begin at multiples of this: cache lines.
const LINE: u32 = 64;

impl Heap {
    pub fn new(begin: u32) -> Self {
        Self { begin: begin.next_multiple_of(LINE), used: Vec::new() }
    }

    /// Takes a part of so many bytes; `None` if it would end beyond the addresses of 32 bits.
    pub fn take(&mut self, bytes: u32) -> Option<u32> {
        let bytes = bytes.checked_next_multiple_of(LINE)?;
        let (mut at, mut index) = (self.begin, self.used.len());
        for (i, (begin, end)) in self.used.iter().enumerate() {
            if begin - at >= bytes {
                index = i;
                break;
            }
            at = *end;
        }
        self.used.insert(index, (at, at.checked_add(bytes)?));
        Some(at)
    }

    /// Gives a part back.
    pub fn give_back(&mut self, at: u32) {
        self.used.retain(|(begin, _)| *begin != at);
    }

    /// The end of the last part.
    pub fn end(&self) -> u32 {
        self.used.last().map_or(self.begin, |(_, end)| *end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_never_overlap_and_gaps_are_used_again() {
        let mut heap = Heap::new(1000);
        let [a, b, c] = [100, 64, 1].map(|bytes| heap.take(bytes).unwrap());
        assert_eq!([a, b, c, heap.end()], [1024, 1152, 1216, 1280]);
        heap.give_back(b);
        assert_eq!(heap.take(65), Some(1280), "the gap is too small");
        assert_eq!(heap.take(64), Some(1152));
        heap.give_back(a);
        assert_eq!((heap.take(10), heap.take(60), heap.take(64)), (Some(1024), Some(1088), Some(1408)));
        [1024, 1088, 1152, 1216, 1280, 1408].into_iter().for_each(|at| heap.give_back(at));
        assert_eq!(heap.end(), 1024);
    }

    #[test]
    fn what_addresses_can_not_reach_is_refused() {
        let mut heap = Heap::new(0);
        assert_eq!(heap.take(u32::MAX), None);
        assert_eq!(heap.take(3 << 30), Some(0));
        assert_eq!(heap.take(2 << 30), None);
        assert_eq!(heap.take(64), Some(3 << 30));
    }
}
