export { shopify as default } from '@holdpoint/connectors/shopify/tools';
