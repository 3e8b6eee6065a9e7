export const USAGE = `usage: npm run holdpoint -- <command> [options]

  approvals [--pending] [--status S] [--audience A] [--session S] [--operator O] [--mine]   what people were asked
  approvals show ID                                   one of them: what, why, who, and what was said
  approvals cancel ID [--reason TEXT]                 take back the request
  approve ID… [--comment TEXT]                        say yes, as a person; several at once
  deny ID… --reason TEXT                              say no, as a person
  withdraw ID                                         take back your own vote
  comment ID TEXT                                     say something of it
  watch [--audience A]                                tell what is asked and decided, as it happens
  grants [--active]                                   what people have granted in advance
  grants show ID                                      one of them, with what it let through
  grants preview|create (--approval ID | --operator O --connector C --tool T) [--arg PATH=VALUE]… [--max-value N]
         create: --until 30d --uses N --reason TEXT   what it would have let through; give it
  grants revoke ID                                    take it back
  actions [--state S] [--entity KEY] [--operator O]   what was proposed, and how it stands
  action ID                                           one action, with its receipts
  explain ID                                          why it was decided so, and what would have permitted it
  explain --plan FILE --operator NAME [--workspace DIR] [--tenant T]   the same of a plan, by the files' policies
  cancel ID [--reason TEXT]                           take back a queued action
  retry ID [--reason TEXT]                            try again now what backs off or is indeterminate
  settle ID applied|not_applied|failed --reason TEXT  say what became of an indeterminate one
  receipts [--action ID] [--plan ID] [--entity KEY] [--kind K] [--since TIME]
  limits                                              what is used of the limits of policies
  freeze --reason TEXT [--operator O] [--connector C] [--tool T]   begin nothing of it from now on
  freezes [--lifted]                                  what stands still, and why
  unfreeze ID                                         score again what waited, and go on
  entities [CONNECTOR ENTITY [ID]] [--where JSON] [--order-by F,G:desc]   what is known of remote systems' entities
  events [--source S] [--type T] [--since TIME] [--until TIME]   what was accepted
  events show ID [--raw]                              one event; --raw: its bytes as they came
  replay ID [--fresh]                                 an event again; fresh: operators do their work again
  replay --since TIME --until TIME [--source S] [--type T] [--fresh] [--batch NAME] [--dry-run]
  policies                                            the policies in force
  policies changes                                    what became of them, set by set
  policies lint [--candidate FILE] [--workspace DIR] [--tenant T]   what looks wrong with the files' policies
  policies diff BEFORE AFTER [--workspace DIR] [--tenant T]   what two workspaces, or files of policies, decide otherwise
  policies replay [--since 30d] [--until TIME] [--candidate FILE] [--operator O] [--workspace DIR] [--tenant T]
                                                      what other policies would have done with what was proposed
  policies suggest [--since 90d] [--tool T] [--grants N] [--workspace DIR] [--tenant T]
                                                      what people always granted, as policies that need not ask
  policies test [--workspace DIR] [--tenant T]        ask the policies what their *.cases.yaml expect
  connectors [NAME]… [--workspace DIR]                what connectors can do, and how each tool may be repeated
  connectors new NAME [--workspace DIR]               write one to begin with, with a stand-in of its remote system
  connectors test [NAME]… [--tool T] [--workspace DIR]   try them: every fault, and what becomes of the action
  sources                                             webhook endpoints, and how their deliveries go
  subscriptions [AGENT]                               where agents are woken
  nats-config [--together] [--nats URL] [--workspace DIR] [--tenant T]   a NATS server's accounts; --nats: and its durables
  plans submit FILE --operator NAME [--wait SECONDS]  propose a plan (FILE: JSON; - for standard input)

everywhere
  --as NAME      alice, bob, carol or dana of a running npm start
  --url URL      where the services are      (or HOLDPOINT_URL; else what npm start wrote)
  --key KEY      an API key                  (or HOLDPOINT_KEY)
  --token JWT    a person's token            (or HOLDPOINT_TOKEN)
  --data DIR     where npm start keeps state (or HOLDPOINT_DATA; default .holdpoint)
  --limit N, --cursor C   of lists
  --json         JSON instead of a table`;

/** A command line that cannot be understood; the message is one line. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
