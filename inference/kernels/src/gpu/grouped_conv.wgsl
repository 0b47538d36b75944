// Grouped convolution. One thread computes an output channel of four neighbouring pixels; in a
// depthwise convolution it computes four channels (vec4f). `shape` counts channels in these.
{{bindings}}

fn load_input(row: u32, column: i32, c: u32) -> {{v}} {
    if (column < 0 || column >= i32(shape.columns)) {
        return {{v}}();
    }
    return {{v}}(x[(row + u32(column)) * shape.width + c]);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let o = id.x % shape.outputs;
    let run = id.x / shape.outputs;
    let runs = (shape.out_columns + 3u) / 4u;
    let row = run / runs;
    let column = run % runs * 4u;
    if (row >= shape.out_rows) {
        return;
    }
    let first = o / shape.group_outputs * shape.group_inputs;
    let start = i32(column * {{stride}}u) - i32(shape.pad_begin);
    {{sums}}
    for (var ky = 0u; ky < {{kernel}}u; ky++) {
        let y = i32(row * {{stride}}u + ky) - i32(shape.pad_begin);
        if (y < 0 || y >= i32(shape.rows)) {
            continue;
        }
        let line = u32(y) * shape.columns;
        for (var c = 0u; c < shape.group_inputs; c++) {
            let at = (ky * {{kernel}}u * shape.group_inputs + c) * shape.outputs + o;
            {{products}}
        }
    }
    {{stores}}
}

fn store(row: u32, column: u32, o: u32, sum: {{v}}) {
    if (column >= shape.out_columns) {
        return;
    }
    var value = sum + bias[o];
    {{activation}}
    out[(row * shape.out_columns + column) * shape.outputs + o] = to_storage(value);
}
