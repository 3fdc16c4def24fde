import { useState } from 'react';

function App() {
  const [count, setCount] = useState(0);
  return (
    <main>
      <h1>Hello</h1>
      <button onClick={() => setCount(count + 1)}>Count is {count}</button>
    </main>
  );
}

export default App;
