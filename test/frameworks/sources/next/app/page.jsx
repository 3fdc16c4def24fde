import Counter from './counter';
import Letter from './letter';

export default function Home() {
  return (
    <main>
      <h1>Hello</h1>
      <Counter />
      <Letter />
    </main>
  );
}
