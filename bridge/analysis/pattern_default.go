package analysis

import "slices"

// DefaultPatterns returns the patterns of a desk that has chosen none of its own, and of a kind that it names without an
// expression. They find what a word announces ("order 4711", "Rechnung Nr. 2024/118"), what shops often write (ORD-4711)
// and amounts of money. Whatever looks otherwise is found by a pattern that the admin sets.
func DefaultPatterns() []Pattern {
	// A number of four digits or more, or of less behind "no." or "#"; it may have letters before it and other groups.
	const (
		group = `[A-Z0-9]*\d[A-Z0-9]*`
		tail  = `(?:[-/.]` + group + `)*`
		word  = `n(?:o|r|um(?:m?er|[eé]ro|ber)?|úmero)`
		is    = `(?:(?:is|ist|est|es)\s)?`
		value = `[\s:]*(?:(?:` + word + `|n)?[.:°º]?\s?` + is + `#\s?|` + word + `[.:°º]?[\s:]*` + is + `|n[°º]\s?)(` +
			`(?:[A-Z]{1,5}[-/ ]?)?\d[A-Z0-9]+` + tail + `)`
		plain = `[\s:]*((?:[A-Z]{1,5}[-/]?)?\d[A-Z0-9]{3,}` + tail + `|[A-Z]{1,5}[-/]\d[A-Z0-9]+` + tail + `|\d{2,}[-/]\d{2,}` + tail + `)\b`
	)
	announced := func(kind, words string) []Pattern {
		return []Pattern{
			{Kind: kind, Regexp: `(?i)\b(?:` + words + `)` + value},
			{Kind: kind, Regexp: `(?i)\b(?:` + words + `)` + plain},
		}
	}
	return slices.Concat(
		[]Pattern{
			{Kind: "order", Regexp: `\b(?:ORD|ORDER|SO|PO)-?\d{3,}[A-Z0-9-]*\b`},
			{Kind: "invoice", Regexp: `\b(?:INV|RE|RG|FV|FAC)[-/]?\d{3,}[A-Z0-9/-]*\b`},
			{Kind: "quote", Regexp: `\b(?:QUO|QUOTE|QT|Q|AN|AG)-\d{2,}[A-Z0-9-]*\b`},
			{Kind: "shipment", Regexp: `\b(?:1Z[A-Z0-9]{16}|[A-Z]{2}\d{9}[A-Z]{2})\b`},
			{Kind: "ticket", Regexp: `\b(?:TICKET|CASE|INC|TKT)-\d{2,}[A-Z0-9-]*\b`},
			{Kind: "amount", Regexp: `(?:[€$£]|\b(?:EUR|USD|GBP|CHF|PLN)) ?\d[\d.,]*\d\b|\b\d[\d.,]* ?(?:[€£]|(?:EUR|USD|GBP|CHF|PLN|zł)\b)`},
		},
		announced("order", `order|bestellung|bestell|auftrag|auftrags|commande|pedido|encomenda|ordine|bestelling|bestel|zam[óo]wieni[ea]`),
		announced("invoice", `invoice|bill|rechnung|rechnungs|facture|factura|fatura|fattura|factuur|faktur[aęy]?`),
		announced("quote", `quote|quotation|offer|angebot|angebots|devis|presupuesto|or[çc]amento|preventivo|offerte|oferta|ofert[ęy]`),
		announced("shipment", `tracking|parcel|shipment|sendung|sendungs|paket|colis|env[íi]o|env[íi]os|seguimiento|encomenda|`+
			`spedizione|pakket|przesy[łl]k[aię]`),
		announced("ticket", `ticket|case|vorgang|vorgangs|incidencia|dossier`),
	)
}

// Patterns returns the patterns by which a desk's reference numbers are found.
func (d *Desk) Patterns() (all []Pattern) {
	if len(d.References) == 0 {
		return DefaultPatterns()
	}
	for _, p := range d.References {
		if p.Regexp != "" {
			all = append(all, p)
			continue
		}
		for _, usual := range DefaultPatterns() {
			if usual.Kind == p.Kind {
				all = append(all, Pattern{Kind: p.Kind, Regexp: usual.Regexp, Link: p.Link})
			}
		}
	}
	return all
}

// builtInKinds returns the kinds of reference numbers that are recognised without a pattern of the desk.
func builtInKinds() (kinds []string) {
	for _, p := range DefaultPatterns() {
		if !slices.Contains(kinds, p.Kind) {
			kinds = append(kinds, p.Kind)
		}
	}
	return kinds
}
