package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/channels"
	"parley/store"
)

// Fetching of files that providers keep for us.
const (
	fetchTotal   = 16        // files that are fetched at once
	fetchEach    = 4         // of them, those of one account
	maxFetched   = 128 << 20 // bytes of one file
	fetchTime    = 60 * time.Second
	fetchMargin  = 15 * time.Second // how much longer than fetchTime a file is leased
	fetchFor     = 24 * time.Hour   // how long after the first attempt a file is given up
	fetchSweep   = time.Second
	fetchStoring = 10 * time.Second
)

// fetchWaits are the pauses after attempts; the last one repeats.
func fetchWaits() []time.Duration {
	return []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute}
}

// fetchers fetches files; it belongs to one goroutine.
type fetchers struct {
	e     *Engine
	busy  map[int64]int
	total int
	done  chan int64 // gets the account of each fetch that ended
}

// wakeFetches says that files are to be fetched.
func (e *Engine) wakeFetches() {
	select {
	case e.fetchNow <- struct{}{}:
	default:
	}
}

// runFetches fetches files until ctx ends. That cuts off the fetches under way, and runFetches waits
// until they have given their files back, for another process to fetch.
func (e *Engine) runFetches(ctx context.Context) error {
	f := &fetchers{e: e, busy: map[int64]int{}, done: make(chan int64, fetchTotal)}
	tick := time.NewTicker(fetchSweep)
	defer tick.Stop()
	for {
		if err := f.claim(ctx); err != nil && ctx.Err() == nil {
			e.log.Warn("files not claimed", "error", err)
		}
		select {
		case <-ctx.Done():
			for f.total > 0 {
				f.ended(<-f.done)
			}
			return nil
		case <-tick.C:
		case <-e.fetchNow:
		case account := <-f.done:
			f.ended(account)
		}
	}
}

func (f *fetchers) ended(account int64) {
	f.busy[account]--
	f.total--
}

// claim takes as many due files as there is room for, and begins to fetch them.
func (f *fetchers) claim(ctx context.Context) error {
	var accounts []int64
	var slots []int32
	room := fetchTotal - f.total
	for account, ch := range f.e.allChannels() {
		if _, ok := ch.(channels.Fetcher); !ok || room <= 0 {
			continue
		}
		if n := min(fetchEach-f.busy[account], room); n > 0 {
			accounts, slots = append(accounts, account), append(slots, int32(n)) //nolint:gosec // few
			room -= n
		}
	}
	if len(accounts) == 0 || ctx.Err() != nil {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, fetchStoring)
	defer cancel()
	claimed, err := store.ClaimFetches(limited, f.e.pool, accounts, slots, fetchTime+fetchMargin)
	for _, c := range claimed {
		f.busy[c.AccountID]++
		f.total++
		go func() {
			f.e.fetch(ctx, c)
			f.done <- c.AccountID
		}()
	}
	return err
}

// allChannels gives the channels at work.
func (e *Engine) allChannels() map[int64]channels.Channel {
	e.mu.RLock()
	defer e.mu.RUnlock()
	list := make(map[int64]channels.Channel, len(e.channels))
	for id, ch := range e.channels {
		list[id] = ch
	}
	return list
}

// fetch makes one attempt at a file and writes what became of it.
func (e *Engine) fetch(ctx context.Context, c store.ClaimedFetch) {
	began, cancel := context.WithTimeout(ctx, store.Seconds(c.LeaseSeconds)-fetchMargin)
	f, err := e.fetchOne(began, c)
	cancel()
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchStoring)
	defer cancel()
	switch wait, again := e.fetchAgain(ctx, c, err); {
	case again:
		err = store.RetryFetch(after, e.pool, c, wait, err.Error())
	case err != nil:
		e.log.Info("file not fetched", "conversation_id", c.ConversationID, "message_id", c.MessageID, "class", string(channels.ClassOf(err)))
		f.Text = whyMissing(err)
		err = e.finishFetch(after, c, store.FetchFailed, f)
	default:
		e.trouble(c.AccountID, "fetch", nil)
		err = e.finishFetch(after, c, store.FetchDone, f)
	}
	if err != nil {
		e.log.Warn("result of fetching not written", "conversation_id", c.ConversationID, "error", err)
	}
}

func (e *Engine) finishFetch(ctx context.Context, c store.ClaimedFetch, state string, f ownFact) error {
	err := store.FinishFetch(ctx, e.pool, c, state, f.Blob, f.Text, f.event(fmt.Sprintf("fetch:%d", c.ID)))
	e.relay.WakeAppliers(store.SystemAccount)
	return err
}

