export { runner as default } from '@holdpoint/connectors/slack/run';
