// Group normalisation as a factor and a summand for each channel, from the channels' sums and sums of squares.
{{bindings}}

var<workgroup> total: array<vec2f, 256>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) c: u32) {
    if (c < shape.channels) {
        var sum = vec2f();
        for (var part = 0u; part < shape.parts; part++) {
            let at = part * 2u * shape.channels + c;
            sum += vec2f(sums[at], sums[at + shape.channels]);
        }
        total[c] = sum;
    }
    workgroupBarrier();
    if (c < shape.channels) {
        let first = c / shape.per_group * shape.per_group;
        var group = vec2f();
        for (var i = 0u; i < shape.per_group; i++) {
            group += total[first + i];
        }
        group /= f32(shape.per_group * shape.rows * shape.columns);
        let factor = gamma[c] * inverseSqrt(max(group.y - group.x * group.x, 0.0) + 1e-5);
        out[c] = factor;
        out[shape.channels + c] = beta[c] - group.x * factor;
    }
}
