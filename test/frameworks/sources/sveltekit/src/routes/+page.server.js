export const actions = { default: () => ({ answer: 'Sent' }) };
