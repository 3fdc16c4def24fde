// Whose site this is: the first part of a public name, as in student1.example.com.
const [name, ...rest] = location.hostname.split('.');
if (rest.length > 0 && /[a-z]/.test(name)) document.querySelector('#who').textContent = `${name}'s`;

const button = document.querySelector('#counter');
let clicks = 0;
button.addEventListener('click', () => {
  clicks += 1;
  button.textContent = `Clicked ${clicks} ${clicks === 1 ? 'time' : 'times'}`;
});

// The development server says when a file has changed, and is heard again when it comes back after a restart.
const changes = new EventSource('/changes');
let lost = false;
changes.addEventListener('message', () => location.reload());
changes.addEventListener('error', () => (lost = true));
changes.addEventListener('open', () => lost && location.reload());
