export { conformance as default } from '@holdpoint/connectors/github/testing/conformance';
