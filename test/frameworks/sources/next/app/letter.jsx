'use client';

import { useActionState } from 'react';
import { send } from './send';

export default function Letter() {
  const [answer, action] = useActionState(send, '');
  return (
    <form action={action}>
      <input type="submit" value="Send" />
      <output>{answer}</output>
    </form>
  );
}
