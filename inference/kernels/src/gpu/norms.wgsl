// Group normalisation as a factor and a summand for each channel, from the channels' means and
// squared deviations over parts of the pixels (moments.wgsl). Means of means are sums of
// differences from the first one, which are small.
{{bindings}}

// A channel's mean, and the sum of squared deviations from it.
var<workgroup> total: array<vec2f, 256>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) c: u32) {
    let pixels = f32(shape.rows * shape.columns);
    if (c < shape.channels) {
        let step = 3u * shape.channels;
        var apart = 0.0;
        for (var part = 1u; part < shape.parts; part++) {
            let at = part * step + c;
            apart += (moments[at] - moments[c]) * moments[at + 2u * shape.channels];
        }
        let mean = moments[c] + apart / pixels;
        var squares = 0.0;
        for (var part = 0u; part < shape.parts; part++) {
            let at = part * step + c;
            let apart = moments[at] - mean;
            squares += moments[at + shape.channels] + apart * apart * moments[at + 2u * shape.channels];
        }
        total[c] = vec2f(mean, squares);
    }
    workgroupBarrier();
    if (c < shape.channels) {
        let first = c / shape.per_group * shape.per_group;
        var apart = 0.0;
        for (var i = 1u; i < shape.per_group; i++) {
            apart += total[first + i].x - total[first].x;
        }
        let mean = total[first].x + apart / f32(shape.per_group);
        var squares = 0.0;
        for (var i = 0u; i < shape.per_group; i++) {
            let apart = total[first + i].x - mean;
            squares += total[first + i].y + apart * apart * pixels;
        }
        let variance = squares / (f32(shape.per_group) * pixels);
        let factor = gamma[c] * inverseSqrt(variance + 1e-5);
        out[c] = factor;
        out[shape.channels + c] = beta[c] - mean * factor;
    }
}
