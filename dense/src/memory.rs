//! The memory that operations work on, shared by threads.

use core::slice;

/// Words of 32 bits: floats and token ids; an f64 takes two.
///
/// Threads share it without locks. What keeps them apart are the operations: between two barriers no thread writes what
/// another reads or writes.
#[derive(Clone, Copy)]
pub struct Memory {
    base: *mut f32,
    words: usize,
}

impl Memory {
    /// # Safety
    /// `base` points to that many words, aligned to 8 bytes, for as long as the memory is used.
    pub unsafe fn new(base: *mut f32, words: usize) -> Self {
        Self { base, words }
    }

    fn check(self, at: usize, count: usize) {
        assert!(at <= self.words && count <= self.words - at, "words of the memory");
    }

    /// Floats that no other thread writes meanwhile.
    pub(crate) fn floats<'a>(self, at: usize, count: usize) -> &'a [f32] {
        self.check(at, count);
        // SAFETY: they lie in the memory, and the barriers between operations keep writers away.
        unsafe { slice::from_raw_parts(self.base.add(at), count) }
    }

    /// Floats that no other thread reads or writes meanwhile.
    pub(crate) fn floats_mut<'a>(self, at: usize, count: usize) -> &'a mut [f32] {
        self.check(at, count);
        // SAFETY: as in `floats`.
        unsafe { slice::from_raw_parts_mut(self.base.add(at), count) }
    }

    pub(crate) fn float(self, at: usize) -> f32 {
        self.floats(at, 1)[0]
    }

    /// Token ids.
    pub(crate) fn ids<'a>(self, at: usize, count: usize) -> &'a [u32] {
        self.check(at, count);
        // SAFETY: as in `floats`; every word is a number.
        unsafe { slice::from_raw_parts(self.base.add(at).cast(), count) }
    }

    /// Numbers of 64 bits, of two words each.
    pub(crate) fn doubles_mut<'a>(self, at: usize, count: usize) -> &'a mut [f64] {
        self.check(at, 2 * count);
        assert!(at.is_multiple_of(2), "an f64 has an even address");
        // SAFETY: as in `floats`; an even word is aligned to 8 bytes.
        unsafe { slice::from_raw_parts_mut(self.base.add(at).cast(), count) }
    }
}
