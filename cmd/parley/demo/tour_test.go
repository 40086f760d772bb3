package demo

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/bridge/analysis/offline"
	"parley/cmd/parley/app"
	"parley/cmd/parley/demo/company"
	"parley/store"
	"parley/store/knowledge"
)

// tourAt skips the tour's steps before one, and follows the link of that one.
func (l *live) tourAt(step string) {
	l.t.Helper()
	shown := fmt.Sprintf(`document.querySelector('#tour [data-step="%s"]')`, step)
	l.until("the tour comes to "+step, shown+` || (document.querySelector('[data-focus="tourskip"]')?.click(), false)`)
	l.js("show me", shown+".click()")
}

// In both halves the tour leads to a suggested reply from the company's pages, to a summary, and to the pages of the site.
// TestTour and TestTeamsInThePage do the steps before.
func TestTourOfHelpAndSite(t *testing.T) {
	t.Parallel()
	for _, half := range []struct{ surface, reply, submit, send, said string }{
		{company.SurfaceSlack, "reply", "#modal footer .primary", ".threadpane .send", ".threadpane .msg"},
		{company.SurfaceTeams, "t-reply", "#modal .ac-button.positive", "#teams .threadpane .send", inThread},
	} {
		t.Run(half.surface, func(t *testing.T) {
			t.Parallel()
			playEndOfTour(t, half.surface, half.reply, half.submit, half.send, half.said)
		})
	}
}

func playEndOfTour(t *testing.T, surface, reply, submit, send, said string) {
	t.Helper()
	l := newLiveIn(t, surface, func(o *app.Options) { o.Analyzer = offline.New() })
	folder := must(writeKnowledge(t.TempDir()))(t)
	pool := l.page.db.Load()
	check(t, store.InTx(t.Context(), pool, func(tx pgx.Tx) error { return knowledge.SavePlaces(t.Context(), tx, []string{folder}, true) }))
	l.untilOutside("the company's pages are read", func() bool {
		var pages int
		err := pool.QueryRow(t.Context(), `SELECT count(*) FROM knowledge_sections`).Scan(&pages)
		return err == nil && pages >= 4
	})

	l.sendMail("Maria Lopez <"+maria+">", "A mug arrived broken", "Hello, one of the mugs arrived broken. What can I do?\n\nMaria")
	l.openThread(surface, "A mug arrived broken")
	l.untilShown(said, "Broken in transit")

	l.tourAt("suggestion")
	l.openForm("#"+surface+` .threadpane [data-label="Use reply"]`, "textarea")
	l.shot("suggestion-form-" + surface)
	l.click(submit)
	l.untilTicked("suggestion")

	l.tourAt("ai")
	l.until("the command is typed", fmt.Sprintf(`document.getElementById('%s').value === '!ai'`, reply))
	l.click(send)
	l.untilTicked("ai")
	l.untilShown(said, "Summary")
	l.shot("summary-" + surface)

	for _, place := range sitePlaces() {
		l.tourAt(place.name)
		l.untilTicked(place.name)
	}
	l.untilShown("#tour", "That was the tour")
}
