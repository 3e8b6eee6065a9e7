export { conformance as default } from '@holdpoint/connectors/stripe/testing/conformance';
