//! Planes laid out for a direct convolution: with their border, and so that a tap's values lie side by side.

use crate::Buffer;

/// Columns that are computed together; the rest of a row is computed and dropped.
pub(crate) const LANES: usize = 8;

/// Planes of one group, each with zeros around it and its columns dealt out to `S` phases, whose lines lie one behind the
/// other. Stays in the first caches.
pub(crate) struct Scratch<const K: usize, const S: usize> {
    values: Buffer,
    before: usize,
    /// Values of a phase's line.
    pitch: usize,
    /// Values of a plane.
    plane: usize,
}

impl<const K: usize, const S: usize> Scratch<K, S> {
    /// For `planes` planes of `rows` × `columns`, with so many zeros `before` them.
    pub(crate) fn new(planes: usize, rows: usize, columns: usize, before: usize) -> Self {
        // Room for the last lanes and their taps.
        let pitch = columns.div_ceil(S).next_multiple_of(LANES) + K;
        let lines = ((rows.div_ceil(S) - 1) * S + K).max(before + rows);
        let plane = lines * S * pitch;
        Self { values: Buffer::zeros(planes * plane), before, pitch, plane }
    }

    /// Takes in a plane, whose values `change` changes.
    pub(crate) fn fill(&mut self, nth: usize, plane: &[f32], columns: usize, change: impl Fn(&mut [f32])) {
        let target = &mut self.values[nth * self.plane..][..self.plane];
        let lines = target.chunks_exact_mut(S * self.pitch).skip(self.before);
        for (line, from) in lines.zip(plane.chunks_exact(columns)) {
            for phase in 0..S {
                // The first column of the picture that belongs to this phase, and its place there.
                let first = (phase + S - self.before % S) % S;
                let part = &mut line[phase * self.pitch + (self.before + first) / S..];
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

    /// What a row of the result sees of a plane.
    #[inline(always)]
    pub(crate) fn rows(&self, nth: usize, row: usize) -> &[f32] {
        &self.values[nth * self.plane + row * S * S * self.pitch..(nth + 1) * self.plane]
    }

    /// The values under one tap, of the lanes of one chunk, in what [`Self::rows`] gave.
    #[inline(always)]
    pub(crate) fn taps<'a>(&self, rows: &'a [f32], chunk: usize, ky: usize, kx: usize) -> &'a [f32; LANES] {
        let at = (ky * S + kx % S) * self.pitch + chunk * LANES + kx / S;
        rows.get(at..).and_then(<[f32]>::first_chunk).expect("invariant: a plane has room for every tap")
    }
}
