// The peer as its own documentation has it: files are registered, then images are loaded by id, decoded in its workers.
import { imageLoader, init as initCore } from "@cornerstonejs/core";
import { init, wadouri } from "@cornerstonejs/dicom-image-loader";

export async function start(workers) {
  await initCore();
  init({ maxWebWorkers: workers });
}

export async function load(file) {
  // Its values as stored: rescaling is no part of what is compared.
  const image = await imageLoader.loadImage(wadouri.fileManager.add(file), { preScale: { enabled: false } });
  return image.getPixelData();
}
