// Group normalisation as a scale and a shift per channel, from the channels' moments per partition
// (channel_moments.wgsl). Means are merged as differences from the first one, which are small.
{{bindings}}

// Mean of each channel, and its sum of squared deviations.
var<workgroup> total: array<vec2f, 256>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) c: u32) {
    let pixels = f32(shape.rows * shape.columns);
    if (c < shape.channels) {
        let step = 3u * shape.channels;
        var difference = 0.0;
        for (var part = 1u; part < shape.partitions; part++) {
            let at = part * step + c;
            difference += (moments[at] - moments[c]) * moments[at + 2u * shape.channels];
        }
        let mean = moments[c] + difference / pixels;
        var squares = 0.0;
        for (var part = 0u; part < shape.partitions; part++) {
            let at = part * step + c;
            let difference = moments[at] - mean;
            squares += moments[at + shape.channels] + difference * difference * moments[at + 2u * shape.channels];
        }
        total[c] = vec2f(mean, squares);
    }
    workgroupBarrier();
    if (c < shape.channels) {
        let first = c / shape.channels_per_group * shape.channels_per_group;
        var difference = 0.0;
        for (var i = 1u; i < shape.channels_per_group; i++) {
            difference += total[first + i].x - total[first].x;
        }
        let mean = total[first].x + difference / f32(shape.channels_per_group);
        var squares = 0.0;
        for (var i = 0u; i < shape.channels_per_group; i++) {
            let difference = total[first + i].x - mean;
            squares += total[first + i].y + difference * difference * pixels;
        }
        let variance = squares / (f32(shape.channels_per_group) * pixels);
        let factor = gamma[c] * inverseSqrt(variance + 1e-5);
        out[c] = factor;
        out[shape.channels + c] = beta[c] - mean * factor;
    }
}
