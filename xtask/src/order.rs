//! The order of a program's functions in which gzip makes it smallest, found greedily: gzip looks back 32 KB, so each
//! function should stand behind those that are like it.

use std::collections::{HashMap, HashSet};

/// Functions are alike if they have many sequences of this many bytes in common.
const SEQUENCE: usize = 5;

/// How many of the functions last put in order are looked at.
const LAST: usize = 12;

/// A sequence in more functions than this says nothing of any.
const MOST: usize = 1500;

/// The places of these functions in that order: the shortest first, then always the one that shares most with the last
/// ones for its length, or the shortest if none shares anything.
pub fn by_likeness(bodies: &[&[u8]]) -> Vec<usize> {
    let parts: Vec<HashSet<&[u8]>> = bodies.iter().map(|body| body.windows(SEQUENCE).collect()).collect();
    let mut holders: HashMap<&[u8], Vec<usize>> = HashMap::new();
    for (place, parts) in parts.iter().enumerate() {
        parts.iter().for_each(|part| holders.entry(part).or_default().push(place));
    }
    holders.retain(|_, places| (2..=MOST).contains(&places.len()));
    let mut shortest: Vec<usize> = (0..bodies.len()).collect();
    shortest.sort_by_key(|&place| bodies[place].len());
    let mut shortest = shortest.into_iter();
    let (mut order, mut is_left) = (Vec::new(), vec![true; bodies.len()]);
    let mut shared = vec![0_u32; bodies.len()];
    loop {
        let last = order[order.len().saturating_sub(LAST)..].iter().flat_map(|&place: &usize| &parts[place]);
        shared.fill(0);
        for part in last.collect::<HashSet<_>>() {
            holders.get(part).into_iter().flatten().for_each(|&place| shared[place] += 1);
        }
        let worth = |place: usize| f64::from(shared[place]) / (bodies[place].len() as f64).sqrt();
        let alike = (0..bodies.len()).filter(|&place| is_left[place] && shared[place] > 0);
        // Of equals the first, so that the order is the same each time.
        let best = alike.rev().max_by(|&a, &b| worth(a).total_cmp(&worth(b)));
        let Some(next) = best.or_else(|| shortest.by_ref().find(|&place| is_left[place])) else { return order };
        is_left[next] = false;
        order.push(next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_stand_behind_those_that_are_like_them() {
        let bodies: [&[u8]; 5] = [b"abcdefgh, one", b"ABCDEFGH", b"123", b"abcdefgh, two", b"ABCDEFGH?"];
        assert_eq!(by_likeness(&bodies), [2, 1, 4, 0, 3]);
        assert!(by_likeness(&[]).is_empty());
    }
}
