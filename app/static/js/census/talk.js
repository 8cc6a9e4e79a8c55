// Talking to the server: one post at a time, drafts every few seconds, a lost answer asked for again, never a lost word.
import { post } from "geban/app";

const EVERY = 4000;

export class Talk {
  /** ``urls``: draft, discard, check, save, state. ``draft()`` gives what to keep; ``told(text, level)`` shows the state. */
  constructor(urls, { draft, told, signedOut }) {
    Object.assign(this, { urls, draft, told, signedOut, dirty: false, busy: Promise.resolve(), saving: false });
    setInterval(() => this.keep(), EVERY);
    document.addEventListener("visibilitychange", () => { if (document.hidden) this.keep(); });
    window.addEventListener("beforeunload", (event) => {
      if (this.dirty && !this.leaving) { event.preventDefault(); event.returnValue = ""; }
    });
  }

  touch() {
    this.dirty = true;
    this.changes = (this.changes ?? 0) + 1;
  }

  /** Keep the draft now when something has changed since the last time. */
  keep() {
    if (!this.dirty || this.saving) return this.busy;
    this.busy = this.busy.then(async () => {
      if (!this.dirty || this.saving) return;
      const at = this.changes;
      const answer = await this.send(this.urls.draft, this.draft());
      if (answer.ok) {
        if (at === this.changes) this.dirty = false;
        this.told("kept", { at: answer.data.saved_at });
      } else this.told("notKept", { message: answer.data.message });
    });
    return this.busy;
  }

  async discard() {
    await this.busy;
    this.dirty = false;
    return this.send(this.urls.discard, {});
  }

  /** Post; when the session or the ticket has run out, get a new ticket and try once more. */
  async send(url, body) {
    let answer = await post(url, body);
    if (answer.status === 401 || (answer.status === 400 && answer.data.code === "csrf")) {
      if (await this.renew()) answer = await post(url, body);
      if (answer.status === 401 || answer.data.code === "csrf") this.signedOut();
    }
    return answer;
  }

  async renew() {
    try {
      const answer = await fetch(this.urls.state, { headers: { Accept: "application/json" }, credentials: "same-origin" });
      if (!answer.ok || answer.redirected) return false;
      document.querySelector('meta[name="csrf_token"]').content = (await answer.json()).csrf_token;
      return true;
    } catch {
      return false;
    }
  }

  check(body) {
    return this.send(this.urls.check, body);
  }

  /** Save. An answer that never came is asked for again with the same number, so that nothing is saved twice. */
  async save(body) {
    this.saving = true;
    try {
      await this.busy;
      if (this.lost) {
        const again = await this.send(this.urls.save, this.lost);
        if (again.status === 0) return again;
        const same = JSON.stringify(this.lost.households) === JSON.stringify(body.households);
        this.lost = null;
        if (again.ok) return { ...again, late: !same };
      }
      const answer = await this.send(this.urls.save, body);
      if (answer.status === 0 || answer.status >= 502) this.lost = body;
      if (answer.ok) this.dirty = false;
      return answer;
    } finally {
      this.saving = false;
    }
  }
}
