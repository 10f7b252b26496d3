//! Compares every kernel with its oracle natively, with naga and the system's driver. `tests/web_worker.rs` does the
//! same in the browser.

#![cfg(not(target_arch = "wasm32"))]

#[path = "common/kernels.rs"]
mod kernels;

use kernels::Case;
use proptest::prelude::*;
use time_traveller::gpu::Gpu;

/// Opens the GPU; without one the test fails and says what to install.
fn gpu() -> Gpu {
    pollster::block_on(Gpu::open()).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_kernel_agrees_with_its_oracle_in_every_tile() {
    let gpu = gpu();
    for tile in gpu.tiles() {
        for case in kernels::cases() {
            pollster::block_on(kernels::check_training_step(&gpu, &case.with_tile(tile)));
        }
    }
}

#[test]
fn the_kernels_of_every_network_agree_with_their_oracles_in_every_tile() {
    let gpu = gpu();
    for (i, tile) in gpu.tiles().enumerate() {
        // A third of them for each tile, so that a cell meets every tile in some case.
        for case in kernels::cases_of_networks().into_iter().skip(i % 3).step_by(3) {
            let case = case.with_tile(tile);
            pollster::block_on(kernels::check_training_step(&gpu, &case));
            pollster::block_on(kernels::check_generation(&gpu, &case));
        }
    }
}

#[test]
fn a_norm_at_the_threshold_is_not_clipped() {
    pollster::block_on(kernels::check_clip_at_the_threshold(&gpu()));
}

#[test]
fn generation_agrees_with_its_oracle_in_every_tile() {
    let gpu = gpu();
    for tile in gpu.tiles() {
        for case in kernels::cases() {
            pollster::block_on(kernels::check_generation(&gpu, &case.with_tile(tile)));
        }
    }
}

#[test]
fn slices_of_a_long_product_agree_with_its_oracle() {
    pollster::block_on(kernels::check_slices(&gpu()));
}

#[test]
fn kernels_agree_at_any_size() {
    let gpu = gpu();
    let config = ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() };
    let tiles: Vec<_> = gpu.tiles().collect();
    let sizes = (1..20usize, 1..6usize, 1..40usize, 2..70usize, 0..tiles.len());
    proptest!(config, |((batch, steps, hidden, vocabulary, tile) in sizes)| {
        let case = Case::new("any size", [batch, steps, hidden, vocabulary], 0.3).with_tile(tiles[tile]);
        pollster::block_on(kernels::check_training_step(&gpu, &case));
    });
}
