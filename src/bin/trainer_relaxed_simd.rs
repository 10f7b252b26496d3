//! The same worker as `trainer`, with the CPU engine's products in WebAssembly's relaxed SIMD, which multiplies and adds
//! in one instruction.

#[path = "trainer.rs"]
mod trainer;

fn main() {
    trainer::main();
}
