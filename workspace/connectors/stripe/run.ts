export { runner as default } from '@holdpoint/connectors/stripe/run';
