package setup

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"parley/store/storetest"
)

// everything has a value for each key that parley.yaml knows.
const everything = acme + `  - name: aviary
    kind: raven
    hours:
      zone: Europe/Berlin
      week: {mon-fri: "09:00-12:30, 13:30-17:30", "sat,sun": closed}
      holidays:
        country: DE-BY
        days: [{date: 2026-12-24, name: "Christmas: Eve", open: "09:00-12:00"}, {date: 2026-12-31}]
        except: [Fronleichnam, 2026-11-01]
    rules:
      - {by: team, team: Support, when: {intent: invoice, text: "my bill"}}
      - {by: skill, skill: german, when: {language: de, hours: open}}
      - {by: field, field: account_manager}
      - {by: least_load}
    fallback: ann@acme.test
    auto_reply:
      first: {text: "Thank you, {{first_name}}."}
      closed: {text: "We open {{opens}}.", languages: {de: "Wir öffnen: {{opens}}.", fr: "Ouvert {{opens}}"}}
      dates: [{from: 2026-12-24, to: 2027-01-02, text: "We are back on 2 January.", languages: {de: "Bis zum 2. Januar"}}]
    signature: "**Acme** $${X}\n- y: 'z'"
    reply_mode: explicit
    rate: 0.5
    paused: true
  - name: dovecote
    kind: pigeon
    addresses: [{address: sales@acme.test, name: Acme Sales, signature: "Your *sales*\n: team", team: Support}, {address: jobs@acme.test}]
    loft: {address: doves@acme.test, in: {host: doves.acme.test, password: "${LOFT_PASSWORD}"}}
retention: {arrived_days: 45, ended_days: 90}
settings:
  receipts: sent
  file_limits: "image 5MB"
  ai_references: |
    order: \bSO-\d{6}\b -> https://shop.example/orders/{number}
    invoice
  ai_intents: "warranty: asks about the guarantee = guarantee, Garantie"
templates:
  - name: Order update
    language: en_US
    accounts: [rookery, home-loft]
    types: [start, reply]
    labels: [orders, "late: ones"]
    category: marketing
    header: "Order {{quote_number}}"
    body: "Hello {{first_name}},\nyour order left."
    footer: Acme
    buttons: [{title: Track, url: "https://acme.test/track"}, {title: "Call: me"}]
    examples: {first_name: Ann, quote_number: "007"}
tags:
  - {name: Spare Parts, description: "What breaks: lamps", color: "#112233", category: issue, kind: label, formerly: [Parts, "Spares #2"]}
  - {name: Billing, color: "", category: ""}
knowledge:
  - folder: /srv/knowledge
  - url: https://example.com/help/
`

// A set-up that is read for pages and saved by pages, one entry after the other, exports as the same file again. Each
// key that the export knows is in a Field, so that a page can show it.
func TestRoundByPages(t *testing.T) {
	t.Parallel()
	o := options(t)
	from, to := storetest.Reused(t), storetest.DB(t)
	apply(t, from, everything, o, "LOFT_PASSWORD=tops3cret", "OUT=0ther")
	want := must(Export(t.Context(), from, specs()))(t)
	entries := must(Entries(t.Context(), from, specs()))(t)
	there := must(Entries(t.Context(), to, specs()))(t)

	for _, e := range entries {
		fields := FieldsOf(e.Kind, SpecOf(specs(), e.Channel))
		for path := range e.Values {
			if !slices.ContainsFunc(fields, func(f Field) bool {
				return f.Path == path || strings.HasPrefix(path, f.Path+".")
			}) && path != "kind" {
				t.Errorf("no page can show %s of a %s", path, e.Kind)
			}
		}

		c := Change{Kind: e.Kind, Name: e.Name, Channel: e.Channel, Values: maps.Clone(e.Values)}
		delete(c.Values, "kind")
		if e.Kind == EntryTag {
			c.Values["kind"] = e.Values["kind"]
		}
		for _, secret := range e.Stored {
			c.Values[secret] = []string{map[string]string{"loft.in.password": "tops3cret", "loft.out.deep.password": "0ther"}[secret]}
		}

		if i := slices.IndexFunc(there, func(old Entry) bool { return old.Kind == e.Kind && old.Name == e.Name }); i >= 0 {
			c.Version = there[i].Version
		}
		if _, err := Save(t.Context(), to, c, o); err != nil {
			t.Fatalf("%s %s: %v", e.Kind, e.Name, err)
		}
	}
	if got, err := Export(t.Context(), to, specs()); err != nil || string(got) != string(want) {
		t.Errorf("%v\n%s\nwant\n%s", err, got, want)
	}
}
