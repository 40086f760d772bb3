package demo

import (
	"context"
	"net/http"
	"time"

	"parley/cmd/parley/demo/checker"
	"parley/cmd/parley/demo/observer"
)

// journalInterval is the time between two looks of the observer when nothing happens.
const journalInterval = time.Second

// journalPage shows the report of the observer: what was sent, and what became of it.
type journalPage struct {
	*pageState
	plugs    *plugs
	observer *observer.Observer
}

// showJournal is GET /journal.
func (j *journalPage) showJournal(w http.ResponseWriter, r *http.Request) {
	report, err := j.readReport(r.Context())
	if err != nil && r.Context().Err() == nil {
		j.options.Log.Warn("journal", "error", err) // during a change of rounds, or without a database
	}
	writeJSON(w, report)
}

// watch keeps the observer looking: it must see each text before somebody edits the text, and notice when something is
// overdue.
func (j *journalPage) watch(ctx context.Context) {
	tick := time.NewTicker(journalInterval)
	defer tick.Stop()
	var last checker.Counts
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

// readReport lets the observer look and returns its report. Errors: Parley's database does not answer; then the report is
// without Parley's own records.
func (j *journalPage) readReport(ctx context.Context) (observer.Report, error) {
	return j.observer.Report(ctx, j.db.Load(), j.plugs.readState().isAllOn())
}
