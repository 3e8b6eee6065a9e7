export { hubspot as default } from '@holdpoint/connectors/hubspot/tools';
