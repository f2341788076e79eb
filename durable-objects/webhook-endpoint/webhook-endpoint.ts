import { Buffer } from "node:buffer";
import { DurableObject } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import type {
  DeliveryState,
  DeliveryView,
  EndpointAddress,
  EndpointReport,
  EventFeed,
  HearReply,
  OutgoingEvent,
  PingReply,
  WebhookEndpointRpc,
} from "../protocol.ts";
import { endpointSeal } from "../protocol.ts";
import { openSecret } from "../seal.ts";
import { nextAlarm } from "./alarm.ts";
import { answerOf, noAnswer } from "./answer.ts";
import type { Answer } from "./answer.ts";
import { Courier } from "./courier.ts";
import { admit } from "./room.ts";
import { EndpointStorage } from "./storage.ts";

/** An endpoint takes an event and does its work later; one that has not answered by then is asked again. */
const CALL_TIMEOUT_MS = 10_000;
/** An alarm is ended by the platform after a quarter of an hour; what is left then has another. */
const MAX_RUN_MS = 300_000;
/** A run that dies leaves an alarm behind, so far away. */
const AFTER_DEATH_MS = 30_000;
const FORGET_EVERY_MS = 3_600_000;
const USER_AGENT = "kuji-webhooks/1";

/** One per endpoint of a partner: keeps its events and delivers them at its pace, so that one that is down delays no other. */
export class WebhookEndpoint extends DurableObject<Env> implements WebhookEndpointRpc {
  readonly #storage: EndpointStorage;
  readonly #courier: Courier;
  #address: EndpointAddress | null;
  #pending: number;
  #signer: { readonly sealed: string; readonly webhook: Webhook } | null = null;
  /** The alarm that this instance has set; one in the past is about to fire. */
  #alarmMs: number | null = null;
  #forgotAtMs = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#storage = new EndpointStorage(ctx.storage);
    this.#address = this.#storage.address();
    this.#pending = this.#storage.waiting() + this.#storage.retrying();
    this.#courier = new Courier(this.#storage.health(), {
      store: this.#storage,
      send: (event) => this.#send(event),
      nowMs: () => Date.now(),
      random: () => Math.random(),
    });
  }

  async hear(address: EndpointAddress, feeds: readonly EventFeed[]): Promise<HearReply> {
    const { health } = this.#courier;
    if (health.state === "disabled") return { status: "disabled", by: health.by, atMs: health.atMs };
    this.#keepAddress(address);
    const nowMs = Date.now();
    this.ctx.storage.transactionSync(() => {
      for (const { source, events } of feeds) this.#keep(source, events, nowMs);
    });
    this.#courier.wake();
    await this.#planAlarm();
    return { status: "heard", pending: this.#pending };
  }

  async ping(address: EndpointAddress, event: OutgoingEvent): Promise<PingReply> {
    if (this.#courier.health.state === "disabled") return { status: "disabled" };
    this.#keepAddress(address);
    const startedMs = Date.now();
    const answer = await this.#send(event);
    this.#courier.note(answer);
    await this.#planAlarm();
    if (answer.httpStatus !== null) return { status: "answered", httpStatus: answer.httpStatus, tookMs: Date.now() - startedMs };
    return { status: "unanswered", reason: answer.answer === "failed" ? answer.reason : "" };
  }

  async report(): Promise<EndpointReport> {
    const { health } = this.#courier;
    return {
      state: health.state,
      restsUntilMs: health.state === "resting" ? health.untilMs : null,
      waiting: this.#storage.waiting(),
      retrying: this.#storage.retrying(),
      ...this.#storage.counted(),
    };
  }

  async deliveries(state: DeliveryState, limit: number): Promise<readonly DeliveryView[]> {
    return this.#storage.deliveries(state, limit);
  }

  async disable(): Promise<void> {
    this.#courier.disable("operator");
    this.#pending = 0;
  }

  override async alarm(): Promise<void> {
    const nowMs = Date.now();
    await this.#setAlarm(nowMs + AFTER_DEATH_MS);
    if (nowMs - this.#forgotAtMs >= FORGET_EVERY_MS) {
      this.#storage.forgetOld(nowMs);
      this.#forgotAtMs = nowMs;
    }
    try {
      await this.#courier.run(nowMs + MAX_RUN_MS);
    } catch (error) {
      console.error(JSON.stringify({ message: "deliveries stopped short", endpoint: this.#address?.endpoint, error: String(error) }));
      return;
    }
    this.#pending = this.#storage.waiting() + this.#storage.retrying();
    await this.#planAlarm();
  }

  #keep(source: string, events: readonly OutgoingEvent[], nowMs: number): void {
    const { kept, missed } = admit(this.#pending, events);
    if (!this.#storage.hear(source, kept, nowMs)) return;
    this.#pending += kept.length;
    if (missed.length === 0) return;
    this.#storage.addMissed(missed);
    console.error(JSON.stringify({ message: "a webhook endpoint has no room left", endpoint: this.#address?.endpoint }));
  }

  #keepAddress(address: EndpointAddress): void {
    const known = this.#address;
    if (known !== null && known.url === address.url && known.sealed === address.sealed) return;
    this.#storage.keepAddress(address);
    this.#address = address;
  }

  /** Makes one call, signed as Standard Webhooks says: https://github.com/standard-webhooks/standard-webhooks */
  async #send({ id, body }: OutgoingEvent): Promise<Answer> {
    // Not `AbortSignal.timeout`: its timer would go on after the answer, and keep the object up with it.
    const hurry = new AbortController();
    const timer = setTimeout(() => hurry.abort(), CALL_TIMEOUT_MS);
    try {
      const { address, webhook } = await this.#sender();
      const at = new Date();
      const response = await fetch(address.url, {
        method: "POST",
        body,
        redirect: "manual",
        signal: hurry.signal,
        headers: {
          "content-type": "application/json",
          "user-agent": USER_AGENT,
          "webhook-id": id,
          "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
          "webhook-signature": webhook.sign(id, at, body),
        },
      });
      await response.body?.cancel();
      return answerOf(response.status, response.headers.get("retry-after"), Date.now());
    } catch (error) {
      return noAnswer(error, CALL_TIMEOUT_MS);
    } finally {
      clearTimeout(timer);
    }
  }

  async #sender(): Promise<{ readonly address: EndpointAddress; readonly webhook: Webhook }> {
    const address = this.#address;
    if (address === null) throw new Error("the endpoint has no address yet");
    if (this.#signer?.sealed !== address.sealed) {
      const { PARTNER_KEY, PARTNER_KEY_PREVIOUS } = this.env as Env & { readonly PARTNER_KEY_PREVIOUS?: string };
      const masters = PARTNER_KEY_PREVIOUS === undefined ? [PARTNER_KEY] : [PARTNER_KEY, PARTNER_KEY_PREVIOUS];
      const secret = await openSecret(masters, endpointSeal(address.endpoint), address.sealed);
      if (secret === null) {
        console.error(JSON.stringify({ message: "webhook secret cannot be opened with PARTNER_KEY", endpoint: address.endpoint }));
        throw new Error("the secret cannot be opened");
      }
      this.#signer = { sealed: address.sealed, webhook: new Webhook(Buffer.from(secret).toString("base64")) };
    }
    return { address, webhook: this.#signer.webhook };
  }

  async #planAlarm(): Promise<void> {
    if (this.#courier.running) return;
    const nowMs = Date.now();
    const atMs = nextAlarm(this.#courier.health, this.#storage.work(), nowMs);
    if (atMs === null) {
      this.#alarmMs = null;
      await this.ctx.storage.deleteAlarm();
      return;
    }
    const isDue = this.#alarmMs !== null && this.#alarmMs <= nowMs;
    if (!isDue && this.#alarmMs !== atMs) await this.#setAlarm(atMs);
  }

  async #setAlarm(atMs: number): Promise<void> {
    this.#alarmMs = atMs;
    await this.ctx.storage.setAlarm(atMs);
  }
}
