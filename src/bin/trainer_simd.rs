//! The same worker as `trainer`, with the CPU engine's matrix products in WebAssembly SIMD.

#[path = "trainer.rs"]
mod trainer;

fn main() {
    trainer::main();
}
