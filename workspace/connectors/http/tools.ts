export { http as default } from '@holdpoint/connectors/http/tools';
