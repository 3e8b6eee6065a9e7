import { connect, createServer, type Server } from 'node:net';
import { LOCALHOST_CERTIFICATE } from '@holdpoint/calls/testing/localhost-certificate';
import { startSmtpStandIn } from '@holdpoint/connectors/email/testing/smtp-stand-in';
import { startGithub } from '@holdpoint/connectors/github/testing/stand-in';
import { conformance as hubspot } from '@holdpoint/connectors/hubspot/testing/conformance';
import { conformance as magento } from '@holdpoint/connectors/magento/testing/conformance';
import { startShop } from '@holdpoint/connectors/shopify/testing/stand-in';
import { conformance as slack } from '@holdpoint/connectors/slack/testing/conformance';
import { startStripe } from '@holdpoint/connectors/stripe/testing/stand-in';
import { VENDORS, type Vendor } from './vendors.ts';

export interface VendorsOptions {
  readonly ports: Readonly<Record<Vendor, number>>;
  /** Loopback unless told: they take any caller who knows the development credentials. */
  readonly host?: string;
}

interface Started {
  readonly port: number;
  close(): Promise<void>;
}

const STARTS = {
  stripe: () => started(startStripe()),
  github: async () => {
    const { url, close } = await startGithub();
    return { port: portOf(url), close };
  },
  slack: () => started(slack.start()),
  shopify: () => started(startShop()),
  magento: () => started(magento.start()),
  hubspot: () => started(hubspot.start()),
  // A relay of the house: neither encrypted nor asking who sends.
  email: () => startSmtpStandIn({ certificate: LOCALHOST_CERTIFICATE, starttls: false, user: '', password: '' }),
} as const satisfies Record<Vendor, () => Promise<Started>>;

/** The systems of the vendors, as their connectors' tests know them, for development: what they are told lasts until they stop. */
export async function startVendors({ ports, host = '127.0.0.1' }: VendorsOptions): Promise<{ stop(): Promise<void> }> {
  const running = await Promise.all(
    VENDORS.map(async (name) => {
      const standIn = await STARTS[name]();
      return { standIn, relay: await relayTo(standIn.port, ports[name], host) };
    }),
  );
  return {
    async stop() {
      await Promise.all(
        running.map(async ({ standIn, relay }) => {
          relay.close();
          await standIn.close();
        }),
      );
    },
  };
}

async function started(
  starting: Promise<{ readonly config: Readonly<Record<string, unknown>>; close(): Promise<void> }>,
) {
  const { config, close } = await starting;
  return { port: portOf(String(config.baseUrl)), close };
}

const portOf = (url: string): number => Number(new URL(url).port);

/** Stand-ins listen on any port of loopback; what is to be found listens where it is told. */
function relayTo(port: number, at: number, host: string): Promise<Server> {
  const server = createServer((socket) => {
    const other = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [socket, other],
      [other, socket],
    ] as const) {
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(at, host, () => resolve(server));
  });
}
