export { slack as default } from '@holdpoint/connectors/slack/tools';
