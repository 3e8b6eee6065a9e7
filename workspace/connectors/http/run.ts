export { runner as default } from '@holdpoint/connectors/http/run';
