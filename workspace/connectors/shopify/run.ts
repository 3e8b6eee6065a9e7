export { runner as default } from '@holdpoint/connectors/shopify/run';
