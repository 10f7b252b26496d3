//! The memory in the program itself, and threads of its own; in a browser, for tests, one.

use std::ops::Range;
use std::slice;
use std::sync::Arc;

use dense::{Matrix, Memory, Op, Tile};

#[cfg(not(target_arch = "wasm32"))]
use super::threads::Threads;
use crate::error::Result;
use crate::network::memory::{Program, Space};

/// Threads that run operations together.
#[derive(Clone)]
pub struct Cores(Arc<Threads>);

impl Cores {
    /// This many threads, the one that has operations run included.
    pub fn new(threads: usize) -> Self {
        Self(Arc::new(Threads::new(threads)))
    }

    /// One thread.
    pub fn one() -> Self {
        Self::new(1)
    }

    /// The file of a module: there is none here.
    pub fn module() -> Option<String> {
        None
    }

    /// Nothing has to be started here.
    ///
    /// # Errors
    /// None here.
    pub fn start(_: &[u8]) -> Result<()> {
        Ok(())
    }

    /// This many threads; by default as many as the machine runs at once.
    ///
    /// # Errors
    /// None here.
    pub async fn with(wanted: Option<u32>) -> Result<Self> {
        Ok(Self::new(wanted.map_or_else(Threads::most, |wanted| wanted as usize)))
    }

    pub fn threads(&self) -> usize {
        self.0.count()
    }

    /// Whether a thread was lost: here none ever is.
    pub fn is_lost(&self) -> bool {
        false
    }

    /// The tiles of products.
    pub fn tile(&self) -> Tile {
        dense::tile()
    }

    /// The SIMD instructions in use, for people.
    pub fn simd(&self) -> &'static str {
        dense::name()
    }

    /// The memory of this space: zeros, its constants and its programs.
    ///
    /// # Errors
    /// None here.
    pub fn block(&self, space: &Space) -> Result<Block> {
        let lines = vec![Line([0.0; 16]); space.words().div_ceil(16) as usize];
        let mut block = Block { cores: self.clone(), lines };
        space.contents(|at, words| block.write(at, words));
        Ok(block)
    }
}

/// A cache line, so that regions that begin one do so in memory.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
struct Line([f32; 16]);

/// Words of 32 bits that operations work on.
pub struct Block {
    cores: Cores,
    lines: Vec<Line>,
}

impl Block {
    fn words(&self) -> &[f32] {
        // SAFETY: a line is 16 floats.
        unsafe { slice::from_raw_parts(self.lines.as_ptr().cast(), 16 * self.lines.len()) }
    }

    /// Writes floats.
    pub fn write(&mut self, at: u32, numbers: &[f32]) {
        // SAFETY: as in `words`.
        let words = unsafe { slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast::<f32>(), 16 * self.lines.len()) };
        words[at as usize..][..numbers.len()].copy_from_slice(numbers);
    }

    /// Reads the words of a matrix whose rows follow each other.
    pub fn read(&self, matrix: Matrix) -> Vec<f32> {
        self.words()[matrix.at as usize..matrix.end() as usize].to_vec()
    }

    /// Runs operations of a program.
    ///
    /// # Errors
    /// None here.
    pub fn run(&mut self, program: Program, ops: Range<usize>) -> Result<()> {
        let words = 16 * self.lines.len();
        let base: *mut f32 = self.lines.as_mut_ptr().cast();
        // SAFETY: the space has put that many operations there, and nothing writes them.
        let all = unsafe { slice::from_raw_parts(base.add(program.at as usize).cast::<Op>(), program.ops) };
        // SAFETY: the lines are floats, aligned to 64 bytes, and nobody else uses them before this returns.
        self.cores.0.run(&all[ops], unsafe { Memory::new(base, words) });
        Ok(())
    }
}

/// One thread.
#[cfg(target_arch = "wasm32")]
struct Threads;

#[cfg(target_arch = "wasm32")]
impl Threads {
    fn new(_: usize) -> Self {
        Self
    }

    fn most() -> usize {
        1
    }

    fn count(&self) -> usize {
        1
    }

    fn run(&self, ops: &[Op], memory: Memory) {
        dense::run(ops, memory, dense::Place { thread: 0, threads: 1 }, || true);
    }
}
