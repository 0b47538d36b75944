// One decoding worker: a file's bytes in, its values out.
import init, { read } from "./corsai_reader.js";

const module = await init();
onmessage = ({ data }) => {
  const values = read(new Uint8Array(data));
  postMessage({ values, memory: module.memory.buffer.byteLength }, [values.buffer]);
};
postMessage("ready");
