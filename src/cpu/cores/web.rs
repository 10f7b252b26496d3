//! The memory in a WebAssembly module (`cores/`), and threads of workers that have instances of it. The worker's script
//! (`assets/worker.js`) starts them; there is one module, which is started anew where threads can't stay.

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::rc::Rc;

use dense::{Matrix, Op, Tile};
use js_sys::WebAssembly::Module;
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::prelude::*;

use super::heap::Heap;
use crate::error::{Error, Result};
use crate::network::memory::{Program, Space};

/// How long a thread may let the others wait, in milliseconds, before it counts as lost.
const PATIENCE: f64 = 10_000.0;

/// The most threads unless more are asked for.
const MOST: usize = 8;

#[wasm_bindgen]
extern "C" {
    /// An instance of the module and its memory.
    type Cpu;
    #[wasm_bindgen(constructor, catch)]
    fn new(module: &Module, shared: bool) -> Result<Cpu, JsValue>;
    #[wasm_bindgen(method)]
    fn heap(this: &Cpu) -> u32;
    #[wasm_bindgen(method)]
    fn tile(this: &Cpu) -> Vec<u32>;
    #[wasm_bindgen(method, catch)]
    fn grow(this: &Cpu, bytes: u32) -> Result<(), JsValue>;
    #[wasm_bindgen(method)]
    fn zero(this: &Cpu, at: u32, count: u32);
    #[wasm_bindgen(method)]
    fn write(this: &Cpu, at: u32, numbers: &[f32]);
    #[wasm_bindgen(method)]
    fn read(this: &Cpu, at: u32, count: u32) -> Vec<f32>;
    #[wasm_bindgen(method)]
    fn run(this: &Cpu, base: u32, words: u32, ops: u32, count: u32);
    #[wasm_bindgen(method, js_name = runOnAll)]
    fn run_on_all(this: &Cpu, base: u32, words: u32, ops: u32, count: u32, milliseconds: f64) -> bool;
    #[wasm_bindgen(method)]
    async fn start(this: &Cpu, count: u32) -> JsValue;
    #[wasm_bindgen(method)]
    fn end(this: &Cpu);
}

/// The kinds of the module, by SIMD instructions: its name, and what people read.
const KINDS: [(&str, &str); 3] = [
    ("cores_relaxed_simd", "WebAssembly, relaxed SIMD"),
    ("cores_simd", "WebAssembly SIMD"),
    ("cores", "WebAssembly without SIMD"),
];

/// An instance of the module, and what is known of it.
struct Started {
    cpu: Cpu,
    module: Module,
    /// Whether other threads can work on its memory.
    shared: bool,
    simd: &'static str,
    tile: Tile,
    heap: RefCell<Heap>,
    threads: Cell<usize>,
    /// Whether a thread was lost: nothing in the memory is worth anything then.
    lost: Cell<bool>,
}

impl Started {
    fn new(module: Module, shared: bool, simd: &'static str) -> Result<Rc<Self>> {
        let cpu = Cpu::new(&module, shared).map_err(|error| no_cores(&error))?;
        let (tile, heap) = (cpu.tile(), RefCell::new(Heap::new(cpu.heap())));
        let tile = Tile { rows: tile[0] as usize, columns: tile[1] as usize };
        let started =
            Rc::new(Self { cpu, module, shared, simd, tile, heap, threads: Cell::new(1), lost: Cell::new(false) });
        PRESENT.set(Some(started.clone()));
        Ok(started)
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.cpu.end();
    }
}

thread_local! {
    static PRESENT: RefCell<Option<Rc<Started>>> = const { RefCell::new(None) };
}

/// Threads that run operations together.
#[derive(Clone)]
pub struct Cores {
    started: Rc<Started>,
    threads: usize,
}

impl Cores {
    /// The file of the module, beside the worker's script: the kind that the page has chosen for this browser, by this
    /// worker's name.
    pub fn module() -> Option<String> {
        let (name, _, shared) = kind();
        Some(format!("{name}{}.wasm", if shared { "_threads" } else { "" }))
    }

    /// Starts the module from its file's content.
    ///
    /// # Errors
    /// [`Error::NoCores`] with the reason.
    pub fn start(file: &[u8]) -> Result<()> {
        let (_, simd, shared) = kind();
        let module = Module::new(&Uint8Array::from(file)).map_err(|error| no_cores(&error))?;
        Started::new(module, shared, simd).map(|_| ())
    }

    /// One thread.
    ///
    /// # Panics
    /// If the module has not been started.
    pub fn one() -> Self {
        Self { started: PRESENT.with_borrow(Clone::clone).expect("the module has been started"), threads: 1 }
    }

