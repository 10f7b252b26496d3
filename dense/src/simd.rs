//! The choice of SIMD instructions.

#[cfg(not(target_arch = "wasm32"))]
use std::sync::atomic::{AtomicBool, Ordering};

use pulp::{Simd, WithSimd};

/// Whether this process uses no SIMD.
#[cfg(not(target_arch = "wasm32"))]
static SCALAR: AtomicBool = AtomicBool::new(false);

/// Disables SIMD for this process, so that results are bitwise the same on every machine: a fused multiply-add rounds
/// once, scalar code twice. For tests. [`Panels`](crate::Panels) packed before can't be used afterwards.
#[cfg(not(target_arch = "wasm32"))]
pub fn without_simd() {
    SCALAR.store(true, Ordering::Relaxed);
}

/// Runs `op` with the widest SIMD of the processor.
#[cfg(not(target_arch = "wasm32"))]
#[inline(always)]
pub fn dispatch<Op: WithSimd>(op: Op) -> Op::Output {
    let arch = if SCALAR.load(Ordering::Relaxed) { pulp::Arch::Scalar } else { pulp::Arch::new() };
    arch.dispatch(op)
}

/// Runs `op` with the SIMD of this build.
#[cfg(target_arch = "wasm32")]
#[inline(always)]
pub fn dispatch<Op: WithSimd>(op: Op) -> Op::Output {
    present().vectorize(op)
}

#[cfg(all(target_arch = "wasm32", feature = "relaxed-simd"))]
#[inline(always)]
fn present() -> impl Simd {
    pulp::wasm::enable_relaxed_simd();
    pulp::wasm::RelaxedSimd::try_new().expect("the module has started, so the browser knows its instructions")
}

#[cfg(all(target_arch = "wasm32", feature = "simd128", not(feature = "relaxed-simd")))]
#[inline(always)]
fn present() -> impl Simd {
    pulp::wasm::enable_simd128();
    pulp::wasm::Simd128::try_new().expect("the module has started, so the browser knows its instructions")
}

#[cfg(all(target_arch = "wasm32", not(feature = "simd128")))]
#[inline(always)]
fn present() -> impl Simd {
    pulp::Scalar::new()
}

/// The name of the SIMD instructions in use, for people.
pub fn name() -> &'static str {
    struct Name;
    impl WithSimd for Name {
        type Output = &'static str;
        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> &'static str {
            match S::F32_LANES {
                16 => "AVX-512",
                8 => "AVX2",
                4 if cfg!(feature = "relaxed-simd") => "WebAssembly, relaxed SIMD",
                4 if cfg!(target_arch = "wasm32") => "WebAssembly SIMD",
                4 => "128-bit SIMD",
                _ if cfg!(target_arch = "wasm32") => "WebAssembly without SIMD",
                _ => "no SIMD",
            }
        }
    }
    dispatch(Name)
}
