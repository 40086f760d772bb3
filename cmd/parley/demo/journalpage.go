package demo

import (
	"context"
	"net/http"
	"time"

	"parley/cmd/parley/demo/judge"
	"parley/cmd/parley/demo/witness"
)

// journalPace is how often the witness looks when nothing happens.
const journalPace = time.Second

// lookout lets the witness look at what was said and what arrived, and shows its account.
type lookout struct {
	*house
	plugs   *plugs
	witness *witness.Witness
}

func (p *lookout) showJournal(w http.ResponseWriter, r *http.Request) {
	j, err := p.readAccount(r.Context())
	if err != nil && r.Context().Err() == nil {
		p.o.Log.Warn("journal", "error", err) // during a change of rounds, or without a database
	}
	writeJSON(w, j)
}

// watch keeps the witness looking: it must see each text before somebody edits the text, and
// notice when something is overdue.
func (p *lookout) watch(ctx context.Context) {
	tick := time.NewTicker(journalPace)
	defer tick.Stop()
	var last judge.Counts
	for {
		next := p.hub.next()
		j, err := p.readAccount(ctx)
		if err != nil && ctx.Err() == nil {
			p.o.Log.Debug("journal", "error", err)
		}
		if j.Counts != last {
			last = j.Counts
			p.hub.wake()
		}

		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-next:
		}
	}
}

// readAccount lets the witness look and returns its account. Errors: Parley's database does
// not answer; then the account is without Parley's word.
func (p *lookout) readAccount(ctx context.Context) (witness.Account, error) {
	return p.witness.Account(ctx, p.db.Load(), p.plugs.readState().isAllOn())
}
