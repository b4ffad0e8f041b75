/** `<task-status>` in templates, for Vue 3.5 or newer: `import 'cdn-task-status/vue'`. */
import type { DefineComponent } from 'vue';

import type { TaskStatusEventMap, TaskStatusProperties } from './task-status.js';

export * from './task-status.js';

interface Listeners {
  onChange?: (event: TaskStatusEventMap['change']) => void;
  onDone?: (event: TaskStatusEventMap['done']) => void;
  onError?: (event: TaskStatusEventMap['error']) => void;
  onMore?: (event: TaskStatusEventMap['more']) => void;
}

declare module 'vue' {
  interface GlobalComponents {
    TaskStatus: DefineComponent<TaskStatusProperties & Listeners>;
  }
}
