//! What `core` lacks.

#[cfg(not(target_arch = "wasm32"))]
mod here {
    pub fn ln(x: f32) -> f32 {
        x.ln()
    }

    pub fn sqrt(x: f32) -> f32 {
        x.sqrt()
    }

    pub fn sqrt_f64(x: f64) -> f64 {
        x.sqrt()
    }
}

#[cfg(target_arch = "wasm32")]
mod here {
    pub use libm::{logf as ln, sqrt as sqrt_f64, sqrtf as sqrt};
}

pub use here::*;
