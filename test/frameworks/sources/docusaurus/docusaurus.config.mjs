export default { title: 'Hello', url: 'https://example.com', baseUrl: '/', presets: [['classic', { docs: false, blog: false }]] };
