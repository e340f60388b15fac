/** A minimal observable value: the one way in which rooms of the client tell each other something. */
export type Unsubscribe = () => void;

export class Store<T> {
  private readonly listeners = new Set<(value: T, before: T) => void>();

  constructor(private current: T) {}

  get value(): T {
    return this.current;
  }

  set(next: T): void {
    if (Object.is(next, this.current)) return;
    const before = this.current;
    this.current = next;
    for (const listener of this.listeners) listener(next, before);
  }

  update(change: (value: T) => T): void {
    this.set(change(this.current));
  }

  /** Called at every change; returns its cleanup. */
  on(listener: (value: T, before: T) => void): Unsubscribe {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Called now and whenever what `select` picks is another value than before. */
  watch<S>(select: (value: T) => S, listener: (selected: S) => void): Unsubscribe {
    let last = select(this.current);
    listener(last);
    return this.on((value) => {
      const next = select(value);
      if (Object.is(next, last)) return;
      last = next;
      listener(next);
    });
  }
}
