// Billing knows what people owe. It takes tokens that are for it and have the scope dues, and calls nobody.
import { serve } from './shop.js';

serve({ name: 'billing', port: 8083, path: '/due', scope: 'dues' }, () => ({ due: 4200 }));
