package demo

import (
	"context"
	"net/http"
	"time"
)

// journalInterval is how often the observer looks for changes when no event wakes it.
const journalInterval = time.Second

// journalPage serves the journal, a list of all messages that were sent in the demo and whether each of them arrived. A
// row says, for example, that Dana's mail arrived in Slack once, after two seconds. The observer (observer*.go)
// compiles the journal by watching the emulated mail server, chats and phones from outside Parley.
type journalPage struct {
	*pageState
	plugs    *plugs
	observer *Observer
}

// showJournal serves GET /journal.
func (j *journalPage) showJournal(w http.ResponseWriter, r *http.Request) {
	report, err := j.readReport(r.Context())
	if err != nil && r.Context().Err() == nil {
		j.options.Log.Warn("journal", "error", err) // expected while the demo starts over, or without a database
	}
	writeJSON(w, report)
}

// watch runs the observer until ctx ends, at each event and at least every journalInterval. The observer must see each
// text before somebody edits it, and must notice overdue messages. Open pages are notified if the counts change.
func (j *journalPage) watch(ctx context.Context) {
	tick := time.NewTicker(journalInterval)
	defer tick.Stop()
	var last Counts
	for {
		next := j.hub.next()
		report, err := j.readReport(ctx)
		if err != nil && ctx.Err() == nil {
			j.options.Log.Debug("journal", "error", err)
		}
		if report.Counts != last {
			last = report.Counts
			j.hub.wake()
		}

		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-next:
		}
	}
}

// readReport updates the observer and returns its report.
// Errors: Parley's database does not answer; the report may then lack Parley's own records.
func (j *journalPage) readReport(ctx context.Context) (Report, error) {
	return j.observer.Report(ctx, j.db.Load(), j.plugs.readState().isAllOn())
}