    /// This many threads, or as many of them as there can be; by default one for each core but the page's, at most
    /// [`MOST`]. Where memory can't be shared there is one.
    ///
    /// # Errors
    /// As [`Cores::start`], if the module has to be started again.
    pub async fn with(wanted: Option<u32>) -> Result<Self> {
        let cores = of_worker(&["navigator", "hardwareConcurrency"]).as_f64().unwrap_or(1.0) as usize;
        let wanted = wanted.map_or(cores.saturating_sub(1).clamp(1, MOST), |wanted| wanted as usize);
        let Self { mut started, .. } = Self::one();
        let threads = if started.shared { wanted } else { 1 };
        let has = started.threads.get();
        if started.lost.get() || (threads != has && has > 1) {
            // Threads stay with their memory until nobody uses it, as a paused run may, so that others get another.
            started = Started::new(started.module.clone(), true, started.simd)?;
        }
        if threads > started.threads.get() {
            let there = started.cpu.start(threads as u32 - 1).await.as_f64().unwrap_or(1.0);
            started.threads.set(there as usize);
        }
        Ok(Self { threads: started.threads.get(), started })
    }

    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Whether a thread was lost.
    pub fn is_lost(&self) -> bool {
        self.started.lost.get()
    }

    /// The tiles of products.
    pub fn tile(&self) -> Tile {
        self.started.tile
    }

    /// The SIMD instructions in use, for people.
    pub fn simd(&self) -> &'static str {
        self.started.simd
    }

    /// The memory of this space: zeros, its constants and its programs.
    ///
    /// # Errors
    /// [`Error::NoMemory`] if the browser gives no more.
    pub fn block(&self, space: &Space) -> Result<Block> {
        let Started { cpu, heap, .. } = &*self.started;
        let bytes = 4 * space.words();
        let taken = u32::try_from(bytes).ok().and_then(|bytes| heap.borrow_mut().take(bytes));
        let no_memory = Error::NoMemory { megabytes: bytes >> 20 };
        let Some(at) = taken else { return Err(no_memory) };
        let mut block = Block { cores: self.clone(), at, words: space.words() as u32 };
        let end = heap.borrow().end();
        cpu.grow(end).map_err(|_| no_memory)?;
        cpu.zero(at / 4, block.words);
        space.contents(|at, words| block.write(at, words));
        Ok(block)
    }
}

/// Name and SIMD instructions of the module's kind, and whether its memory is shared.
fn kind() -> (&'static str, &'static str, bool) {
    let wanted = of_worker(&["name"]).as_string().unwrap_or_default();
    let kind = KINDS.iter().position(|(name, _)| *name == wanted).unwrap_or(2);
    (KINDS[kind].0, KINDS[kind].1, kind < 2 && of_worker(&["SharedArrayBuffer"]).is_function())
}

/// A property of this worker's global object, of one of that, and so on.
fn of_worker(path: &[&str]) -> JsValue {
    let step = |object: JsValue, name: &&str| Reflect::get(&object, &JsValue::from_str(name)).unwrap_or_default();
    path.iter().fold(js_sys::global().into(), step)
}

fn no_cores(error: &JsValue) -> Error {
    Error::NoCores(js_sys::Error::from(error.clone()).message().into())
}

/// Words of 32 bits that operations work on.
pub struct Block {
    cores: Cores,
    /// Its address in the memory, in bytes.
    at: u32,
    words: u32,
}

impl Block {
    /// Writes floats.
    pub fn write(&mut self, at: u32, numbers: &[f32]) {
        self.cores.started.cpu.write(self.at / 4 + at, numbers);
    }

    /// Reads the words of a matrix whose rows follow each other.
    pub fn read(&self, matrix: Matrix) -> Vec<f32> {
        self.cores.started.cpu.read(self.at / 4 + matrix.at, matrix.end() - matrix.at)
    }

    /// Runs operations of a program.
    ///
    /// # Errors
    /// [`Error::CoreLost`] if another thread lets this one wait for ten seconds.
    pub fn run(&mut self, program: Program, ops: Range<usize>) -> Result<()> {
        let Started { cpu, lost, .. } = &*self.cores.started;
        let (first, count) = (self.at + 4 * program.at + (ops.start * size_of::<Op>()) as u32, ops.len() as u32);
        if self.cores.threads == 1 {
            cpu.run(self.at, self.words, first, count);
        } else if lost.get() || !cpu.run_on_all(self.at, self.words, first, count, PATIENCE) {
            lost.set(true);
            return Err(Error::CoreLost);
        }
        Ok(())
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        self.cores.started.heap.borrow_mut().give_back(self.at);
    }
}
