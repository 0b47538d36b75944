// Each channel's mean over a share of the pixels, the sum of squared deviations from it, and how
// many pixels these were: 8 fours of channels × 32 pixels at a time. `shape` counts channels in
// fours.
//
// Summed are deviations from the share's first value, and their squares. As that value is one of
// the n, the sum of squares about it is at most n times the one about the mean: of the difference
// between both enough is left, however far from zero all values lie. Shares have some 500 pixels.
{{bindings}}

var<workgroup> sums: array<vec4f, 256>;
var<workgroup> squares: array<vec4f, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let four = group.x * 8u + thread % 8u;
    let pixels = shape.rows * shape.columns;
    let begin = group.y * 32u;
    var first = vec4f();
    var sum = vec4f();
    var square = vec4f();
    if (four < shape.channels) {
        first = vec4f(x[begin * shape.width + four]);
        for (var pixel = begin + thread / 8u; pixel < pixels; pixel += 32u * shape.parts) {
            let value = vec4f(x[pixel * shape.width + four]) - first;
            sum += value;
            square += value * value;
        }
    }
    sums[thread] = sum;
    squares[thread] = square;
    workgroupBarrier();
    for (var step = 16u; step > 0u; step /= 2u) {
        if (thread / 8u < step) {
            sums[thread] += sums[thread + step * 8u];
            squares[thread] += squares[thread + step * 8u];
        }
        workgroupBarrier();
    }
    if (thread < 8u && four < shape.channels) {
        // Pixels come in blocks of 32, which are dealt out to the parts; the last block may be
        // shorter.
        let blocks = pixels / 32u;
        var count = (blocks + shape.parts - 1u - group.y) / shape.parts * 32u;
        if (blocks % shape.parts == group.y) {
            count += pixels % 32u;
        }
        let mean = sums[thread] / f32(count);
        let at = group.y * 3u * shape.channels + four;
        out[at] = first + mean;
        out[at + shape.channels] = max(squares[thread] - sums[thread] * mean, vec4f());
        out[at + 2u * shape.channels] = vec4f(f32(count));
    }
}
