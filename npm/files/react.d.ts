/** `<task-status>` in JSX, for React 19 or newer: `import 'cdn-task-status/react'`. */
import type { DetailedHTMLProps, HTMLAttributes } from 'react';

import type { TaskStatusElement, TaskStatusEventMap, TaskStatusProperties } from './task-status.js';

export * from './task-status.js';

/** The events' names are written as they are: React takes the letters after `on` for the name. */
interface Listeners {
  onchange?: (event: TaskStatusEventMap['change']) => void;
  ondone?: (event: TaskStatusEventMap['done']) => void;
  onerror?: (event: TaskStatusEventMap['error']) => void;
  onmore?: (event: TaskStatusEventMap['more']) => void;
}

type TaskStatusAttributes = TaskStatusProperties & Listeners & { 'task-id'?: string; class?: string };

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'task-status': TaskStatusAttributes & DetailedHTMLProps<HTMLAttributes<TaskStatusElement>, TaskStatusElement>;
    }
  }
}
