// Runs a compiled WebAssembly model once: reads its inputs from standard input, writes its outputs to standard output,
// each as raw bytes one after the other. Usage: run_model.mjs FILE.wasm NAME
import { readFileSync, writeSync } from "node:fs";

const [file, name] = process.argv.slice(2);
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), {});
const model = exports[`${name}_model`].value;

let view = new DataView(exports.memory.buffer);
const read = (address) => view.getUint32(address, true);

// The structs of tenon-rt/model.h where pointers take 4 bytes.
const inputCount = read(model + 24), outputCount = read(model + 28);
const inputTable = read(model + 40), outputTable = read(model + 44), weights = read(model + 52);
const workspaceBytes = Number(exports.__indirect_function_table.get(read(model + 72))(0));
const [tensorSize, dimSize, float32] = [16, 24, 1];

function bytesOf(tensor) {
  if (read(tensor + 4) !== float32) throw new Error(`expected float32, but got element type ${read(tensor + 4)}`);
  const rank = read(tensor + 8), dims = read(tensor + 12);
  let elements = 1;
  for (let i = 0; i < rank; ++i) elements *= Number(view.getBigInt64(dims + dimSize * i, true));
  return 4 * elements;
}

// Memory behind what the module uses itself.
let free = exports.__heap_base.value;
function allocate(bytes) {
  const address = (free + 63) & ~63;
  free = address + bytes;
  const missing = free - exports.memory.buffer.byteLength;
  if (missing > 0) exports.memory.grow(Math.ceil(missing / 65536));
  view = new DataView(exports.memory.buffer);
  return address;
}
function allocateTensors(table, count) {
  return Array.from({ length: count }, (_, i) => {
    const bytes = bytesOf(table + tensorSize * i);
    return { address: allocate(bytes), bytes };
  });
}
function storePointers(pointers) {
  const address = allocate(4 * pointers.length);
  pointers.forEach((pointer, i) => view.setUint32(address + 4 * i, pointer, true));
  return address;
}

const inputs = allocateTensors(inputTable, inputCount), outputs = allocateTensors(outputTable, outputCount);
const addresses = (tensors) => storePointers(tensors.map((tensor) => tensor.address));
const workspace = allocate(workspaceBytes);
const call = storePointers([addresses(inputs), addresses(outputs), 0, weights, workspace, 0]);

let given = readFileSync(0);
for (const { address, bytes } of inputs) {
  new Uint8Array(exports.memory.buffer).set(given.subarray(0, bytes), address);
  given = given.subarray(bytes);
}
const status = exports[`${name}_run`](call);
if (status !== 0) throw new Error(`expected status 0, but got ${status}`);
for (const { address, bytes } of outputs) writeSync(1, new Uint8Array(exports.memory.buffer, address, bytes));
