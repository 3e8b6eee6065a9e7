export { github as default } from '@holdpoint/connectors/github/tools';
