package demo

import (
	"context"
	"net/http"
	"sync"
	"time"

	"parley/store"
)

const (
	// streamPause is the delay before a change is announced, so that a burst of changes causes one announcement.
	streamPause = 40 * time.Millisecond
	// streamBeat is the interval of the comments that keep proxies and browsers from closing an idle stream.
	streamBeat = 15 * time.Second
	// databaseInterval is how often the database is polled for changes that no emulator sees.
	databaseInterval = 700 * time.Millisecond
	// pageQueryTimeout limits the page's database queries, so that the rest of the page works while the database is down.
	pageQueryTimeout = 5 * time.Second
)

// hub notifies all open browser pages of the demo that something has changed. It doesn't say what: each page then
// requests its whole state again (GET /state). For example, when a mail arrives, its mailbox's watcher calls wake, and
// the stream of each open page, which waits on the channel from next, sends an event. The zero value is ready to use.
type hub struct {
	mu      sync.Mutex
	changed chan struct{} // closed and replaced at each change
}

// wake closes the channel that next has returned, which notifies everybody who waits on it.
func (h *hub) wake() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.changed != nil {
		close(h.changed)
	}
	h.changed = make(chan struct{})
}

// next returns a channel that is closed at the next change.
func (h *hub) next() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.changed == nil {
		h.changed = make(chan struct{})
	}
	return h.changed
}

// streamEvents sends a server-sent event to a page whenever it should request its state again.
func (p *Page) streamEvents(w http.ResponseWriter, r *http.Request) {
	out := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	beat := time.NewTicker(streamBeat)
	defer beat.Stop()
	changed := p.hub.next()
	line := "retry: 1000\ndata: hello\n\n"
	for {
		_, err := w.Write([]byte(line))
		if err != nil || out.Flush() != nil {
			return
		}

		select {
		case <-r.Context().Done():
			return
		case <-beat.C:
			line = ": still here\n\n"
			continue
		case <-changed:
		}

		select {
		case <-r.Context().Done():
			return
		case <-time.After(streamPause):
		}

		changed = p.hub.next() // before the page requests its state, so that no later change is missed
		line = "data: changed\n\n"
	}
}

// watchDatabase polls the database for changes that the emulators don't see, such as a reply that waits to be sent. The
// page shows them in its drawer and in the guided tour. It returns when ctx ends.
func (p *Page) watchDatabase(ctx context.Context) {
	const fingerprint = `
		SELECT concat_ws(' ',
			(SELECT max(id) FROM events),
			(SELECT id FROM log_entries ORDER BY at DESC, id DESC LIMIT 1),
			(SELECT string_agg(concat_ws(' ', state, number, attempts), ',' ORDER BY state)
				FROM (SELECT state, count(*) AS number, sum(attempt) AS attempts FROM deliveries GROUP BY state) AS d))`
	previous := ""
	tick := time.NewTicker(databaseInterval)
	defer tick.Stop()

	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}

		pool := p.db.Load()
		if pool == nil {
			continue
		}

		current, err := oneText(ctx, pool, fingerprint)
		if err != nil {
			continue // the database may be down for a moment
		}
		if current != previous {
			previous = current
			p.hub.wake()
		}
	}
}

// oneText runs a query that returns one row with one text column.
func oneText(ctx context.Context, q store.Querier, sql string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, pageQueryTimeout)
	defer cancel()
	var s string
	err := q.QueryRow(ctx, sql).Scan(&s)
	return s, err
}
