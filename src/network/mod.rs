//! What a network is, as data: its tables ([`table`]), the order of its kernels ([`plan`]), its parameters as one vector
//! ([`parameters`]), its operations and bytes ([`work`]); and what a kernel's code is given ([`code`], [`memory`],
//! [`oracle`]). The kernels themselves are in `src/kernels`.

pub mod code;
pub mod description;
pub mod memory;
pub mod oracle;
pub mod parameters;
pub mod parameters_file;
pub mod plan;
pub mod setup;
pub mod table;
pub mod work;

pub use code::Library;
pub use description::Network;
pub use parameters::Parameters;
pub use setup::Setup;
pub use table::{Access, Content, Dim, Extent, Init, Kernel, Module, Padded, Param, Runs, Tensor, Transpose};
pub use work::{Counts, Work};
