// Runs the digit classifier, a WebAssembly module, on the picture of run_digits.c and prints the ten probabilities.
import { readFileSync } from "node:fs";

const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(process.argv[2])), {});
const weightsField = 52; // of tenon_model, where pointers take 4 bytes
const workspaceBytes = 1 << 20;

// Behind what the module uses itself: image, probabilities, the two tables of pointers, the call, the workspace.
const base = (exports.__heap_base.value + 63) & ~63;
const [image, probabilities, inputs, outputs, call] = [0, 256, 320, 324, 328].map((offset) => base + offset);
const workspace = base + 1024;
exports.memory.grow(Math.ceil((workspace + workspaceBytes) / 65536));
const view = new DataView(exports.memory.buffer);
for (let i = 0; i < 64; ++i) view.setFloat32(image + 4 * i, ((i * 7) % 17) / 16, true);
view.setUint32(inputs, image, true);
view.setUint32(outputs, probabilities, true);
const weights = view.getUint32(exports.digits_model.value + weightsField, true);
[inputs, outputs, 0, weights, workspace, 0].forEach((field, i) => view.setUint32(call + 4 * i, field, true));
const status = exports.digits_run(call);
if (status !== 0) throw new Error(`expected status 0, but got ${status}`);
for (let i = 0; i < 10; ++i) console.log(view.getFloat32(probabilities + 4 * i, true).toFixed(6));
