export { conformance as default } from '@holdpoint/connectors/email/testing/conformance';
