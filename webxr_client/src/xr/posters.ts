/** The posters that are on the board: loaded once, let go when their cards have left. */

export interface PosterShelf {
  /** Have these and no others. */
  keep(paths: readonly string[]): void;
  /** Null until it has come, and where there is none. */
  readonly get: (path: string) => HTMLImageElement | null;
  /** Another value whenever one has come. */
  loaded(): number;
}

export function posterShelf(): PosterShelf {
  const shelf = new Map<string, HTMLImageElement>();
  let loaded = 0;
  return {
    keep(paths) {
      for (const path of shelf.keys()) if (!paths.includes(path)) shelf.delete(path);
      for (const path of paths) {
        if (shelf.has(path)) continue;
        const image = new Image();
        image.addEventListener('load', () => loaded++);
        image.src = path;
        shelf.set(path, image);
      }
    },
    get: (path) => {
      const image = shelf.get(path);
      return image?.complete && image.naturalWidth > 0 ? image : null;
    },
    loaded: () => loaded,
  };
}
