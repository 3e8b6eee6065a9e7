export { conformance as default } from '@holdpoint/connectors/shopify/testing/conformance';
