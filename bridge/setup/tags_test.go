package setup

import (
	"strings"
	"testing"

	"parley/channels/golden"
	"parley/store"
	"parley/store/storetest"
)

const shopTags = `
tags:
  - {name: Billing, description: "Invoices, and what is paid", color: "#112233", category: topic}
  - {name: Escalated, kind: label}
  - {name: Spare Parts}
`

// A file changes the list of tags. A tag that is taken out stays in the table, and a former name of a renamed tag
// stays with it, so that conversations still show them.
// Requirement R-152: New tags with colours.
// Requirement R-153: Change and delete tags.
// Requirement R-157: Kinds of tags.
// Requirement R-161: Labels that stand out.
func TestApplyTags(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	o := options(t)
	var shown strings.Builder
	step := func(name, raw string) {
		t.Helper()
		shown.WriteString("== " + name + "\n" + apply(t, pool, raw, o).Text())
		if again := apply(t, pool, raw, o); len(again.Changes) > 0 {
			t.Errorf("%s, applied again:\n%s", name, again.Text())
		}
	}

	step("a new one, and two that are there from the start", shopTags)
	step("another name", "tags: [{name: Parts, formerly: [spare parts]}]")
	step("and another", "tags: [{name: Parts and Tools, formerly: [Parts], description: What breaks}]")
	step("another spelling", "tags: [{name: parts and tools}]")
	step("two become one", "tags: [{name: Sales, formerly: [Support, parts and tools]}]")
	step("a former name is a tag again", "tags: [{name: Parts, color: \"\"}]")
	step("no category, and other capitals", "tags: [{name: Sales, category: \"\", description: Who wants to buy}, {name: VIP customer}]")

	round := must(Export(t.Context(), pool, specs()))(t)
	o.Prune = true
	step("pruned without a list", "company: Acme")
	step("pruned", "tags: [{name: Sales}, {name: Orders, formerly: [Billing]}]")
	step("back again", string(round))
	golden.Text(t, "testdata/tags.txt", shown.String())

	byName := map[string]store.Tag{}
	for _, tag := range directory(t, pool).Tags {
		byName[tag.Name] = tag
	}
	if got := byName["Sales"]; strings.Join(got.Formerly, ", ") != "Support, Spare Parts, Parts and Tools, parts and tools" {
		t.Errorf("Sales had the names %q", got.Formerly)
	}
	if got := byName["Billing"]; !got.Active || got.Color != "#112233" || got.Description != "Invoices, and what is paid" {
		t.Errorf("Billing is %+v", got)
	}

	fresh := storetest.Reused(t)
	apply(t, fresh, string(round), o)
	again, err := Export(t.Context(), fresh, specs())
	if err != nil || string(again) != string(round) {
		t.Errorf("exported again (%v):\n%s\nwant:\n%s", err, again, round)
	}
}
