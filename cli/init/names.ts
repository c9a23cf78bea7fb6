/**
 * What columns are called, without blanks, dashes, accents and capitals. The best words come first; English ones are
 * followed by German, French, Spanish, Italian and Dutch ones.
 */
export const role = {
  user: [
    /^(user|customer|client|visitor|member|account|buyer|person|reader|listener|reviewer|session)_?(id|no|number|key|code)?$/,
    /user|customer|client|visitor|member|buyer|reviewer/,
    /^uid$/,
    /kunde|nutzer|besucher|mitglied|kaufer|utilisateur|acheteur|usuario|utente|klant|gebruiker/,
  ],
  item: [
    /^(item|product|article|movie|book|track|song|video|stock|content|asset|show|game|listing)_?(id|no|number|key|code)$/,
    /^(sku|asin|isbn|ean|upc)$/,
    /item|product|article|movie|book|track|sku|stock|content|asset/,
    /^id$/,
    /artikel|produkt|ware|produit|producto|articulo|prodotto|articolo/,
  ],
  timestamp: [/^(timestamp|time|date|datetime|ts)$/, /time|date|created|occurred|(^|_)at$/, /.*/],
  event: [
    /^(event|eventtype|event_type|event_name|action|interaction|interaction_type|behaviou?r)$/,
    /event|action|behaviou?r|activity/,
    /^type$/,
    /ereignis|vorgang|aktion|evenement|evento|accion|azione|gebeurtenis/,
  ],
  value: [
    /^(value|rating|score|stars|overall|event_value)$/,
    /rating|score|stars/,
    /quantity|qty|count|plays/,
    /amount|price|revenue/,
    /bewertung|sterne|valoracion|valutazione/,
    /menge|anzahl|stuckzahl|quantit|cantidad|aantal/,
  ],
  title: [
    /^(title|name|product_?name|item_?name|product_?title|movie_?title|label)$/,
    /title|name/,
    /description|label/,
    /titel|titre|titulo|titolo|bezeichnung|beschreibung|libelle|nombre|descri|naam/,
  ],
  receipt: [
    /invoice|order|receipt|transaction|basket/,
    /rechnung|beleg|bestell|auftrag|facture|commande|factura|pedido|fattura|ordine/,
  ],
  rating: /value|rating|score|stars|overall|bewertung|sterne|valoracion|valutazione/i,
} as const;

/** The column whose name fits best, of those that may be it. */
export function findBy<Column extends { readonly name: string }>(
  profiles: readonly Column[],
  words: readonly RegExp[],
  fits: (profile: Column) => boolean,
): Column | undefined {
  for (const word of words) {
    const found = profiles.find((profile) => word.test(plain(profile.name)) && fits(profile));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `CustomerID` as customer_id, and of `a.b.c` the last names that say something (`Item.user_id.S` and `user.id` are user_id). */
function plain(name: string): string {
  const parts = name.split('.').filter((part) => part.length > 1 && !part.startsWith('$'));
  const isVague = /^(id|key|no|name|code)$/i.test(parts.at(-1) ?? '');
  const said = parts.slice(isVague ? -2 : -1).join('_') || name;
  return said
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[\s-]+/g, '_');
}
