/* global document */
export function show() {
  const heading = document.createElement('h1');
  heading.textContent = 'Hello';
  const button = document.createElement('button');
  let count = 0;
  const draw = () => { button.textContent = `Count is ${count}`; };
  button.addEventListener('click', () => {
    count += 1;
    draw();
  });
  draw();
  document.body.replaceChildren(heading, button);
}
