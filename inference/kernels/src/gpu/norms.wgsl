// Group normalisation as a factor and a summand for each channel, from the channels' means and squared deviations over
// parts of the pixels (moments.wgsl).
{{bindings}}

// Mean and squared deviations from it of a channel.
var<workgroup> total: array<vec2f, 256>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) c: u32) {
    let pixels = f32(shape.rows * shape.columns);
    if (c < shape.channels) {
        var all = vec2f();
        var count = 0.0;
        for (var part = 0u; part < shape.parts; part++) {
            let at = part * 3u * shape.channels + c;
            let part_count = moments[at + 2u * shape.channels];
            let apart = moments[at] - all.x;
            let share = part_count / max(count + part_count, 1.0);
            all += vec2f(apart * share, moments[at + shape.channels] + apart * apart * (count * share));
            count += part_count;
        }
        total[c] = all;
    }
    workgroupBarrier();
    if (c < shape.channels) {
        let first = c / shape.per_group * shape.per_group;
        var mean = 0.0;
        for (var i = 0u; i < shape.per_group; i++) {
            mean += total[first + i].x;
        }
        mean /= f32(shape.per_group);
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
