// Convolution of few input channels, one thread for four output channels of a pixel. `shape` counts
// inputs singly and outputs in vec4s.
{{bindings}}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let channel4 = id.x % shape.outputs;
    let row = id.x / shape.outputs;
    if (row >= shape.out_rows * shape.out_columns) {
        return;
    }
    let top = i32(row / shape.out_columns * shape.stride) - i32(shape.pad_begin);
    let start = i32(row % shape.out_columns * shape.stride) - i32(shape.pad_begin);
    var value = bias[channel4];
    for (var tap = 0u; tap < shape.kernel * shape.kernel; tap++) {
        let y = top + i32(tap / shape.kernel);
        let column = start + i32(tap % shape.kernel);
        if (y < 0 || y >= i32(shape.rows) || column < 0 || column >= i32(shape.columns)) {
            continue;
        }
        let pixel = u32(y) * shape.columns + u32(column);
        for (var c = 0u; c < shape.channels; c++) {
            let w = vec4f(weight[(tap * shape.channels + c) * shape.outputs + channel4]);
            value += f32(x[pixel * shape.width + c]) * w;
        }
    }
    {{activation}}
    out[row * shape.outputs + channel4] = to_storage(value);
}
