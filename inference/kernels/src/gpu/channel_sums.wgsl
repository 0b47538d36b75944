// Per channel and partition of the pixels: the sum. A workgroup takes 8 vec4s of channels × 32
// pixels at a time; `shape` counts channels in vec4s.
{{bindings}}

var<workgroup> partial: array<vec4f, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
    let channel4 = group.x * 8u + thread % 8u;
    var sum = vec4f();
    if (channel4 < shape.channels) {
        for (var pixel = group.y * 32u + thread / 8u; pixel < shape.rows * shape.columns; pixel += 32u * shape.partitions) {
            sum += vec4f(x[pixel * shape.width + channel4]);
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
    if (thread < 8u && channel4 < shape.channels) {
        out[group.y * shape.channels + channel4] = partial[thread];
    }
}
