//! The same worker as `trainer`, with the CPU engine's products in WebAssembly SIMD.

#[path = "trainer.rs"]
mod trainer;

fn main() {
    trainer::main();
}
