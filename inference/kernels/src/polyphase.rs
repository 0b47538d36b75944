//! Planes laid out for a direct convolution: zero padded, and decomposed into one phase a stride
//! (polyphase), so that the values under one tap are contiguous.

use crate::buffer::Buffer;

/// Columns that are computed together. Columns behind a row's end are computed and dropped.
pub(crate) const LANES: usize = 8;

/// Zero-padded planes of one group for kernels of `K` × `K` with stride `S`. Each row holds its
/// columns by phase: phase `p` has the columns p, p + S, p + 2S, …. One plane fits into the first
/// caches.
pub(crate) struct PolyphasePlanes<const K: usize, const S: usize> {
    values: Buffer,
    pad_begin: usize,
    /// Values of one phase of a row.
    phase_len: usize,
    /// Values of a plane.
    plane_len: usize,
}

impl<const K: usize, const S: usize> PolyphasePlanes<K, S> {
    /// Makes room for `planes` planes of `rows` × `columns`, padded with `pad_begin` rows and
    /// columns of zeros at the beginning.
    pub(crate) fn new(planes: usize, rows: usize, columns: usize, pad_begin: usize) -> Self {
        // Room for the last lanes and their taps.
        let phase_len = columns.div_ceil(S).next_multiple_of(LANES) + K;
        let lines = ((rows.div_ceil(S) - 1) * S + K).max(pad_begin + rows);
        let plane_len = lines * S * phase_len;
        Self { values: Buffer::zeros(planes * plane_len), pad_begin, phase_len, plane_len }
    }

    /// Copies a plane with rows of `columns` values to index `nth`, and applies `change` to the
    /// copies.
    pub(crate) fn fill(&mut self, nth: usize, plane: &[f32], columns: usize, change: impl Fn(&mut [f32])) {
        let target = &mut self.values[nth * self.plane_len..][..self.plane_len];
        let lines = target.chunks_exact_mut(S * self.phase_len).skip(self.pad_begin);
        for (line, from) in lines.zip(plane.chunks_exact(columns)) {
            for phase in 0..S {
                // The first column of the input that belongs to this phase.
                let first = (phase + S - self.pad_begin % S) % S;
                let part = &mut line[phase * self.phase_len + (self.pad_begin + first) / S..];
                let values = &from[first..];
                let count = values.len().div_ceil(S).min(part.len());
                let part = &mut part[..count];
                if S == 1 {
                    part.copy_from_slice(&values[..count]);
                } else {
                    part.iter_mut().zip(values.iter().step_by(S)).for_each(|(to, value)| *to = *value);
                }
                change(part);
            }
        }
    }

    /// Returns the values of plane `nth` from the first input row under output row `row` on.
    #[inline(always)]
    pub(crate) fn rows(&self, nth: usize, row: usize) -> &[f32] {
        &self.values[nth * self.plane_len + row * S * S * self.phase_len..(nth + 1) * self.plane_len]
    }

    /// Returns the values under the tap (`ky`, `kx`) for the output columns of one chunk. `rows`
    /// comes from [`Self::rows`].
    #[inline(always)]
    pub(crate) fn taps<'a>(&self, rows: &'a [f32], chunk: usize, ky: usize, kx: usize) -> &'a [f32; LANES] {
        let at = (ky * S + kx % S) * self.phase_len + chunk * LANES + kx / S;
        rows[at..].first_chunk().expect("invariant: a plane has room for every tap")
    }
}
