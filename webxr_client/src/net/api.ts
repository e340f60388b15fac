/** What is asked of the server over plain HTTP: JSON there and back, its refusals (RFC 9457) as errors with their code. */
import type { ShownError } from '../core/room';

export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly shown: ShownError,
  ) {
    super(`${shown.title}: ${shown.detail}`);
    this.name = 'ApiProblem';
  }
}

export class Api {
  constructor(private readonly page: URL) {}

  /** The answer's JSON. Throw ApiProblem where the server refuses or cannot be reached. */
  async ask(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<unknown> {
    const url = new URL(path, new URL('/', this.page));
    const token = this.page.searchParams.get('token');
    if (token) url.searchParams.set('token', token);
    let response: Response;
    try {
      response = await fetch(url, { method, ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }) });
    } catch (error) {
      throw new ApiProblem(0, { code: 'unavailable', title: 'The server cannot be reached', detail: error instanceof Error ? error.message : String(error) });
    }
    const said: unknown = await response.json().catch(() => null);
    if (response.ok) return said;
    throw new ApiProblem(response.status, problemOf(response.status, said));
  }
}

/** The words of a refusal; those of its status where the body has none. */
export function problemOf(status: number, said: unknown): ShownError {
  const words = (typeof said === 'object' && said !== null ? said : {}) as Partial<Record<'code' | 'title' | 'detail', unknown>>;
  const word = (value: unknown, otherwise: string): string => (typeof value === 'string' && value !== '' ? value : otherwise);
  return { code: word(words.code, `http-${status}`), title: word(words.title, `Status ${status}`), detail: word(words.detail, '') };
}
