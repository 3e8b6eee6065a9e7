export { magento as default } from '@holdpoint/connectors/magento/tools';
