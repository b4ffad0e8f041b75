/** Many bars, as a React developer writes them: a new function at every rendering. */
import { createElement, useState } from 'react';
import { createRoot } from 'react-dom/client';
import 'cdn-task-status';

function Bars({ ids }) {
  const [order, setOrder] = useState(ids);
  const [renderings, setRenderings] = useState(0);
  const [ended, setEnded] = useState([]);
  Object.assign(globalThis, { reverse: () => setOrder((now) => now.toReversed()), render: () => setRenderings((count) => count + 1) });
  return (
    <main>
      <h1>Rendered {renderings} times</h1>
      <p id="ended">{ended.join(' ')}</p>
      {order.map((id) => (
        <task-status key={id} task-id={id} endpoint="/" token={() => 'shared'} ondone={({ detail }) => setEnded((before) => [...before, detail.tasks[0].id])} />
      ))}
    </main>
  );
}

createRoot(document.querySelector('#app')).render(createElement(Bars, { ids: globalThis.ids }));
