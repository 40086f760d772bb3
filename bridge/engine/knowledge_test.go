package engine_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/bridge/analysis/offline"
	"parley/store"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which customers
// write and are answered, and a fake chat, in whose channel "support" agents work.

// addPage puts a page into the knowledge base.
func (w *world) addPage(place, address, title, body string) {
	w.t.Helper()
	ctx := w.t.Context()
	check(w.t, store.InTx(ctx, w.pool, func(tx pgx.Tx) error {
		if err := store.SaveKnowledgePlaces(ctx, tx, []string{place}, true); err != nil {
			return err
		}
		page := store.KnowledgePage{Place: place, Address: address}
		return store.SaveKnowledgePage(ctx, tx, page, []store.KnowledgeSection{{Title: title, Body: body, Language: "en"}})
	}))
}

// The rules suggest what the knowledge base says, and note and form name the page, with its address.
// Requirement R-185: Suggested replies.
func TestSuggestedFromTheKnowledgeBase(t *testing.T) {
	t.Parallel()
	const address = "https://acme.test/help/returns"
	w := newWorld(t, options{analyzer: offline.New()})
	w.addPage("https://acme.test/help/", address, "Returns", "You can return your lamp within 30 days. See "+address+" for the return slip.")
	w.customerWrites("kim", "How do I return my lamp?")
	w.waitShown("How do I return")
	w.makeBurstsDue()
	w.eventually("a reply is suggested", func() bool { return w.suggestionsIn(1) != 0 })

	suggested := must(w.engines[0].Desk(w.surface).Suggested(t.Context(), 1, w.suggestionsIn(1), "ann"))(t)
	if len(suggested) != 1 || len(suggested[0].Sources) != 1 {
		t.Fatalf("suggested is %+v, want one reply of one source", suggested)
	}
	wantPrefix(t, "the suggested reply", suggested[0].Text, "You can return your lamp")
	wantEqual(t, "the address of its source", suggested[0].Sources[0].Link, address)
	naming := w.count(`SELECT count(*) FROM deliveries WHERE payload #>> '{line,Sources,0,Title}' = 'Returns'`)
	wantEqual(t, "notes that name the page", naming, 1)
}
