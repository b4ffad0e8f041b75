export default {
  service: {
    input: '../../functions/web/openapi.json',
    output: { target: './generated/zod.ts', client: 'zod', mode: 'single' },
  },
};
