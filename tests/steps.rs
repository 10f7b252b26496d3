//! Compares successive training steps with PyTorch's autograd in f64: on the committed cases, made by
//! `scripts/check_against_pytorch.py --make`, and, by `cargo test --test steps -- --include-ignored`, on reference
//! cases outside the repository.

#![cfg(not(target_arch = "wasm32"))]

#[allow(dead_code, reason = "results are compared, not written")]
#[path = "common/steps.rs"]
mod steps;

use std::path::{Path, PathBuf};

use time_traveller::engine::Device;
use time_traveller::gpu::Gpu;

/// Relative to a tensor's largest magnitude; see TESTING.md.
fn tolerance(case: &str) -> f32 {
    // Chaotic: sums in another order alone make it differ by 1e-4.
    if case.starts_with("odd_reset_clipped") { 2e-4 } else { 1e-4 }
}

/// Checks every case in a folder, which must have at least one.
fn check_all_in(folder: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.extension().is_some_and(|extension| extension == "safetensors"));
    cases.sort();
    assert!(!cases.is_empty(), "{} holds no case, so nothing was compared", folder.display());
    cases.iter().for_each(|path| check(path));
}

/// Compares every expected result in the file with those of every variant of the GPU engine and of the CPU engine.
fn check(path: &Path) {
    let name = path.file_stem().unwrap().to_str().unwrap();
    let case = steps::Case::read(path).unwrap();
    let expected = steps::read_expected(path).unwrap();
    let gpu = pollster::block_on(Gpu::open()).unwrap();
    let tiles: Vec<Device> = gpu.tiles().map(|tile| Device::Gpu(gpu.clone(), tile)).collect();
    for device in tiles.iter().chain([&Device::cpu()]) {
        let results = pollster::block_on(case.run(device)).unwrap();
        let mut expected = expected.clone();
        if !results.contains_key("first.logits") {
            let fused = device.network(case.network).loss.forward[0].name == "output_loss";
            assert!(fused, "{name}, {}: there are no logits", device.variant());
            expected.remove("first.logits");
        }
        compare(&format!("{name}, {}", device.variant()), &results, &expected);
    }
}

fn compare(name: &str, results: &steps::Tensors, expected: &steps::Tensors) {
    assert_eq!(results.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{name}");
    for (tensor, (shape, expected)) in expected {
        let (got_shape, got) = &results[tensor];
        assert_eq!(got_shape, shape, "{name}: shape of {tensor}");
        let largest = expected.iter().fold(0f32, |largest, x| largest.max(x.abs()));
        for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
            let difference = (got - expected).abs();
            assert!(difference <= tolerance(name) * largest, "{name}: {tensor}[{i}] is {got:e}, not {expected:e}");
        }
    }
}

#[test]
fn steps_agree_with_the_committed_cases() {
    check_all_in("tests/cases");
}

#[test]
#[ignore = "the reference cases are no part of the project: they lie beside it, in ../shared/reference, or nowhere"]
fn steps_agree_with_the_reference_cases() {
    check_all_in("../shared/reference");
    check_all_in("../shared/reference/networks");
}

#[test]
fn a_bad_case_gets_a_sentence() {
    let error = steps::Case::read(Path::new("no/such/file.safetensors")).err().unwrap();
    assert!(error.starts_with("no/such/file.safetensors can't be read"), "{error}");
    let not_a_case = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let error = steps::Case::read(&not_a_case).err().unwrap();
    assert!(error.contains("Cargo.toml: "), "{error}");
}
