export { runner as default } from '@holdpoint/connectors/github/run';
