// Each channel's sum over a share of the pixels: 8 fours of channels × 32 pixels at a time. `shape`
// counts channels in fours.
{{bindings}}

var<workgroup> partial: array<vec4f, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let four = group.x * 8u + thread % 8u;
    var sum = vec4f();
    if (four < shape.channels) {
        for (var pixel = group.y * 32u + thread / 8u; pixel < shape.rows * shape.columns; pixel += 32u * shape.parts) {
            sum += vec4f(x[pixel * shape.width + four]);
        }
    }
    partial[thread] = sum;
    workgroupBarrier();
    for (var step = 16u; step > 0u; step /= 2u) {
        if (thread / 8u < step) {
            partial[thread] += partial[thread + step * 8u];
        }
        workgroupBarrier();
    }
    if (thread < 8u && four < shape.channels) {
        out[group.y * shape.channels + four] = partial[thread];
    }
}
