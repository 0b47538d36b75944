// Convolution to few output channels, one thread a pixel. `shape` counts inputs in vec4s and
// outputs singly.
{{bindings}}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let row = id.x;
    if (row >= shape.out_rows * shape.out_columns) {
        return;
    }
    let taps = shape.kernel * shape.kernel;
    let top = i32(row / shape.out_columns * shape.stride) - i32(shape.pad_begin);
    let start = i32(row % shape.out_columns * shape.stride) - i32(shape.pad_begin);
    for (var o = 0u; o < shape.outputs; o++) {
        var value = bias[o];
        for (var tap = 0u; tap < taps; tap++) {
            let y = top + i32(tap / shape.kernel);
            let column = start + i32(tap % shape.kernel);
            if (y < 0 || y >= i32(shape.rows) || column < 0 || column >= i32(shape.columns)) {
                continue;
            }
            let pixel = u32(y) * shape.columns + u32(column);
            for (var channel4 = 0u; channel4 < shape.channels; channel4++) {
                value += dot(vec4f(x[pixel * shape.width + channel4]), vec4f(weight[(o * taps + tap) * shape.channels + channel4]));
            }
        }
        {{activation}}
        out[row * shape.outputs + o] = to_storage(value);
    }
}
