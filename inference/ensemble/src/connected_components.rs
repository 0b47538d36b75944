//! Connected components in three dimensions.

/// Clears every voxel of `mask` (`[z][y][x]`, `size` voxels a side) whose 6-connected component is
/// smaller than `min_fraction` of the largest one.
pub(crate) fn remove_small_components(mask: &mut [bool], size: usize, min_fraction: f64) {
    let area = size * size;
    let mut component = vec![0u32; mask.len()];
    let mut sizes = vec![0usize];
    let mut stack = Vec::new();
    for seed in 0..mask.len() {
        if !mask[seed] || component[seed] != 0 {
            continue;
        }
        let id = sizes.len() as u32;
        let mut count = 0;
        component[seed] = id;
        stack.push(seed);
        while let Some(at) = stack.pop() {
            count += 1;
            let (x, y, z) = (at % size, at / size % size, at / area);
            let neighbours = [
                (x > 0).then(|| at - 1),
                (x + 1 < size).then(|| at + 1),
                (y > 0).then(|| at - size),
                (y + 1 < size).then(|| at + size),
                (z > 0).then(|| at - area),
                (z + 1 < size).then(|| at + area),
            ];
            for next in neighbours.into_iter().flatten() {
                if mask[next] && component[next] == 0 {
                    component[next] = id;
                    stack.push(next);
                }
            }
        }
        sizes.push(count);
    }
    let largest = sizes.iter().copied().max().expect("invariant: the background is counted");
    let least = largest as f64 * min_fraction;
    for (voxel, id) in mask.iter_mut().zip(component) {
        *voxel = *voxel && sizes[id as usize] as f64 >= least;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_components_are_removed_and_large_ones_stay() {
        let size = 4;
        let mut mask = vec![false; 64];
        mask[..16].fill(true);
        mask[63] = true;
        mask[47] = true;
        remove_small_components(&mut mask, size, 0.25);
        assert_eq!(mask.iter().filter(|v| **v).count(), 16);
        assert!(!mask[63]);
    }
}
