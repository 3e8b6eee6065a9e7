export { runner as default } from '@holdpoint/connectors/hubspot/run';
