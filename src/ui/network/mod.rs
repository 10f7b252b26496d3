//! What is trained: the network, its shapes, the notes that explain it, and where its time goes.

pub mod explain;
pub mod profile;
pub mod shapes;
#[cfg(target_arch = "wasm32")]
pub mod signals;
#[cfg(target_arch = "wasm32")]
pub mod view;
