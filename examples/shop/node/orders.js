// Orders knows what people ordered, and asks billing what they owe. It takes tokens that are for it and have the scope
// orders-api, of users with its role read.
import { ask, forbidden, serve } from './shop.js';

const billing = process.env.BILLING_URL ?? 'http://localhost:8083';

serve({ name: 'orders', port: 8082, path: '/orders', scope: 'orders-api' }, async ({ token, claims }) => {
  if (!claims.resource_access?.orders?.roles.includes('read')) {
    throw forbidden('orders are for users with the role read');
  }
  const answer = await ask(billing + '/due', { from: 'orders', token, audience: 'billing', scope: 'dues' });
  return { orders: [{ item: 'teapot', price: 4200 }], ...answer };
});
