//! A network as data. Its modules are tables of parameters, tensors and kernels ([`table`]); a [`Network`] is five
//! modules and the sizes. From these follow, in this order of reading: the order of the kernels ([`plan`]), the
//! parameters as one vector ([`parameters`]) and in files ([`parameters_file`], [`tensor_file`]), operations and bytes ([`work`]), and what an engine
//! is built from and returns ([`setup`]).
//!
//! Code is kept apart from tables: [`code`] maps a kernel to its WGSL and its CPU function, which works on the tensors
//! of [`memory`]; its oracle works on those of [`oracle`]. The modules themselves are in `src/kernels`.

mod barriers;
pub mod code;
pub mod description;
pub mod json;
pub mod memory;
mod operations;
pub mod oracle;
pub mod parameters;
pub mod parameters_file;
pub mod plan;
pub mod record;
pub mod setup;
pub mod table;
pub mod tensor_file;
pub mod work;

pub use code::Library;
pub use description::{Named, Network};
pub use parameters::Parameters;
pub use setup::{EpochOutput, EpochRequest, Setup};
pub use table::{
    Access, Content, Dim, Extent, Files, Gates, Init, Kernel, Module, Padded, Param, Runs, State, Tensor, Transpose,
};
pub use work::{Counts, Work};
