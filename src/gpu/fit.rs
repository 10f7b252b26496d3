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
    let excess = |network| Layout::new(network, tile).excess(&limits);
    let Some([bytes, allowed_bytes]) = excess(network) else { return Ok(()) };
    let largest = |present: usize, with: &dyn Fn(usize) -> Network| {
        let numbers: Vec<usize> = (1..=present).collect();
        numbers.partition_point(|&n| excess(with(n)).is_none())
    };
    let allowed = [
        ("layers", largest(network.layers - 1, &|layers| Network { layers, ..network })),
        ("hidden", largest(sizes.hidden, &|hidden| network.with_sizes(Sizes { hidden, ..sizes }))),
        ("batch", largest(sizes.batch, &|batch| network.with_sizes(Sizes { batch, ..sizes }))),
        ("steps", largest(sizes.steps, &|steps| network.with_sizes(Sizes { steps, ..sizes }))),
    ];
    Err(Error::TooLarge {
        megabytes: bytes >> 20,
        allowed_megabytes: allowed_bytes >> 20,
        largest: allowed.into_iter().filter(|(_, most)| *most > 0).map(|(key, most)| (key.to_owned(), most)).collect(),
    })
}
