// The gates of squeeze and excitation for one picture, [channels]: the channels' means, a hidden
// layer with SiLU, and a layer with sigmoid.
{{bindings}}

var<workgroup> mean: array<f32, {{max_channels}}>;
var<workgroup> partial: array<f32, 256>;
var<workgroup> hidden: array<f32, 64>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) thread: u32) {
    for (var c = thread; c < shape.channels; c += 256u) {
        var sum = 0.0;
        for (var part = 0u; part < shape.partitions; part++) {
            sum += sums[part * shape.channels + c];
        }
        mean[c] = sum / f32(shape.rows * shape.columns);
    }
    workgroupBarrier();
    // Four threads compute one hidden value.
    let j = thread / 4u;
    var dot_part = 0.0;
    if (j < shape.hidden) {
        for (var c = thread % 4u; c < shape.channels; c += 4u) {
            dot_part += mean[c] * squeeze[c * shape.hidden + j];
        }
    }
    partial[thread] = dot_part;
    workgroupBarrier();
    if (thread % 4u == 0u && j < shape.hidden) {
        var value = squeeze_bias[j] + partial[thread] + partial[thread + 1u] + partial[thread + 2u] + partial[thread + 3u];
        {{silu}}
        hidden[j] = value;
    }
    workgroupBarrier();
    for (var c = thread; c < shape.channels; c += 256u) {
        var value = excite_bias[c];
        for (var i = 0u; i < shape.hidden; i++) {
            value += hidden[i] * excite[i * shape.channels + c];
        }
        {{sigmoid}}
        out[c] = value;
    }
}
