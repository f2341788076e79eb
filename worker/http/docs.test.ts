import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { docsOf, headlineOf } from "./docs.ts";
import type { ApiDocument } from "./docs.ts";

const DOCUMENT: ApiDocument = {
  info: { title: "Kuji", version: "1" },
  servers: [{ url: "https://kuji.example" }],
  components: {
    securitySchemes: { playerSession: { type: "http", scheme: "bearer", description: "The session of `POST /session`." } },
    schemas: { Problem: { type: "object", properties: { code: { type: "string" } } } },
  },
  paths: {
    "/cards/{cardId}/reveal": {
      post: {
        tags: ["Player"],
        summary: "Scratch a <card>: tells its prize; again, the same",
        security: [{ playerSession: [] }],
        parameters: [{ name: "cardId", in: "path", required: true, schema: { type: "string" } }],
        requestBody: { content: { "application/json": { schema: { type: "object", properties: { trail: { type: "string" } } } } } },
        responses: {
          200: { description: "The prize", content: { "application/json": { schema: { type: "object" } } } },
          409: {
            description: "`card_expired`: The card has expired\n\n`card_voided`: <b>The card has been voided</b>",
            content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
          },
        },
      },
    },
    "/face": { get: { tags: ["Player"], summary: "The face", responses: { 200: { description: "It" } } } },
  },
};

describe("the documentation", () => {
  test("tells of each call where it is, who may make it, what it takes and what it answers", async () => {
    const { html } = await docsOf(DOCUMENT);
    expect(html.match(/<article/g)).toHaveLength(2);
    expect(html).toContain('id="post-cards-cardid-reveal"');
    expect(html.match(/href="#post-cards-cardid-reveal"/g)?.length).toBeGreaterThanOrEqual(2);
    expect(html).toContain('<a href="#auth-playersession">Player session</a>');
    expect(html).toContain('id="auth-playersession"');
    expect(html).toContain("No authentication");
    for (const word of ["cardId", "trail", "card_expired", "card_voided"]) expect(html).toContain(`<code>${word}</code>`);
  });

  test("escapes what it is told", async () => {
    const { html } = await docsOf(DOCUMENT);
    expect(html).toContain("Scratch a &lt;card&gt;");
    expect(html).not.toMatch(/<card>|<b>The card/);
  });

  test("leaves out what is not there", async () => {
    const { html } = await docsOf({ info: { title: "Kuji", version: "1" }, paths: {} });
    expect(html).not.toMatch(/<article|#problems|undefined|>false</);
  });

  test("runs nothing, loads nothing, and has the one style that its policy names", async () => {
    const { html, headers } = await docsOf(DOCUMENT);
    const style = /<style>(.*?)<\/style>/s.exec(html)?.[1] ?? "";
    const hash = createHash("sha256").update(style).digest("base64");
    expect(headers["content-security-policy"]).toContain(`default-src 'none'; style-src 'sha256-${hash}';`);
    expect(html).not.toMatch(/<script| style=|(?:src|href)="https?:/);
  });

  test.each([
    ["Draw cards", ["Draw cards", ""]],
    ["Scratch a card: tells its prize; again, the same", ["Scratch a card", "Tells its prize; again, the same."]],
  ])("sets the head of %j apart", (summary, parts) => {
    expect(headlineOf(summary)).toEqual(parts);
  });
});
