import type { Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';

/** What the server took. */
export interface TakenMail {
  readonly from: string;
  readonly recipients: readonly string[];
  readonly raw: string;
}

export interface SmtpSessionOptions {
  readonly certificate: { readonly cert: string; readonly key: string };
  readonly user: string;
  readonly password: string;
  /** Words of EHLO; STARTTLS is added while nothing is encrypted. */
  readonly extensions?: readonly string[];
  readonly starttls?: boolean;
  /** Encrypted from the first byte. */
  readonly implicit?: boolean;
  /** What a command (or `greeting`) is answered with in place of what it deserves; `''`: the connection is reset. */
  readonly answer?: (command: string) => string | undefined;
}

export interface SmtpListener {
  /** Every line but the data. */
  onLine(line: string): void;
  /** The data's end was heard: it is the listener that answers it. */
  onMail(session: SmtpSession, mail: TakenMail): void;
}

/** One client of a mail server: RFC 5321, 3207 (STARTTLS), 4954 (AUTH), 2920 (PIPELINING). */
export class SmtpSession {
  readonly #plain: Socket;
  readonly #options: SmtpSessionOptions;
  readonly #listener: SmtpListener;
  #socket: Socket;
  #text = '';
  #data: string[] | undefined;
  #login: string[] | undefined;
  #from = '';
  #recipients: string[] = [];

  constructor(socket: Socket, options: SmtpSessionOptions, listener: SmtpListener) {
    this.#plain = socket;
    this.#socket = socket;
    this.#options = options;
    this.#listener = listener;
    if (options.implicit) this.#encrypt();
    this.#listen();
    this.say(options.answer?.('greeting') ?? '220 mail.example ESMTP');
  }

  say(text: string): void {
    if (text === '') this.reset();
    else this.#socket.write(`${text}\r\n`);
  }

  breakOff(text: string): void {
    this.#socket.write(text, () => this.#plain.destroy());
  }

  reset(): void {
    this.#plain.resetAndDestroy();
  }

  #listen(): void {
    this.#socket.setEncoding('utf8').on('data', (chunk: unknown) => this.#take(String(chunk)));
    this.#socket.on('error', () => {});
  }

  #encrypt(): void {
    this.#plain.removeAllListeners('data');
    const secureContext = createSecureContext(this.#options.certificate);
    this.#socket = new TLSSocket(this.#plain, { isServer: true, secureContext });
  }

  #take(chunk: string): void {
    const lines = (this.#text + chunk).split('\r\n');
    this.#text = lines.pop() ?? '';
    for (const line of lines) {
      if (this.#data) this.#takeData(this.#data, line);
      else this.#takeCommand(line);
    }
  }

  #takeData(data: string[], line: string): void {
    if (line === '.') {
      this.#data = undefined;
      this.#listener.onMail(this, { from: this.#from, recipients: this.#recipients, raw: data.join('\r\n') });
    } else data.push(line.startsWith('.') ? line.slice(1) : line);
  }

  #takeCommand(line: string): void {
    this.#listener.onLine(line);
    const answer = this.#options.answer?.(line) ?? this.#answerTo(line);
    this.say(answer);
    if (line === 'STARTTLS' && answer.startsWith('220')) {
      this.#encrypt();
      this.#listen();
    }
  }

  #answerTo(line: string): string {
    if (this.#login) return this.#takeLogin(this.#login, line);
    const [verb = '', , coded] = line.split(' ');
    const address = /<([^>]*)>/.exec(line)?.[1] ?? '';
    switch (verb.toUpperCase()) {
      case 'EHLO':
        return this.#greet();
      case 'STARTTLS':
        return this.#options.starttls === false ? '502 5.5.1 Not known here' : '220 2.0.0 Go ahead';
      case 'AUTH':
        if (coded) return this.#welcome(decode(coded).split('\0').slice(1));
        this.#login = [];
        return '334 VXNlcm5hbWU6';
      case 'MAIL':
        this.#from = address;
        this.#recipients = [];
        return '250 2.1.0 Ok';
      case 'RCPT':
        this.#recipients.push(address);
        return '250 2.1.5 Ok';
      case 'DATA':
        if (this.#recipients.length === 0) return '503 5.5.1 No recipients';
        this.#data = [];
        return '354 End data with <CR><LF>.<CR><LF>';
      case 'QUIT':
        return '221 2.0.0 Bye';
      default:
        return '502 5.5.2 Not known here';
    }
  }

  #greet(): string {
    const encrypted = this.#socket !== this.#plain;
    const { extensions = ['PIPELINING', 'AUTH PLAIN LOGIN', '8BITMIME'], starttls = true } = this.#options;
    const all = ['mail.example', ...extensions, ...(starttls && !encrypted ? ['STARTTLS'] : [])];
    return all.map((one, index) => `250${index < all.length - 1 ? '-' : ' '}${one}`).join('\r\n');
  }

  #takeLogin(login: string[], line: string): string {
    login.push(decode(line));
    if (login.length === 1) return '334 UGFzc3dvcmQ6';
    this.#login = undefined;
    return this.#welcome(login);
  }

  #welcome([user, password]: readonly string[]): string {
    const known = user === this.#options.user && password === this.#options.password;
    return known ? '235 2.7.0 Welcome' : '535 5.7.8 Who are you?';
  }
}

const decode = (text: string): string => Buffer.from(text, 'base64').toString();
