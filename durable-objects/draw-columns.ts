import type { CardIssuerRpc, Draw, DrawColumns, DrawCommand, DrawReply, DrawResult, ResultColumns } from "./protocol.ts";

/** Draws as they cross to an issuer. */
export function columnsOf(draws: readonly Draw[]): DrawColumns {
  return {
    requestIds: draws.map(({ requestId }) => requestId),
    recipients: columnOf(draws, "recipient"),
    lineUserIds: columnOf(draws, "lineUserId"),
    metadata: columnOf(draws, "metadata"),
  };
}

function columnOf(draws: readonly Draw[], member: "recipient" | "lineUserId" | "metadata"): readonly (string | null)[] | null {
  return draws.every((draw) => draw[member] === null) ? null : draws.map((draw) => draw[member]);
}

export function drawsOf({ requestIds, recipients, lineUserIds, metadata }: DrawColumns): Draw[] {
  return requestIds.map((requestId, i) => ({
    requestId,
    recipient: recipients?.[i] ?? null,
    lineUserId: lineUserIds?.[i] ?? null,
    metadata: metadata?.[i] ?? null,
  }));
}

/** Results as they cross back. */
export function resultColumnsOf(results: readonly DrawResult[]): ResultColumns {
  return {
    statuses: results.map(({ status }) => status),
    cardIds: results.map((result) => ("cardId" in result ? result.cardId : "")),
    expiresAtMs: Float64Array.from(results, (result) => ("cardId" in result ? (result.expiresAtMs ?? Number.NaN) : Number.NaN)),
  };
}

export function resultsOf({ statuses, cardIds, expiresAtMs }: ResultColumns): DrawResult[] {
  return statuses.map((status, i): DrawResult => {
    if (status !== "issued" && status !== "replayed") return { status };
    const at = expiresAtMs[i] ?? Number.NaN;
    return { status, cardId: cardIds[i] ?? "", expiresAtMs: Number.isNaN(at) ? null : at };
  });
}

/** Has an issuer draw cards. */
export async function drawBy(issuer: Pick<CardIssuerRpc, "draw">, { draws, ...address }: DrawCommand): Promise<DrawReply> {
  const reply = await issuer.draw({ ...address, draws: columnsOf(draws) });
  return reply.status === "done" ? { status: "done", results: resultsOf(reply.results) } : reply;
}
