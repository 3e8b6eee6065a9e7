export { conformance as default } from '@holdpoint/connectors/magento/testing/conformance';
