import { formatMoney } from "../text/format.ts";
import { useCampaign } from "./campaign.ts";
import { Icon } from "./Icon.tsx";
import { Picture } from "./Picture.tsx";
import { PRIZE_DRAWINGS } from "./prize-drawings.ts";

/** What can be won. */
export function Prizes() {
  const { boot, language, messages, text } = useCampaign();
  const prizes = boot.prizes.filter(({ kind }) => kind !== "none");
  if (prizes.length === 0) return null;
  return (
    <section class="prizes">
      <h2 class="prizes__title">{messages.prizes}</h2>
      <ul class="prizes__list">
        {prizes.map(({ id, kind, name, description, image, value }) => (
          <li key={id} class="prizes__item">
            {image === undefined ? (
              <span class="medal medal--small">
                <Icon drawing={PRIZE_DRAWINGS[kind]} />
              </span>
            ) : (
              <Picture class="prizes__image" image={image} sizes="40px" />
            )}
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
