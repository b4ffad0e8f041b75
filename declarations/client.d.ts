/**
 * A token, or what hands one out: it is asked before each request and when a connection is opened, and after a 401 once
 * more, with the token that was refused. It should keep what it has; it is given `timing.answer` seconds.
 */
export type TokenSource = string | ((refused?: string) => string | undefined | Promise<string | undefined>);

/**
 * `24840` (any product) or `cdn:24840`. A string may hold several as people paste them: between commas or semicolons of
 * either width, on lines, in a JSON array.
 */
export type TaskIds = string | Iterable<string | number>;

/** Seconds of patience, for odd proxies and for tests. */
export interface Timing {
  /** Until the first stream must have shown a sign of life; else the client asks in another way. */
  start: number;
  /** Without a sign of life until a stream is taken for dead, and opened anew once; then as above. */
  stall: number;
  /** For which the service is asked to hold a request. */
  hold: number;
  /** That any other answer may take, a token's included. */
  answer: number;
  /** Between two polls where the service names no `Retry-After`, at first and at most. */
  poll: number;
  pollMost: number;
  /** Until the first attempt after a failure, and at most. */
  retry: number;
  retryMost: number;
}

export interface ClientOptions {
  token?: TokenSource;
  timing?: Partial<Timing>;
}

export interface Stoppable {
  signal?: AbortSignal;
}

export interface LookupOptions extends LookupParameters, Stoppable {}

/** A report put together from whatever answers came last; it has no `version`. */
export type WatchReport = Omit<TaskReport, 'version'>;

export interface WatchOptions extends Stoppable {
  /** How many objects to show per task, failed ones first. */
  objects?: number;
  /** Told when the connection is in trouble (the client goes on trying), and with null when it is well again. */
  onTrouble?: (trouble: TaskStatusError | null) => void;
}

export interface WaitOptions extends WatchOptions {
  /** What ends it: everything is over, or the first object failed, timed out or was canceled. */
  until?: 'done' | 'failed';
  onReport?: (report: WatchReport) => void;
}

/** What `submit` is given besides the contract's `Submission`: one URL need not stand in an array. */
export interface SubmissionInput extends Omit<Submission, 'objectPaths'> {
  objectPaths: string | readonly string[];
}

export interface SubmitOptions extends Stoppable {
  /** The same request under the same key has one effect, for ten minutes. */
  idempotencyKey?: string;
}

/** A status endpoint, asked with one token. Watches with the same endpoint and token (by value) share one connection. */
export declare class TaskStatusClient {
  constructor(url: string | URL, options?: ClientOptions);
  /** Whether both ask the same service in the same way: of two functions for a token that is assumed. */
  equals(other: unknown): boolean;
  /** One answer about these ids. */
  lookup(ids: TaskIds, options?: LookupOptions): Promise<TaskReport>;
  /** One page, newest first; without `nextPageToken` it is the last. */
  list(filters?: ListFilters, options?: Stoppable): Promise<TaskList>;
  /** All pages, each asked for when it is wanted. */
  pages(filters?: ListFilters, options?: Stoppable): AsyncGenerator<TaskList, void, void>;
  /** Refreshes or prefetches URLs, where the service and the token allow it. Rejects when no task was made. */
  submit(submission: SubmissionInput, options?: SubmitOptions): Promise<SubmitReport>;
  /** Whether the edge serves what the origin has, for a URL of one of the capabilities' `checks`. */
  check(url: string | URL, options?: Stoppable): Promise<CheckReport>;
  /** What the service and the token allow. */
  capabilities(options?: Stoppable): Promise<Capabilities>;
  /** What is left of each product's daily quotas. */
  quota(options?: Stoppable): Promise<QuotaReport>;
  /** A report whenever something changes, until all is over. Nothing is asked before the first one is wanted. */
  watch(ids: TaskIds, options?: WatchOptions): AsyncGenerator<WatchReport, void, void>;
  /** The last report. */
  wait(ids: TaskIds, options?: WaitOptions): Promise<WatchReport>;
}

/**
 * What is not an answer. `status` is 0 when nothing came back: `unreachable`, `no-answer`, `malformed`,
 * `token-unavailable`; or when nothing could be asked: `missing-endpoint`, `invalid-endpoint`.
 */
export declare class TaskStatusError extends Error {
  constructor(problem: Partial<ProblemDocument> & { reason: string; retryAfter?: number; cause?: unknown });
  readonly reason: string;
  readonly status: number;
  readonly errors: ParameterFault[];
  readonly problems: Problem[];
  /** Of a submission: why, for each URL. */
  readonly rejected: Rejection[];
  /** Seconds. */
  readonly retryAfter?: number;
  /** Whether asking again later may help. */
  readonly passing: boolean;
}

/** A report over these parts, with its summary. */
export declare function reportOf(
  parts: Partial<Pick<TaskReport, 'tasks' | 'notFound' | 'undecided' | 'problems'>>,
  asked?: number,
  over?: boolean,
): WatchReport;

/** What can be set on an element. */
export interface TaskStatusProperties {
  taskId?: string | readonly string[];
  endpoint?: string;
  objects?: number;
  token?: TokenSource;
  client?: TaskStatusClient;
  report?: WatchReport;
  task?: Task;
}

export interface TaskStatusEventMap {
  change: CustomEvent<WatchReport>;
  done: CustomEvent<WatchReport>;
  error: CustomEvent<TaskStatusError>;
  /** So many objects are wanted now. */
  more: CustomEvent<number>;
}

/**
 * `<task-status task-id="cdn:24840" endpoint="https://status.example.com/">`: a bar, the state in words, what failed and
 * why. Parts: `title state bar fill figure facts note failures object path match verdict word vendor details summary objects
 * more`; custom properties: `--task-status-accent -good -bad -warn -muted -track -radius`.
 */
export declare class TaskStatusElement extends HTMLElement {
  get taskId(): string;
  set taskId(ids: string | readonly string[]);
  endpoint: string;
  /** How many objects to show. */
  objects: number;
  /**
   * A function in place of another restarts nothing: the new one is asked when a token is needed, and once frameworks
   * have come to rest; only another token begins anew.
   */
  token: TokenSource | undefined;
  /** Instead of `endpoint` and `token`. An equal client in place of another restarts nothing. */
  client: TaskStatusClient | undefined;
  /** What is shown. Set it, or `task`, to show what was asked for elsewhere. */
  get report(): WatchReport | undefined;
  set report(report: WatchReport | undefined);
  set task(task: Task | undefined);
  /**
   * The folded status, but `complete` only when all succeeded: else `settling`, `appearing`, `undecided`, `missing` (some
   * are) or `not-found` (all are). Before there is a report: `idle` (no id), `asking`, `fault`.
   */
  readonly state: string;
  readonly done: boolean;
  addEventListener<K extends keyof TaskStatusEventMap>(
    type: K,
    listener: (this: TaskStatusElement, event: TaskStatusEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
}

declare global {
  interface HTMLElementTagNameMap {
    'task-status': TaskStatusElement;
  }
}
