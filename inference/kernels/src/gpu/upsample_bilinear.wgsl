// Bilinear upsampling by a whole factor, after a prologue. One thread computes one value (f32) or
// four channels (vec4f) of a pixel; `shape` counts channels in these.
{{bindings}}

fn load_input(row: u32, column: u32, c: u32) -> {{v}} {
    let value = {{v}}(x[(row * shape.columns + column) * shape.width + c]);
    return {{prologue}};
}

// Returns the two source positions next to an output position, and the weight of the second.
fn source_position(position: u32, size: u32, out_size: u32) -> vec3f {
    let at = {{at}};
    let low = floor(at);
    return vec3f(low, min(low + 1.0, f32(size - 1u)), at - low);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let c = id.x % shape.channels;
    let pixel = id.x / shape.channels;
    if (pixel >= shape.out_rows * shape.out_columns) {
        return;
    }
    let row = pixel / shape.out_columns;
    let column = pixel % shape.out_columns;
    var value: {{v}};
    if (shape.out_rows == shape.rows && shape.out_columns == shape.columns) {
        value = load_input(row, column, c);
    } else {
        let y_taps = source_position(row, shape.rows, shape.out_rows);
        let x_taps = source_position(column, shape.columns, shape.out_columns);
        let upper = mix(load_input(u32(y_taps.x), u32(x_taps.x), c), load_input(u32(y_taps.x), u32(x_taps.y), c), x_taps.z);
        let lower = mix(load_input(u32(y_taps.y), u32(x_taps.x), c), load_input(u32(y_taps.y), u32(x_taps.y), c), x_taps.z);
        value = mix(upper, lower, y_taps.z);
    }
    {{add_residual}}
    out[pixel * shape.channels + c] = to_storage(value);
}
