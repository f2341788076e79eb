import { useRef, useState } from "preact/hooks";
import { flexOf, invitationTo } from "../invitation.ts";
import { shareBy, type Shared } from "../share.ts";
import { useCampaign } from "./campaign.ts";
import { copy, copySelection } from "./copy.ts";

/** Invites a friend to the campaign. Only where anybody may draw: elsewhere a friend would stand before a closed door. */
export function ShareButton() {
  const { boot, language, messages, errands } = useCampaign();
  const { share } = messages;
  const link = useRef<HTMLParagraphElement>(null);
  const [outcome, setOutcome] = useState<Shared | null>(null);
  if (!boot.selfService) return null;
  const invitation = invitationTo(boot, language, share);
  const { line } = errands;
  const press = async () => {
    const shared = await shareBy({
      picker: line === null ? null : () => line.share(flexOf(invitation, share.play, boot.theme)),
      // Not every browser has it, whatever its types say.
      system: "share" in navigator ? () => navigator.share(invitation) : null,
      copy: async () => (await copy(invitation.url, navigator.clipboard, () => copySelection(link.current))) === "copied",
    });
    setOutcome(shared);
    if (shared === "shown") copySelection(link.current);
  };
  return (
    <>
      <button type="button" class="button button--quiet" onClick={() => void press()}>
        {share.title}
      </button>
      <div class="links__said" role="status">
        {outcome === "sent" && share.sent}
        {outcome === "copied" && share.copied}
        {outcome === "shown" && messages.copyByHand}
        <p ref={link} class={outcome === "shown" ? "links__link" : "unseen"} aria-hidden={outcome !== "shown"}>
          {invitation.url}
        </p>
      </div>
    </>
  );
}
