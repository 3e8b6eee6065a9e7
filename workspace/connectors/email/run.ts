export { runner as default } from '@holdpoint/connectors/email/run';
