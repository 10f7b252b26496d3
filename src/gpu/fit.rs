//! Refuses networks that a device can't hold, and says which sizes it could.

use super::device::Gpu;
use super::layout::Layout;
use super::tile::Tile;
use crate::error::{Error, Result};
use crate::model::Sizes;
use crate::network::Network;

/// Checks that the device can hold a network.
///
/// # Errors
/// [`Error::TooLarge`], with the largest value of each size that fits if the others stay.
pub fn check(gpu: &Gpu, tile: Tile, network: Network) -> Result<()> {
    let (limits, sizes) = (gpu.device.limits(), network.sizes);
    let fits = |sizes| Layout::new(network.with_sizes(sizes), tile).fits(&limits);
    if fits(sizes) {
        return Ok(());
    }
    let largest = |present: usize, with: &dyn Fn(usize) -> Sizes| {
        let numbers: Vec<usize> = (1..=present).collect();
        numbers.partition_point(|&n| fits(with(n)))
    };
    let allowed = [
        ("hidden", largest(sizes.hidden, &|hidden| Sizes { hidden, ..sizes })),
        ("batch", largest(sizes.batch, &|batch| Sizes { batch, ..sizes })),
        ("steps", largest(sizes.steps, &|steps| Sizes { steps, ..sizes })),
    ];
    Err(Error::TooLarge {
        megabytes: Layout::new(network, tile).largest_buffer() >> 20,
        allowed_megabytes: limits.max_storage_buffer_binding_size >> 20,
        largest: allowed.into_iter().filter(|(_, most)| *most > 0).map(|(key, most)| (key.to_owned(), most)).collect(),
    })
}
