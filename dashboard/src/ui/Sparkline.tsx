/** A price's recent way on one small canvas, drawn only when it changed. */
import { useEffect, useRef } from "preact/hooks";
import { shownTheme } from "../shell/theme";
import { cssColor } from "./colors";

/** Draws coordinates; what they mean in words belongs beside it. */
export function Sparkline({ points, width = 72, height = 22 }: SparklineProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = shownTheme.value;
  useEffect(() => {
    if (canvas.current !== null) draw(canvas.current, points, width, height);
  }, [points, width, height, theme]);
  // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a canvas without tabindex is not focusable
  return <canvas ref={canvas} class="sparkline" width={width} height={height} aria-hidden="true" />;
}

interface SparklineProps {
  points: readonly number[];
  width?: number;
  height?: number;
}

function draw(canvas: HTMLCanvasElement, points: readonly number[], width: number, height: number) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext("2d");
  const [first, last] = [points[0], points.at(-1)];
  if (pen === null || first === undefined || last === undefined || points.length < 2) return;
  pen.scale(ratio, ratio);
  const least = Math.min(...points);
  const range = Math.max(...points) - least || 1;
  pen.beginPath();
  for (const [index, point] of points.entries()) {
    const x = 1 + (index / (points.length - 1)) * (width - 2);
    const y = height - 2 - ((point - least) / range) * (height - 4);
    if (index === 0) pen.moveTo(x, y);
    else pen.lineTo(x, y);
  }
  pen.lineWidth = 1.25;
  pen.lineJoin = "round";
  pen.strokeStyle = cssColor(last >= first ? "up" : "down");
  pen.stroke();
}
