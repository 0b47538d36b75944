// Each channel's mean over a share of the pixels, the sum of squared deviations from it (M2), and how many pixels these
// were: 8 fours of channels × 32 pixels at a time. `shape` counts channels in fours.
//
// A thread sums deviations from its first value: as that is one of the values, their squares' sum is at most as many
// times M2 as there are values, and little is lost by the difference, however far from zero all of them lie. Threads are
// merged two at a time (Chan, Golub, LeVeque 1983): M2 = M2a + M2b + (mean_b − mean_a)² · na · nb / n.
{{bindings}}

var<workgroup> means: array<vec4f, 256>;
var<workgroup> deviations: array<vec4f, 256>;
var<workgroup> counts: array<f32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let four = group.x * 8u + thread % 8u;
    let pixels = shape.rows * shape.columns;
    let first_pixel = group.y * 32u + thread / 8u;
    var first = vec4f();
    var sum = vec4f();
    var squares = vec4f();
    var count = 0.0;
    if (four < shape.channels && first_pixel < pixels) {
        first = vec4f(x[first_pixel * shape.width + four]);
        for (var pixel = first_pixel; pixel < pixels; pixel += 32u * shape.parts) {
            let value = vec4f(x[pixel * shape.width + four]) - first;
            sum += value;
            squares += value * value;
            count += 1.0;
        }
    }
    let mean = sum / max(count, 1.0);
    means[thread] = first + mean;
    deviations[thread] = max(squares - sum * mean, vec4f());
    counts[thread] = count;
    workgroupBarrier();
    for (var step = 16u; step > 0u; step /= 2u) {
        if (thread / 8u < step) {
            let other = thread + step * 8u;
            let both = counts[thread] + counts[other];
            let share = counts[other] / max(both, 1.0);
            let apart = means[other] - means[thread];
            means[thread] += apart * share;
            deviations[thread] += deviations[other] + apart * apart * (counts[thread] * share);
            counts[thread] = both;
        }
        workgroupBarrier();
    }
    if (thread < 8u && four < shape.channels) {
        let at = group.y * 3u * shape.channels + four;
        out[at] = means[thread];
        out[at + shape.channels] = deviations[thread];
        out[at + 2u * shape.channels] = vec4f(counts[thread]);
    }
}
