import { defineConnector } from '@holdpoint/sdk/define';
import { Terminal } from '@holdpoint/sdk/errors';
import { composeMail, whyNotSent } from './compose-mail.ts';
import { deliverMail } from './deliver-mail.ts';
import { emailSettings } from './settings.ts';
import { type email, recipientsOf } from './tools.ts';

export const runner = defineConnector<typeof email>({
  init({ tenants }) {
    for (const [tenant, { config, secret }] of Object.entries(tenants)) {
      try {
        if (emailSettings(config).login) for (const name of ['user', 'password']) secret(name);
      } catch (error) {
        throw new Error(`tenant ${tenant}: ${(error as Error).message}`);
      }
    }
  },
  run: {
    async 'messages.send'(message, ctx) {
      const settings = emailSettings(ctx.config);
      const refusal = whyNotSent(message, settings);
      if (refusal) throw new Terminal(refusal);
      const mail = await composeMail(message, settings, ctx.idempotencyKey ?? ctx.actionId);
      const response = await deliverMail(ctx, settings, mail);
      return { message_id: mail.messageId, recipients: recipientsOf(message).length, response };
    },
  },
});
