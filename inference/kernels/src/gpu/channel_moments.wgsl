// Per channel and partition of the pixels: the mean, the sum of squared deviations from it, and the
// number of pixels. A workgroup takes 8 vec4s of channels × 32 pixels at a time; `shape` counts
// channels in vec4s.
//
// Sums are taken over deviations from the partition's first value. This value is one of the n, so
// the sum of squares about it is at most n times that about the mean: the difference of both keeps
// enough digits, however far from zero the values are. Partitions have about 500 pixels.
{{bindings}}

var<workgroup> sums: array<vec4f, 256>;
var<workgroup> squares: array<vec4f, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let channel4 = group.x * 8u + thread % 8u;
    let pixels = shape.rows * shape.columns;
    let begin = group.y * 32u;
    var first = vec4f();
    var sum = vec4f();
    var square = vec4f();
    if (channel4 < shape.channels) {
        first = vec4f(x[begin * shape.width + channel4]);
        for (var pixel = begin + thread / 8u; pixel < pixels; pixel += 32u * shape.partitions) {
            let value = vec4f(x[pixel * shape.width + channel4]) - first;
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
    if (thread < 8u && channel4 < shape.channels) {
        // Blocks of 32 pixels are dealt to the partitions in turn; the last block may be shorter.
        let blocks = pixels / 32u;
        var count = (blocks + shape.partitions - 1u - group.y) / shape.partitions * 32u;
        if (blocks % shape.partitions == group.y) {
            count += pixels % 32u;
        }
        let mean = sums[thread] / f32(count);
        let at = group.y * 3u * shape.channels + channel4;
        out[at] = first + mean;
        out[at + shape.channels] = max(squares[thread] - sums[thread] * mean, vec4f());
        out[at + 2u * shape.channels] = vec4f(f32(count));
    }
}
