export { conformance as default } from '@holdpoint/connectors/slack/testing/conformance';
