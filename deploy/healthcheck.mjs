// Ends with 0 where the service on this port is ready: node deploy/healthcheck.mjs <port>
const response = await fetch(`http://127.0.0.1:${process.argv[2]}/readyz`);
process.exit(response.ok ? 0 : 1);
