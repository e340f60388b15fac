/** How finely the layers are drawn, and when to draw them coarser. Pure. */

export interface DrawQuality {
  readonly columns: number;
  /** Depth edges at the depth tile's own size, however coarse the grid. */
  readonly fine: boolean;
}

/** From best to coarsest; fine edges stay, since without them wires and poles vanish from a coarse grid. */
export const LADDER: readonly DrawQuality[] = [
  { columns: 320, fine: true },
  { columns: 160, fine: true },
  { columns: 80, fine: true },
];

/** `?grid=80&fine=0` fixes the quality; without it the first step is taken, and `fixed` is false. */
export function chosenQuality(parameters: URLSearchParams): { quality: DrawQuality; fixed: boolean } {
  const columns = Number(parameters.get('grid'));
  const fixed = Number.isInteger(columns) && columns >= 16 && columns <= 640;
  const base = fixed ? { columns, fine: columns >= 160 } : { columns: 320, fine: true };
  const fine = parameters.get('fine');
  return { quality: { ...base, fine: fine === null ? base.fine : fine === '1' }, fixed };
}

/** Steps down when drawing stays under `leastFps` for `patienceS`; never up again, so that it cannot swing. */
export class QualityGovernor {
  private slowS = 0;

  constructor(
    private step = 0,
    private readonly leastFps = 14,
    private readonly patienceS = 4,
  ) {}

  /** The coarser quality to change to, or null to stay. */
  observe(fps: number, seconds: number): DrawQuality | null {
    this.slowS = fps < this.leastFps ? this.slowS + seconds : 0;
    if (this.slowS < this.patienceS || this.step >= LADDER.length - 1) return null;
    this.slowS = 0;
    this.step++;
    return LADDER[this.step] ?? null;
  }
}
