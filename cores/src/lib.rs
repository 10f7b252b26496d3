//! A WebAssembly module that runs operations of [`dense`] on its own memory, on one thread or, where memory can be
//! shared, on several: workers that have instances of it on one memory.
//!
//! It knows neither networks nor allocation: who starts it gives it a memory beyond [`heap`], writes operations and
//! matrices into that, and calls [`run`]. `xtask` builds it in several kinds, by SIMD instructions and by whether memory
//! is shared.

#![cfg(target_arch = "wasm32")]
#![no_std]

#[cfg(feature = "threads")]
mod team;

use core::slice;

use dense::{Memory, Op};

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

unsafe extern "C" {
    /// Where the module's own data end, by the linker.
    static __heap_base: u8;
}

/// The address of the first byte that the module does not use itself.
#[unsafe(no_mangle)]
pub extern "C" fn heap() -> *const u8 {
    &raw const __heap_base
}

/// Rows of a product's tile.
#[unsafe(no_mangle)]
pub extern "C" fn tile_rows() -> usize {
    dense::tile().rows
}

/// Columns of a product's tile.
#[unsafe(no_mangle)]
pub extern "C" fn tile_columns() -> usize {
    dense::tile().columns
}

/// Operations and the memory that they work on.
#[derive(Clone, Copy)]
struct Job {
    ops: *const Op,
    count: usize,
    base: *mut f32,
    words: usize,
}

impl Job {
    /// The operations.
    ///
    /// # Safety
    /// They lie there, as the trainer's build of `dense` has written them, until all threads have met again.
    unsafe fn ops<'a>(self) -> &'a [Op] {
        // SAFETY: as above.
        unsafe { slice::from_raw_parts(self.ops, self.count) }
    }

    fn memory(self) -> Memory {
        // SAFETY: the trainer allocates it, aligned to a cache line.
        unsafe { Memory::new(self.base, self.words) }
    }
}

/// Runs operations that were recorded for one thread, on the memory of so many words from `base` on.
///
/// # Safety
/// They lie there, and nobody else uses the memory meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn run_alone(base: *mut f32, words: usize, ops: *const Op, count: usize) {
    let (job, place) = (Job { ops, count, base, words }, dense::Place { thread: 0, threads: 1 });
    // SAFETY: the caller's.
    dense::run(unsafe { job.ops() }, job.memory(), place, || true);
}

/// Runs operations on all threads, otherwise as [`run_alone`]. Returns false if a thread has not come within
/// `milliseconds`: then nothing in that memory is worth anything, and the other threads are lost.
///
/// # Safety
/// They lie there, and nobody else uses the memory meanwhile.
#[cfg(feature = "threads")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn run(base: *mut f32, words: usize, ops: *const Op, count: usize, milliseconds: f64) -> bool {
    team::run(Job { ops, count, base, words }, milliseconds)
}
