package setup

import (
	"strings"
	"testing"

	"parley/channels/golden"
	"parley/store"
	"parley/store/storetest"
)

const acmeTemplates = `
templates:
  - name: Order update
    language: en_US
    accounts: [home-loft, rookery]
    types: [reply, window]
    labels: [Orders]
    category: utility
    header: Order {{quote_number}}
    body: |
      Hello {{first_name}},

      your order {{quote_number}} is on its way: {{tracking}} has it.
    footer: Acme
    buttons: [{title: Track it, url: "https://shop.example/track"}, {title: Call me}]
    examples: {tracking: 1Z999}
  - {name: Hello, language: de, accounts: [rookery], types: [start], category: marketing, provider_name: acme_hello, body: Guten Tag!}
`

// verdict sets the status of a template, as if its provider had said so.
func verdict(t *testing.T, pool interface {
	store.Querier
	store.Execer
}, name, status string) {
	t.Helper()
	rows := must(store.ListTemplates(t.Context(), pool, 0))(t)
	for _, row := range rows {
		must(pool.Exec(t.Context(), `UPDATE templates SET todo = '' WHERE id = $1`, row.ID))(t)
		if row.Status = status; row.Name == name {
			check(t, store.SetTemplateState(t.Context(), pool, row))
		}
	}
}

// A file adds templates to each account that it names. Applied again, it changes nothing. If the provider sees a
// change, the template is handed in again, otherwise not. With --prune, templates that the file doesn't name are
// deleted, at the provider, too.
func TestTemplates(t *testing.T) {
	t.Parallel()
	o, pool := options(t), storetest.Reused(t)
	secrets := []string{"LOFT_PASSWORD=tops3cret", "OUT=0ther"}
	var shown strings.Builder
	step := func(name, file string) {
		t.Helper()
		shown.WriteString("== " + name + "\n" + apply(t, pool, file, o, secrets...).Text())
	}

	step("new, with their accounts", acme+acmeTemplates)
	step("again", acmeTemplates)
	verdict(t, pool, "Order update", "approved")
	step("other labels", "templates: [{name: order UPDATE, language: en_US, accounts: [rookery], labels: [Orders, Parcels]}]")

	status := func() string {
		t.Helper()
		var s string
		check(t, pool.QueryRow(t.Context(),
			`SELECT string_agg(a.name || ' ' || t.name || ' ' || t.status || ' ' || t.todo || ' ' || t.version, ', ' ORDER BY a.name, t.name)
			FROM templates AS t JOIN accounts AS a ON a.id = t.account_id`).Scan(&s))
		return s
	}

	if got, want := status(), "home-loft Order update approved  1, rookery Hello pending  1, rookery Order update approved  1"; got != want {
		t.Errorf("after a change of labels: %s, want %s", got, want)
	}

	step("another footer", "templates: [{name: Order update, language: en_US, accounts: [rookery], footer: Acme Inc.}]")
	const changed = "home-loft Order update approved  1, rookery Hello pending  1, rookery Order update pending submit 2"
	if got := status(); got != changed {
		t.Errorf("after a change of the footer: %s, want %s", got, changed)
	}

	out := must(Export(t.Context(), pool, specs()))(t)
	_, exported, _ := strings.Cut(string(out), "templates:")
	exported, _, _ = strings.Cut(exported, "tags:")
	shown.WriteString("== exported\ntemplates:" + exported)

	o.Prune = true
	exportedSecrets := []string{"HOME_LOFT_IN_PASSWORD=tops3cret", "HOME_LOFT_OUT_DEEP_PASSWORD=0ther"}
	if got := apply(t, pool, string(out), o, exportedSecrets...); len(got.Changes) > 0 {
		t.Errorf("applying the export changes\n%s", got.Text())
	}

	step("nothing about templates, pruned", "company: Acme")
	step("pruned", "templates: [{name: Hello, language: de, accounts: [rookery]}]")
	if got := status(); !strings.Contains(got, "home-loft Order update disabled delete") || !strings.Contains(got, "rookery Hello pending") {
		t.Errorf("after pruning: %s", got)
	}

	step("back again", acmeTemplates)
	golden.Text(t, "testdata/templates.txt", shown.String())
}
