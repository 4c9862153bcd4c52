// A chart as a picture file, with its title and its legend, which uPlot draws beside the canvas.

import type uPlot from "uplot";
import { colour } from "./chart";

const line = 22; // pixels of a line of words

export function savePicture(plot: uPlot, title: string, legend: { name: string; colour: string }[]): void {
  const from = plot.ctx.canvas;
  const scale = window.devicePixelRatio;
  const canvas = document.createElement("canvas");
  canvas.width = from.width;
  canvas.height = from.height + 2 * line * scale;
  const c = canvas.getContext("2d")!;
  c.fillStyle = colour("--panel");
  c.fillRect(0, 0, canvas.width, canvas.height);
  c.drawImage(from, 0, line * scale);
  c.scale(scale, scale);
  c.fillStyle = colour("--text");
  c.font = "600 14px system-ui, sans-serif";
  c.fillText(title, 8, 16);
  c.font = "13px system-ui, sans-serif";
  let x = 8;
  for (const l of legend) {
    c.fillStyle = l.colour;
    c.fillText(`\u25cf ${l.name}`, x, canvas.height / scale - 7);
    x += c.measureText(`\u25cf ${l.name}`).width + 16;
  }
  canvas.toBlob((blob) => {
    if (!blob) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${title}.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000); // the browser reads it meanwhile
  });
}
