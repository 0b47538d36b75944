// The networks as ONNX models, layer by layer those of inference/networks/src, with the same names
// of weights.

import { Graph } from "./onnx.mjs";

// ── FPN over EfficientNet-B0 ─────────────────────────────────────────────────────────────────────

// Blocks, kernel, stride of the first, expansion, output channels.
const STAGES = [
  [1, 3, 1, 1, 16],
  [2, 3, 2, 6, 24],
  [2, 5, 2, 6, 40],
  [3, 3, 2, 6, 80],
  [3, 5, 1, 6, 112],
  [4, 5, 2, 6, 192],
  [1, 3, 1, 6, 320],
];
const LEAVE_AFTER = [3, 5, 9, 16];

// Maps with their channels.
function efficientnet(graph, channels) {
  const features = [];
  let [inputs, nth] = [32, 0];
  let x = graph.silu(graph.conv("x", "encoder._conv_stem", [channels, inputs], { kernel: 3, stride: 2, least: true }));
  for (const [count, kernel, firstStride, expansion, outputs] of STAGES) {
    for (let i = 0; i < count; i += 1, nth += 1) {
      const name = `encoder._blocks.${nth}`;
      const [stride, wide, narrow] = [i === 0 ? firstStride : 1, inputs * expansion, inputs / 4];
      let y = expansion === 1 ? x : graph.silu(graph.conv(x, `${name}._expand_conv`, [inputs, wide]));
      const depthwise = { kernel, stride, groups: wide, least: true };
      y = graph.silu(graph.conv(y, `${name}._depthwise_conv`, [wide, wide], depthwise));
      const hidden = graph.silu(graph.conv(graph.averaged(y), `${name}._se_reduce`, [wide, narrow]));
      y = graph.add("Mul", [y, graph.add("Sigmoid", [graph.conv(hidden, `${name}._se_expand`, [narrow, wide])])]);
      y = graph.conv(y, `${name}._project_conv`, [wide, outputs]);
      x = stride === 1 && inputs === outputs ? graph.add("Add", [y, x]) : y;
      inputs = outputs;
      if (LEAVE_AFTER.includes(nth + 1)) features.push([x, outputs]);
    }
  }
  return features;
}

function fpn(graph, { in_channels, classes, pyramid_channels, segmentation_channels }) {
  const laterals = ["p5", "p4.skip_conv", "p3.skip_conv", "p2.skip_conv"];
  const links = [3, 2, 1, 1];
  let [level, sum] = [null, null];
  for (const [i, [feature, channels]] of efficientnet(graph, in_channels).reverse().entries()) {
    const skip = graph.conv(feature, `decoder.${laterals[i]}`, [channels, pyramid_channels]);
    level = level === null ? skip : graph.add("Add", [graph.doubled(level), skip]);
    let [s, inputs] = [level, pyramid_channels];
    for (let link = 0; link < links[i]; link += 1) {
      const name = `decoder.seg_blocks.${i}.block.${link}.block`;
      s = graph.conv(s, `${name}.0`, [inputs, segmentation_channels], { kernel: 3, bias: false });
      s = graph.groupNormed(s, `${name}.1`);
      inputs = segmentation_channels;
      if (i < 3) s = graph.aligned(s, 2);
    }
    sum = sum === null ? s : graph.add("Add", [sum, s]);
  }
  return graph.aligned(graph.conv(sum, "segmentation_head.0", [segmentation_channels, classes]), 4);
}

// ── ResNets ──────────────────────────────────────────────────────────────────────────────────────

const STEM = { kernel: 7, stride: 2 };
const WIDTHS = [64, 64, 128, 256, 512];

function block(graph, input, name, [inputs, outputs, stride]) {
  const x = graph.relu(graph.conv(input, `${name}.conv1`, [inputs, outputs], { kernel: 3, stride }));
  const y = graph.conv(x, `${name}.conv2`, [outputs, outputs], { kernel: 3 });
  const same = stride === 1 && inputs === outputs;
  const shortcut = same ? input : graph.conv(input, `${name}.downsample.0`, [inputs, outputs], { stride });
  return graph.relu(graph.add("Add", [y, shortcut]));
}

// The stem's map and each stage's, with their channels.
function resnet(graph, channels, blocks, pool) {
  const stem = graph.relu(graph.conv("x", "encoder.conv1", [channels, WIDTHS[0]], STEM));
  const features = [[stem, WIDTHS[0]]];
  let [x, inputs] = [pool ? graph.pooled(stem) : stem, WIDTHS[0]];
  for (const [stage, count] of blocks.entries()) {
    const outputs = WIDTHS[stage + 1];
    for (let nth = 0; nth < count; nth += 1) {
      x = block(graph, x, `encoder.layer${stage + 1}.${nth}`, [inputs, outputs, nth === 0 && stage > 0 ? 2 : 1]);
      inputs = outputs;
    }
    features.push([x, outputs]);
  }
  return features;
}

