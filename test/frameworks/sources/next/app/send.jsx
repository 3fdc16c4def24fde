'use server';

export async function send() {
  return 'Sent';
}
