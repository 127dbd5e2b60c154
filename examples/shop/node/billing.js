// Billing knows what people owe. It takes tokens that are for it, and calls nobody.
import { serve } from './shop.js';

serve({ name: 'billing', port: 8083, path: '/due' }, () => ({ due: 4200 }));
