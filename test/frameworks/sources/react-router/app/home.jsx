import { useState } from 'react';
import { Form, useActionData } from 'react-router';

export function action() {
  return 'Sent';
}

export default function Home() {
  const [count, setCount] = useState(0);
  return (
    <main>
      <h1>Hello</h1>
      <button onClick={() => setCount(count + 1)}>Count is {count}</button>
      <Form method="post">
        <input type="submit" value="Send" />
        <output>{useActionData()}</output>
      </Form>
    </main>
  );
}
