import { OpenAPIHono } from "@hono/zod-openapi";
import type { AdminEdge, App } from "../http/edge.ts";
import { refuseFaults } from "../http/faults.ts";
import { deleteEndpoint } from "./delete-endpoint.ts";
import { deleteKey } from "./delete-key.ts";
import { getAudit } from "./get-audit.ts";
import { getCampaign } from "./get-campaign.ts";
import { getCampaigns } from "./get-campaigns.ts";
import { getCare } from "./get-care.ts";
import { getEndpointDeliveries } from "./get-endpoint-deliveries.ts";
import { getEndpoints } from "./get-endpoints.ts";
import { getDeadLetters } from "./get-dead-letters.ts";
import { getExportAudit } from "./get-export-audit.ts";
import { getExportCards } from "./get-export-cards.ts";
import { getExportRewards } from "./get-export-rewards.ts";
import { getGates } from "./get-gates.ts";
import { getInvariants } from "./get-invariants.ts";
import { getPartners } from "./get-partners.ts";
import { getRewards } from "./get-rewards.ts";
import { getStats } from "./get-stats.ts";
import { getStock } from "./get-stock.ts";
import { getUploads } from "./get-uploads.ts";
import { postAcceptBlock } from "./post-accept-block.ts";
import { postEndpoint } from "./post-endpoint.ts";
import { postEndpointPing } from "./post-endpoint-ping.ts";
import { postEndpointReplay } from "./post-endpoint-replay.ts";
import { postKey } from "./post-key.ts";
import { postLedgerRebuild } from "./post-ledger-rebuild.ts";
import { postLifecycle } from "./post-lifecycle.ts";
import { postReconcile } from "./post-reconcile.ts";
import { postRedrive } from "./post-redrive.ts";
import { postScan } from "./post-scan.ts";
import { putPartner } from "./put-partner.ts";

/** What operators and customer care call, behind Cloudflare Access, below `/admin/v1`. */
export function adminRoutes(): App<AdminEdge> {
  const app = new OpenAPIHono<AdminEdge>({ defaultHook: refuseFaults });
  for (const add of [getCampaigns, getCampaign, postLifecycle, getUploads, postScan, getStock, getStats, getRewards, getInvariants])
    add(app);
  for (const add of [getCare, getPartners, putPartner, postKey, deleteKey, getAudit]) add(app);
  for (const add of [getExportCards, getExportRewards, getExportAudit]) add(app);
  for (const add of [getEndpoints, postEndpoint, deleteEndpoint, postEndpointPing, postEndpointReplay, getEndpointDeliveries]) add(app);
  for (const add of [getGates, postRedrive, getDeadLetters, postAcceptBlock, postReconcile, postLedgerRebuild]) add(app);
  return app;
}
