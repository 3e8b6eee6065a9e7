export { stripe as default } from '@holdpoint/connectors/stripe/tools';
