export { conformance as default } from '@holdpoint/connectors/hubspot/testing/conformance';
