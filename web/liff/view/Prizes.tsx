import { formatMoney } from "../text/format.ts";
import { useCampaign } from "./campaign.ts";
import { PrizePicture } from "./PrizePicture.tsx";

/** What can be won. */
export function Prizes() {
  const { boot, language, messages, text } = useCampaign();
  const prizes = boot.prizes.filter(({ kind }) => kind !== "none");
  if (prizes.length === 0) return null;
  return (
    <section class="prizes">
      <h2 class="prizes__title">{messages.prizes}</h2>
      <ul class="prizes__list">
        {prizes.map(({ id, name, description, value, ...drawn }) => (
          <li key={id} class="prizes__item">
            <PrizePicture prize={drawn} class="prizes__image" sizes="40px" medal="medal medal--small" />
            <span class="prizes__words">
              <span>
                <b class="prizes__name">{text(name)}</b>
                {description !== undefined && <span class="prizes__more">{text(description)}</span>}
              </span>
              {value !== undefined && <span class="prizes__value">{formatMoney(value, language)}</span>}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