// fetchOne reads a file into a blob.
func (e *Engine) fetchOne(ctx context.Context, c store.ClaimedFetch) (f ownFact, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("engine: fetching panicked: %v", p)
		}
	}()
	f = ownFact{Kind: ownFetched, Conversation: c.ConversationID, Message: c.MessageID, File: c.N, Account: c.AccountID}
	source, ok := e.Channel(c.AccountID).(channels.Fetcher)
	if !ok {
		return f, errors.New("engine: the account isn't connected")
	}
	if c.SizeBytes > maxFetched {
		return f, store.ErrTooLarge
	}
	got, err := source.Fetch(ctx, c.Ref)
	if err != nil {
		return f, err
	}
	defer got.Body.Close()
	f.Name, f.ContentType = got.Name, got.ContentType
	f.Blob, f.SizeBytes, err = store.WriteBlob(ctx, e.pool, got.Body, maxFetched)
	return f, err
}

// fetchAgain says whether, and when, an attempt is repeated.
func (e *Engine) fetchAgain(ctx context.Context, c store.ClaimedFetch, err error) (time.Duration, bool) {
	var se *channels.SendError
	errors.As(err, &se)
	waits := fetchWaits()
	wait := waits[min(c.Attempt, len(waits))-1]
	switch {
	case err == nil:
		return 0, false
	case ctx.Err() != nil: // we were asked to stop
		return 0, true
	case errors.Is(err, store.ErrTooLarge), store.Seconds(c.FirstAgo) > fetchFor:
		return 0, false
	case se == nil:
		return wait, true
	}
	switch se.Class { //nolint:exhaustive // all others are final
	case channels.AuthBroken, channels.AccountBlocked:
		e.trouble(c.AccountID, "fetch", &channels.Condition{Status: channels.Broken, Text: se.Text, Hint: se.Hint})
		return max(wait, outbound.PausedWait), true
	case channels.Retry, channels.Throttled, channels.Ambiguous:
		return max(wait, se.Wait), true
	}
	return 0, false
}

// whyMissing says for people why a file was given up.
func whyMissing(err error) string {
	var se *channels.SendError
	switch {
	case errors.Is(err, store.ErrTooLarge):
		return fmt.Sprintf("it is larger than %d MB.", maxFetched>>20)
	case errors.As(err, &se) && se.Text != "":
		return se.Text
	}
	return "the provider didn't hand it over."
}

// fetched notes that a file was fetched, or that it was given up. If the post of the message's files
// still waits, it takes the file along; else the file follows in a post of its own.
func (w *work) fetched(c *conv, f ownFact) {
	m := w.messages.rows[f.Message]
	if m == nil || m.ConversationID != c.ID {
		return
	}
	at := slices.IndexFunc(m.Files, func(r store.FileRef) bool { return r.Fetched && r.Index == f.File })
	if at < 0 {
		return
	}
	ref := &m.Files[at]
	ref.Blob, ref.Missing, m.dirty = f.Blob, f.Text, true
	if f.Blob != "" {
		ref.SizeBytes, ref.Missing = f.SizeBytes, ""
		ref.Name, ref.ContentType = firstOf(ref.Name, f.Name), firstOf(f.ContentType, ref.ContentType)
	}
	d, t := w.outbox.filesPost(m), c.home(w.dir)
	if d == nil || t == nil {
		return // it isn't shown
	}
	l := w.outbox.lanes[d.LaneID]
	if d.Attempt > 0 || !w.outbox.holdable(d) {
		w.outbox.enqueue(l, string(bridge.PostFiles), m.ID, outbound.Payload{Files: []int{f.File}, Only: true}, nil)
		w.allowUpload(l, t, m)
		return
	}
	p := d.payload()
	p.Files = append(p.Files, f.File)
	d.setPayload(p)
	w.measureFiles(d, l, t, m)
	if !slices.ContainsFunc(m.Files, isMissing) {
		d.NotBefore = nil
		if w.outbox.isHead(d) {
			w.outbox.due(l, nil)
		}
	}
}

// isMissing says that a file is still to be fetched: it isn't here, and it wasn't given up.
func isMissing(f store.FileRef) bool { return f.Fetched && f.Blob == "" && f.Missing == "" }

func firstOf(list ...string) string {
	for _, s := range list {
		if strings.TrimSpace(s) != "" {
			return s
		}
	}
	return ""
}

// filesPost finds the post of a message's files in its conversation's thread.
func (o *outbox) filesPost(m *message) *delivery {
	var found *delivery
	for _, d := range o.ofMessage[m.ID] {
		if d.Kind == string(bridge.PostFiles) && o.lanes[d.LaneID] != nil && (found == nil || d.ID > found.ID) && !d.payload().Only {
			found = d
		}
	}
	return found
}
