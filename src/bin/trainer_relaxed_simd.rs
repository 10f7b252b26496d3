//! The same worker as `trainer`, with the CPU engine's matrix products in WebAssembly's relaxed SIMD, which has a fused
//! multiply-add.

#[path = "trainer.rs"]
mod trainer;

fn main() {
    trainer::main();
}
