import { html, raw } from "hono/html";
import { shapeOf } from "./docs-shape.ts";
import type { Field, Schema, Schemas, Shape } from "./docs-shape.ts";
import { STYLE } from "./docs-style.ts";

type Html = ReturnType<typeof html>;

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: Schema;
}

type Content = Readonly<Record<string, { readonly schema: Schema }>>;

interface Operation {
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly description?: string;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}

interface SecurityScheme {
  readonly type: string;
  readonly scheme?: string;
  readonly name?: string;
  readonly description?: string;
}

/** The part of OpenAPI 3.1 that `describe` writes. */
export interface ApiDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly servers?: readonly { readonly url: string }[];
  readonly components?: { readonly schemas?: Schemas; readonly securitySchemes?: Readonly<Record<string, SecurityScheme>> };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Call {
  readonly anchor: string;
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

export interface Docs {
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
}

const SCHEME_TITLES: Readonly<Record<string, string>> = {
  partnerSignature: "Partner signature",
  playerSession: "Player session",
  cloudflareAccess: "Cloudflare Access",
};

/** The document as a page: no script, one stylesheet that the policy knows by its hash, and nothing from anywhere else. */
export async function docsOf(document: ApiDocument): Promise<Docs> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(STYLE));
  const hash = btoa(String.fromCharCode(...new Uint8Array(digest)));
  return {
    html: String(await pageOf(document)),
    headers: {
      "cache-control": "no-cache",
      "content-security-policy": `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    },
  };
}

function pageOf(document: ApiDocument): Html {
  const { info, servers = [], components: { schemas = {}, securitySchemes = {} } = {} } = document;
  const groups = groupsOf(document);
  const problem = schemas["Problem"];
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${info.title} API</title>
        ${raw(`<style>${STYLE}</style>`)}
      </head>
      <body>
        <a class="skip" href="#main">Skip to the calls</a>
        <nav class="contents" aria-label="Contents">
          <a class="brand" href="#top">${info.title}<span>API ${info.version}</span></a>
          <ul class="contents__first">
            <li><a href="#authentication">Authentication</a></li>
            ${problem !== undefined && html`<li><a href="#problems">Problems</a></li>`}
            ${groups.map(([tag]) => html`<li class="contents__tag"><a href="#${slug(tag)}">${tag}</a></li>`)}
          </ul>
          <div class="contents__calls">
            ${groups.map(
              ([tag, calls]) =>
                html`<h2><a href="#${slug(tag)}">${tag}</a></h2>
                  ${indexOf(calls)}`,
            )}
          </div>
        </nav>
        <main id="main">
          <header class="masthead" id="top">
            <p class="masthead__eyebrow">API reference · version ${info.version}</p>
            <h1>${info.title}</h1>
            ${info.description !== undefined && html`<p class="lead">${prose(info.description)}</p>`}
            <dl class="facts">
              ${servers.map(
                ({ url }) =>
                  html`<div>
                    <dt>Base URL</dt>
                    <dd><code>${url}</code></dd>
                  </div>`,
              )}
              <div>
                <dt>OpenAPI 3.1</dt>
                <dd><a href="/openapi.json">openapi.json</a></dd>
              </div>
            </dl>
          </header>
          <section class="group">
            <h2 id="authentication">Authentication</h2>
            <dl class="schemes">
              ${Object.entries(securitySchemes).map(
                ([name, scheme]) =>
                  html`<div class="scheme" id="auth-${slug(name)}">
                    <dt>${SCHEME_TITLES[name] ?? name}</dt>
                    <dd>
                      <p><code>${headerOf(scheme)}</code></p>
                      ${scheme.description !== undefined && html`<p>${prose(scheme.description)}</p>`}
                    </dd>
                  </div>`,
              )}
            </dl>
          </section>
          ${
            problem !== undefined &&
            html`<section class="group">
              <h2 id="problems">Problems</h2>
              <p class="lead">
                A refusal is a problem document (RFC 9457) of type <code>application/problem+json</code>. Act on its <code>code</code>; each
                call lists those that it answers. <code>429</code> and <code>503</code> carry <code>Retry-After</code>.
              </p>
              ${shapeView(shapeOf(problem, schemas))}
            </section>`
          }
          ${groups.map(
            ([tag, calls]) =>
              html`<section class="group">
                <h2 id="${slug(tag)}">${tag}</h2>
                <div class="group__calls">${indexOf(calls)}</div>
                ${calls.map((call) => callView(call, schemas))}
              </section>`,
          )}
        </main>
      </body>
    </html>`;
}

/** The calls by their first tag, in the order they are described in. */
function groupsOf({ paths }: ApiDocument): [string, readonly Call[]][] {
  const groups = new Map<string, Call[]>();
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags?.[0] ?? "Other";
      const calls = groups.get(tag) ?? [];
      groups.set(tag, [...calls, { anchor: slug(`${method} ${path}`), method, path, operation }]);
    }
  }
  return [...groups];
}

function indexOf(calls: readonly Call[]): Html {
  return html`<ol class="index">
    ${calls.map(
      ({ anchor, method, path, operation }) =>
        html`<li>
          <a href="#${anchor}">${badge(method)}<span>${headlineOf(operation.summary ?? path)[0]}</span></a>
        </li>`,
    )}
  </ol>`;
}

