package demo

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/bridge/analysis/offline"
	"parley/cmd/parley/app"
	"parley/store"
)

// tourAt skips the tour's steps before one, and follows the link of that one.
func (l *live) tourAt(step string) {
	l.t.Helper()
	shown := fmt.Sprintf(`document.querySelector('#tour [data-step="%s"]')`, step)
	l.until("the tour comes to "+step, shown+` || (document.querySelector('[data-focus="tourskip"]')?.click(), false)`)
	l.js("show me", shown+".click()")
}

// The tour leads to a suggested reply from the company's pages, to a summary, and to the pages of the site.
// TestTour and TestTeamsInThePage do the steps before, and stories use what these steps show: only the long form has this test.
func TestTourOfHelpAndSite(t *testing.T) {
	if !soak() {
		t.Skip("only in the long form")
	}
	t.Parallel()
	l := newLiveIn(t, SurfaceSlack, func(o *app.Options) { o.Analyzer = offline.New() })
	folder := must(writeKnowledge(t.TempDir()))(t)
	pool := l.page.db.Load()
	check(t, store.InTx(t.Context(), pool, func(tx pgx.Tx) error { return store.SaveKnowledgePlaces(t.Context(), tx, []string{folder}, true) }))
	l.untilOutside("the company's pages are read", func() bool {
		var pages int
		err := pool.QueryRow(t.Context(), `SELECT count(*) FROM knowledge_sections`).Scan(&pages)
		return err == nil && pages >= 4
	})

	l.sendMail("Maria Lopez <"+maria+">", "A mug arrived broken", "Hello, one of the mugs arrived broken. What can I do?\n\nMaria")
	l.openThread(SurfaceSlack, "A mug arrived broken")
	l.untilShown(".threadpane .msg", "Broken in transit")

	l.tourAt("suggestion")
	l.openForm(`#slack .threadpane [data-label="Use reply"]`, "textarea")
	l.shot("suggestion-form")
	l.click("#modal footer .primary")
	l.untilTicked("suggestion")

	l.tourAt("ai")
	l.until("the command is typed", `document.getElementById('reply').value === '!ai'`)
	l.click(".threadpane .send")
	l.untilTicked("ai")
	l.untilShown(".threadpane .msg", "Summary")
	l.shot("summary")

	for _, place := range sitePlaces() {
		l.tourAt(place.name)
		l.untilTicked(place.name)
	}
	l.untilShown("#tour", "That was the tour")
}
