// Arrays of NumPy, as far as the API sends them: float32, little endian, two dimensions, rows first (NEP 1).

export interface Grid {
  columns: number;
  bins: number;
  values: Float32Array; // column by column
}

export function readGrid(file: ArrayBuffer): Grid {
  const length = 10 + new DataView(file).getUint16(8, true);
  const header = new TextDecoder().decode(new Uint8Array(file, 0, length));
  const shape = /'shape': \((\d+), (\d+)\)/.exec(header);
  if (header.slice(1, 6) !== "NUMPY" || !header.includes("'<f4'") || !shape) throw new Error("this is no array of NumPy that the page can read");
  return { columns: Number(shape[1]), bins: Number(shape[2]), values: new Float32Array(file, length, Number(shape[1]) * Number(shape[2])) };
}
