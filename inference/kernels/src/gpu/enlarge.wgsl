// Bilinear enlargement, one thread for a V (a channel, or four) of a pixel. `shape` counts channels in Vs.
{{bindings}}

fn input(row: u32, column: u32, c: u32) -> {{v}} {
    let value = {{v}}(x[(row * shape.columns + column) * shape.width + c]);
    return {{input}};
}

// The two places that an output's place lies between, and how far it is from the first.
fn between(place: u32, size: u32, out_size: u32) -> vec3f {
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
        value = input(row, column, c);
    } else {
        let y = between(row, shape.rows, shape.out_rows);
        let across = between(column, shape.columns, shape.out_columns);
        let upper = mix(input(u32(y.x), u32(across.x), c), input(u32(y.x), u32(across.y), c), across.z);
        let lower = mix(input(u32(y.y), u32(across.x), c), input(u32(y.y), u32(across.y), c), across.z);
        value = mix(upper, lower, y.z);
    }
    {{add}}
    out[pixel * shape.channels + c] = stored(value);
}
