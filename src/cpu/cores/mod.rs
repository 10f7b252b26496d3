//! The memory of a network on the CPU, and the threads that work on it: in the program itself (`here`, `threads`), or in
//! a browser in a module of its own (`web`), whose memory workers can share.

#[cfg(any(all(target_arch = "wasm32", not(feature = "relaxed-simd")), test))]
mod heap;
#[cfg(any(not(target_arch = "wasm32"), feature = "relaxed-simd"))]
mod here;
#[cfg(not(target_arch = "wasm32"))]
mod threads;
#[cfg(all(target_arch = "wasm32", not(feature = "relaxed-simd")))]
mod web;

use dense::{Matrix, Op};
use web_time::Instant;

use crate::error::Result;
use crate::network::memory::Space;

#[cfg(any(not(target_arch = "wasm32"), feature = "relaxed-simd"))]
pub use here::{Block, Cores};
#[cfg(all(target_arch = "wasm32", not(feature = "relaxed-simd")))]
pub use web::{Block, Cores};

impl Cores {
    /// Seconds of so many barriers with nothing between them.
    ///
    /// # Errors
    /// A thread that is lost.
    pub fn time_barriers(&self, count: usize) -> Result<f64> {
        let mut space = Space::new(self.tile());
        let program = space.program(vec![Op::barrier(); count]);
        let mut block = self.block(&space)?;
        let start = Instant::now();
        block.run(program, 0..count)?;
        Ok(start.elapsed().as_secs_f64())
    }
}

impl Block {
    /// Writes token ids.
    pub fn write_ids(&mut self, at: u32, ids: &[u32]) {
        self.write(at, bytemuck::cast_slice(ids));
    }

    /// Reads a float.
    pub fn number(&self, at: u32) -> f32 {
        self.read(Matrix::new(at as usize, 1, 1))[0]
    }

    /// Reads numbers of 64 bits, one a row.
    pub fn doubles(&self, matrix: Matrix) -> Vec<f64> {
        let of = |words: &[f32]| f64::from_bits(u64::from(words[0].to_bits()) | u64::from(words[1].to_bits()) << 32);
        self.read(matrix).chunks_exact(2).map(of).collect()
    }
}
