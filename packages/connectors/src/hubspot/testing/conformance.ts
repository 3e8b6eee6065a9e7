import { defineConformance } from '@holdpoint/conformance/spec';
import { startCrmStandIn, WORLD } from './crm-stand-in.ts';

const token = 'pat-eu1-token-of-the-stand-in';
const { contact: id, email, deal } = WORLD;
const newcomer = { email: 'grace@customer.example', first_name: 'Grace', properties: { jobtitle: 'Admiral' } };
const nobody = '999';

export const conformance = defineConformance({
  async start() {
    const standIn = await startCrmStandIn(token);
    return {
      ...standIn,
      config: { baseUrl: standIn.url, actionProperty: 'holdpoint_action' },
      credentials: { token },
      applied(tool, args) {
        const effect = `${tool} ${args.id ?? args.email}`;
        return standIn.effects.filter((one) => one === effect).length;
      },
    };
  },
  tools: {
    'contacts.read': { args: { id }, invalid: [{}, { id: '../deals/501' }, { id: 101 }], rejected: { id: nobody } },
    'contacts.search': {
      args: { filters: [{ property: 'email', operator: 'EQ', value: email }] },
      invalid: [{ filters: [{ property: 'email', operator: 'LIKE' }] }, { limit: 101 }],
    },
    'contacts.create': {
      args: newcomer,
      invalid: [{ first_name: 'Grace' }, { ...newcomer, properties: { 'Job Title': 'x' } }],
      rejected: { email },
    },
    'contacts.upsert': { args: newcomer, invalid: [{ email: 'grace' }], setsState: true },
    'contacts.update': {
      args: { id, company: 'Analytical Engines' },
      invalid: [{ id: 'ada' }, { id, id_property: 'email' }],
      rejected: { id: nobody, company: 'none' },
      setsState: true,
    },
    'contacts.archive': { args: { id }, invalid: [{ id: '0' }], rejected: { id: nobody }, setsState: true },
    'deals.update': {
      args: { id: deal, amount: 250.5, stage: 'contractsent' },
      invalid: [{ id: deal, amount: -1 }],
      rejected: { id: nobody, amount: 1 },
      setsState: true,
    },
    'notes.create': {
      args: { about: 'contacts', id, text: 'Called about <the> order & more' },
      invalid: [
        { about: 'companies', id, text: 'x' },
        { about: 'contacts', id, text: '' },
      ],
      rejected: { about: 'deals', id: nobody, text: 'x' },
    },
  },
});
