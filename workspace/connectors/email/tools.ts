export { email as default } from '@holdpoint/connectors/email/tools';
