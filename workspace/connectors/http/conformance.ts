export { conformance as default } from '@holdpoint/connectors/http/testing/conformance';
