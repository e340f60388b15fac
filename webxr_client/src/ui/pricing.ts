/** What is being put together, estimated by the server: asked for anew as it changes, one answer kept until the next. */
import type { Engine, Estimate } from '../core/engines';
import type { Ask } from '../core/variants';
import type { Actions } from './model';

export class Pricing {
  /** A line: why it cannot be made; null: nothing to say, or not known yet. */
  said: Estimate | string | null = null;
  /** What is said is of what was asked before. */
  stale = false;
  private turn = 0;

  constructor(
    private readonly estimate: Actions['estimate'],
    private readonly onAnswer: () => void,
  ) {}

  /** Another engine's answer, or another shot's (`clear`), does not stay while the new one is on its way. */
  async price(shotId: string | null, engine: Engine | undefined, ask: Ask): Promise<void> {
    const turn = ++this.turn;
    if (typeof this.said === 'string' || this.said?.engine !== engine?.name) this.said = null;
    this.stale = this.said !== null;
    if (shotId === null || !engine || (engine.embedded && ask.variants === 1)) return this.clear();
    const found = await this.estimate(shotId, ask);
    if (turn !== this.turn) return;
    [this.said, this.stale] = [found, false];
    this.onAnswer();
  }

  clear(): void {
    this.turn++;
    [this.said, this.stale] = [null, false];
  }
}
