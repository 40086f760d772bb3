package engine_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/bridge/analysis/offline"
	"parley/store"
	"parley/store/knowledge"
)

// addPage puts a page into the knowledge base.
func (w *world) addPage(place, address, title, body string) {
	w.t.Helper()
	check(w.t, store.InTx(w.t.Context(), w.pool, func(tx pgx.Tx) error {
		if err := knowledge.SavePlaces(w.t.Context(), tx, []string{place}, true); err != nil {
			return err
		}
		return knowledge.SavePage(w.t.Context(), tx, knowledge.Page{Place: place, Address: address}, []knowledge.Section{{Title: title, Body: body, Language: "en"}})
	}))
}

// The rules suggest what the knowledge base says, and note and form name the page, with its address.
//
func TestSuggestedFromTheKnowledgeBase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: offline.New()})
	w.addPage("https://acme.test/help/", "https://acme.test/help/returns", "Returns", "You can return your lamp within 30 days. See https://acme.test/help/returns for the return slip.")
	w.customerWrites("kim", "How do I return my lamp?")
	w.waitShown("How do I return")
	w.makeBurstsDue()
	w.eventually("a reply is suggested", func() bool { return w.suggestionsIn(1) != 0 })
	got := must(w.engines[0].Desk(w.surface).Suggested(t.Context(), 1, w.suggestionsIn(1), "ann"))(t)
	if len(got) != 1 || len(got[0].Sources) != 1 {
		t.Fatalf("suggested is %+v, want one reply of one source", got)
	}
	wantPrefix(t, "the suggested reply", got[0].Text, "You can return your lamp")
	wantEqual(t, "its source", got[0].Sources[0].Link, "https://acme.test/help/returns")
	if n := w.count(`SELECT count(*) FROM deliveries WHERE payload #>> '{line,Sources,0,Title}' = 'Returns'`); n != 1 {
		t.Errorf("%d notes name the page, want 1", n)
	}
}
