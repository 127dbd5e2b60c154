// Gateway is what the storefront calls. It takes tokens that are for it, and exchanges each for one that orders accepts: the
// storefront's own token leads no further than here.
import { ask, serve } from './shop.js';

const orders = process.env.ORDERS_URL ?? 'http://localhost:8082';
const page = process.env.PAGE_ORIGIN ?? 'http://localhost:3000';
const headers = { 'Access-Control-Allow-Origin': page, 'Access-Control-Allow-Headers': 'Authorization', Vary: 'Origin' };

serve({ name: 'gateway', port: 8081, path: '/orders', headers }, ({ token }) =>
  ask(orders + '/orders', { from: 'gateway', token, audience: 'orders' }));