function callView({ anchor, method, path, operation }: Call, schemas: Schemas): Html {
  const { summary = path, description, security = [], parameters = [], requestBody, responses } = operation;
  const [headline, more] = headlineOf(summary);
  const answers = Object.entries(responses);
  const refusals = answers.filter(([, { content = {} }]) => "application/problem+json" in content);
  return html`<article class="call" id="${anchor}">
    <h3><a href="#${anchor}">${prose(headline)}</a></h3>
    <p class="address">${badge(method)}<code>${pathView(path)}</code></p>
    ${more !== "" && html`<p class="call__more">${prose(more)}</p>`}${description !== undefined && html`<p class="call__more">${prose(description)}</p>`}
    <p class="auth">${authView(security)}</p>
    ${
      parameters.length > 0 &&
      html`<h4>Parameters</h4>
        ${fieldsView(
          parameters.map(({ name, in: place, required = false, description: said, schema }) => {
            const shape = shapeOf(schema, schemas);
            return { name, required, place, shape: { ...shape, description: said ?? shape.description } };
          }),
        )}`
    }
    ${requestBody !== undefined && bodyView(requestBody, schemas)}
    ${answers
      .filter(([, { content = {} }]) => !("application/problem+json" in content))
      .map(
        ([status, { description: said, content = {} }]) =>
          html`<h4>Answer <span class="status status--good">${status}</span></h4>
            <p class="call__more">${prose(said)}</p>
            ${Object.values(content).map(({ schema }) => shapeView(shapeOf(schema, schemas)))}`,
      )}
    ${
      refusals.length > 0 &&
      html`<h4>Problems</h4>
        <dl class="refusals">
          ${refusals.map(
            ([status, { description: said }]) =>
              html`<div>
                <dt><span class="status">${status}</span></dt>
                <dd>${said.split("\n\n").map((line) => html`<p>${refusalView(line)}</p>`)}</dd>
              </div>`,
          )}
        </dl>`
    }
  </article>`;
}

function bodyView({ required = false, content }: NonNullable<Operation["requestBody"]>, schemas: Schemas): Html {
  return html`${Object.entries(content).map(
    ([type, { schema }]) =>
      html`<h4>Body <span class="aside">${type}${required ? "" : ", optional"}</span></h4>
        ${shapeView(shapeOf(schema, schemas))}`,
  )}`;
}

function authView(security: NonNullable<Operation["security"]>): Html {
  const names = security.flatMap((scheme) => Object.keys(scheme));
  if (names.length === 0) return html`<span class="auth__open">No authentication</span>`;
  return html`<span class="auth__open">Authenticated by</span>
    ${names.map((name) => html`<a href="#auth-${slug(name)}">${SCHEME_TITLES[name] ?? name}</a>`)}`;
}

/** What a whole body is; of a plain object only what is in it. */
function shapeView(shape: Shape): Html {
  const isPlain = shape.type === "object" && shape.fields.length + shape.variants.length > 0;
  return html`${
    !isPlain && html`<p class="whole"><span class="type">${shape.type}</span> ${prose(shape.description)} ${detailsView(shape)}</p>`
  }${innerView(shape)}`;
}

function innerView({ fields, variants }: Shape): Html {
  return html`${fields.length > 0 && fieldsView(fields)}${variants
    .filter((variant) => variant.fields.length > 0)
    .map(
      (variant, i) =>
        html`<p class="variant">${i === 0 ? "Either" : "Or"}</p>
          ${fieldsView(variant.fields)}`,
    )}`;
}

function fieldsView(fields: readonly (Field & { readonly place?: string })[]): Html {
  return html`<ul class="fields">
    ${fields.map(
      ({ name, required, place, shape }) =>
        html`<li>
          <div class="field">
            <p class="field__name"><code>${name}</code>${required && html`<span class="required">required</span>`}</p>
            <div class="field__what">
              <p><span class="type">${shape.type}</span>${place !== undefined && html`<span class="place">in ${place}</span>`}</p>
              ${shape.description !== "" && html`<p>${prose(shape.description)}</p>`} ${detailsView(shape)}
            </div>
          </div>
          ${innerView(shape)}
        </li>`,
    )}
  </ul>`;
}

function detailsView({ values, limits, pattern }: Shape): Html {
  return html`${values.length > 0 && html`<span class="values">${values.map((value) => html`<code>${value}</code> `)}</span>`}${
    limits.length > 0 && html`<span class="limits">${limits.join(", ")}</span>`
  }${pattern !== null && html`<span class="limits">matches <code>${pattern}</code></span>`}`;
}

function badge(method: string): Html {
  return html`<span class="method method--${method}">${method.toUpperCase()}</span>`;
}

/** A path, with its parameters set apart and a place to break at each slash. */
function pathView(path: string): Html {
  const parts = path.split(/(\{\w+\}|\/)/).filter((part) => part !== "");
  return html`${parts.map((part) => {
    if (part === "/") return html`<wbr />/`;
    return part.startsWith("{") ? html`<var>${part}</var>` : part;
  })}`;
}

/** `code`: what it means. */
function refusalView(line: string): Html {
  const [, code, meaning] = /^`(\w+)`: (.*)$/s.exec(line) ?? [];
  return code === undefined ? prose(line) : html`<code>${code}</code> <span>${meaning}</span>`;
}

/** A summary up to its first colon or semicolon, and the rest as a sentence of its own. */
export function headlineOf(summary: string): readonly [headline: string, more: string] {
  const [, headline = summary, more = ""] = /^(.*?)[:;] (.*)$/s.exec(summary) ?? [];
  return [headline, more === "" ? "" : `${more.charAt(0).toUpperCase()}${more.slice(1)}.`];
}

function headerOf({ type, scheme, name = "" }: SecurityScheme): string {
  return type === "http" && scheme === "bearer" ? "Authorization: Bearer …" : `${name}: …`;
}

/** Text with its `code` set as such. */
function prose(text: string): Html {
  return html`${text.split("`").map((piece, i) => (i % 2 === 1 ? html`<code>${piece}</code>` : piece))}`;
}

function slug(text: string): string {
  return text
    .replaceAll(/[^A-Za-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "")
    .toLowerCase();
}