function resnet18(graph, { in_channels, classes }) {
  const [coarsest, channels] = resnet(graph, in_channels, [2, 2, 2, 2], false).at(-1);
  return graph.areas(graph.conv(coarsest, "head", [channels, classes]), 16);
}

// ── DPN-92 ───────────────────────────────────────────────────────────────────────────────────────

// Blocks, channels of the added path, channels that each block appends.
const PATHS = [[3, 256, 16], [4, 512, 32], [20, 1024, 24], [3, 2048, 128]];

function dpn92(graph, channels) {
  const stem = graph.relu(graph.conv("x", "encoder.features.conv1_1.conv", [channels, 64], STEM));
  const features = [[stem, 64]];
  const projected = (x, name, [inputs, outputs], options) =>
    graph.conv(graph.normed(x, `${name}.bn`, inputs), `${name}.conv`, [inputs, outputs], options);
  let [paths, inputs] = [graph.pooled(stem), 64];
  for (const [stage, [count, added, appended]] of PATHS.entries()) {
    const inner = (added * 3) / 8;
    let [sum, rest] = [null, null];
    for (let nth = 0; nth < count; nth += 1) {
      const name = `encoder.features.conv${stage + 2}_${nth + 1}`;
      const stride = nth === 0 && stage > 0 ? 2 : 1;
      if (nth === 0) {
        const options = { stride, bias: false };
        const begun = projected(paths, `${name}.c1x1_w_s${stride}`, [inputs, added + 2 * appended], options);
        [sum, rest] = graph.split(begun, [added, 2 * appended]);
      }
      let x = graph.relu(projected(paths, `${name}.c1x1_a`, [inputs, inner]));
      x = graph.relu(graph.conv(x, `${name}.c3x3_b.conv`, [inner, inner], { kernel: 3, stride, groups: 32 }));
      x = graph.conv(x, `${name}.c1x1_c.conv`, [inner, added + appended], { bias: false });
      const [more, behind] = graph.split(x, [added, appended]);
      [sum, rest] = [graph.add("Add", [sum, more]), graph.joined(rest, behind)];
      [paths, inputs] = [graph.joined(sum, rest), added + (nth + 3) * appended];
    }
    const last = stage === PATHS.length - 1;
    features.push([last ? graph.normed(paths, "encoder.features.conv5_bn_ac.bn", inputs) : graph.relu(paths), inputs]);
  }
  return features;
}

// ── U-Nets ───────────────────────────────────────────────────────────────────────────────────────

function unet(graph, features, widths, classes) {
  const three = (x, name, dims) => graph.conv(x, name, dims, { kernel: 3 });
  let [x, inputs] = features.pop();
  for (const [step, outputs] of widths.entries()) {
    const [beside, more] = features.pop() ?? [null, 0];
    const large = graph.doubled(x);
    x = beside === null ? large : graph.joined(large, beside);
    const name = `decoder.blocks.${step}`;
    x = graph.relu(three(x, `${name}.conv1.0`, [inputs + more, outputs]));
    x = graph.relu(three(x, `${name}.conv2.0`, [outputs, outputs]));
    inputs = outputs;
  }
  return three(x, "segmentation_head.0", [inputs, classes]);
}

const unetResnet21 = (graph, { in_channels, classes }) =>
  unet(graph, resnet(graph, in_channels, [2, 3, 3, 2], true), [256, 128, 64, 32, 16], classes);
const unetDpn92 = (graph, { in_channels, classes }) =>
  unet(graph, dpn92(graph, in_channels), [128, 64, 32, 32, 16], classes);

// By the manifest's `kind`.
const BUILDERS = { "fpn-efficientnet-b0": fpn, "unet-resnet21": unetResnet21, resnet18, "unet-dpn92": unetDpn92 };
export const KINDS = Object.keys(BUILDERS);

// The model of a manifest's entry with weights from a source (weights.mjs), its output's name and
// what it takes (`work`).
export function onnx({ architecture, input: { size } }, take) {
  const graph = new Graph(take, architecture.in_channels, size);
  const output = BUILDERS[architecture.kind](graph, architecture);
  const shape = (channels) => [1, channels, size, size];
  const shapes = { input: shape(architecture.in_channels), output: shape(architecture.classes) };
  return { model: graph.model(output, shapes), output, work: graph.work };
}
