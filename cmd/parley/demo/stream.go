package demo

import (
	"context"
	"net/http"
	"sync"
	"time"

	"parley/store"
)

const (
	// streamPause is the wait after a change, so that several changes in a row are announced as one.
	streamPause = 40 * time.Millisecond
	// streamBeat keeps proxies and browsers from giving the stream up.
	streamBeat = 15 * time.Second
	// databaseInterval is the time between two looks into the database for changes that no emulator saw.
	databaseInterval = 700 * time.Millisecond
	// pageQueryTimeout ends what the page asks the database, so that it shows what it has while the database is down.
	pageQueryTimeout = 5 * time.Second
)

// hub tells all open pages of the demo in a browser that something has changed. Each then asks for the new state.
// The zero value is ready to use.
type hub struct {
	mu      sync.Mutex
	changed chan struct{} // closed and replaced at each change
}

// wake tells all who wait for next that something has changed.
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

// streamEvents tells a page, by server-sent events, that it should look again.
func (p *Page) streamEvents(w http.ResponseWriter, r *http.Request) {
	out := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	beat := time.NewTicker(streamBeat)
	defer beat.Stop()
	next := p.hub.next()
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
		case <-next:
		}

		select {
		case <-r.Context().Done():
			return
		case <-time.After(streamPause):
		}

		next = p.hub.next()
		line = "data: changed\n\n"
	}
}

// watchDatabase notices what neither Slack nor a mailbox shows, such as a reply that
// waits, for the drawer and the tour.
func (p *Page) watchDatabase(ctx context.Context) {
	const fingerprint = `
		SELECT concat_ws(' ',
			(SELECT max(id) FROM events),
			(SELECT id FROM log_entries ORDER BY at DESC, id DESC LIMIT 1),
			(SELECT string_agg(concat_ws(' ', state, number, attempts), ',' ORDER BY state)
				FROM (SELECT state, count(*) AS number, sum(attempt) AS attempts FROM deliveries GROUP BY state) AS d))`
	last := ""
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

		now, err := oneText(ctx, pool, fingerprint)
		if err == nil && now != last {
			last = now
			p.hub.wake()
		}
	}
}

func oneText(ctx context.Context, q store.Querier, sql string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, pageQueryTimeout)
	defer cancel()
	var s string
	err := q.QueryRow(ctx, sql).Scan(&s)
	return s, err
}
