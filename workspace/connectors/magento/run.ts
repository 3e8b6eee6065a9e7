export { runner as default } from '@holdpoint/connectors/magento/run';
