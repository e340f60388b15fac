/** Pictures that come in their own time: each is shown once it is there, unless a later one was quicker. Pure. */

/** `load` fails where there is none: what is shown then stays. The result takes the next path; null: nothing is to be seen. */
export function newest<T>(load: (path: string) => Promise<T>, show: (picture: T | null) => void): (path: string | null) => Promise<void> {
  let wanted: string | null = null;
  let asked = 0;
  let shown = 0;
  return async (path) => {
    if (path === wanted) return;
    wanted = path;
    const number = ++asked;
    const picture = path === null ? null : await load(path).catch(() => undefined);
    if (picture === undefined || number < shown) return;
    shown = number;
    show(picture);
  };
}
