// A convolution of few inputs, one thread for four outputs of a pixel. `shape` counts outputs in fours, inputs singly.
{{bindings}}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let four = id.x % shape.outputs;
    let row = id.x / shape.outputs;
    if (row >= shape.out_rows * shape.out_columns) {
        return;
    }
    let top = i32(row / shape.out_columns * shape.stride) - i32(shape.before);
    let start = i32(row % shape.out_columns * shape.stride) - i32(shape.before);
    var value = bias[four];
    for (var tap = 0u; tap < shape.kernel * shape.kernel; tap++) {
        let y = top + i32(tap / shape.kernel);
        let column = start + i32(tap % shape.kernel);
        if (y < 0 || y >= i32(shape.rows) || column < 0 || column >= i32(shape.columns)) {
            continue;
        }
        let pixel = u32(y) * shape.columns + u32(column);
        for (var c = 0u; c < shape.channels; c++) {
            let w = vec4f(weight[(tap * shape.channels + c) * shape.outputs + four]);
            value += f32(x[pixel * shape.width + c]) * w;
        }
    }
    {{activation}}
    out[row * shape.outputs + four] = stored(value);
}
