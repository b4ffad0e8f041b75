/** Many bars, as a Vue developer writes them: a new function at every rendering. */
import { createApp, ref } from 'vue/dist/vue.esm-bundler.js';
import 'cdn-task-status';

const template = `<main>
  <h1>Rendered {{ renderings }} times</h1>
  <p id="ended">{{ ended.join(' ') }}</p>
  <task-status v-for="id in order" :key="id" :task-id="id" endpoint="/" :token="() => renderings >= 0 && 'shared'" @done="ended.push($event.detail.tasks[0].id)"></task-status>
</main>`;

const app = createApp({
  template,
  setup() {
    const [order, renderings, ended] = [ref(globalThis.ids), ref(0), ref([])];
    const reverse = () => (order.value = order.value.toReversed());
    const render = () => void (renderings.value += 1);
    Object.assign(globalThis, { reverse, render });
    return { order, renderings, ended };
  },
});
app.config.compilerOptions.isCustomElement = (tag) => tag === 'task-status';
app.mount('#app');
