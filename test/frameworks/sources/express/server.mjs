import express from 'express';

const app = express();
app.use(express.static(import.meta.dirname, { index: 'index.html' }));
const server = app.listen(process.env.PORT || 3000, () => console.log(`Listening on port ${server.address().port}`));
