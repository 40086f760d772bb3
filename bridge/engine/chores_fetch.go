package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/channels"
	"parley/store"
	"parley/store/blob"
)

// Some providers, such as WhatsApp, send only the id of a customer's file, and the file has to be downloaded
// separately. The transaction that stores the message writes one row per file. This file claims those rows
// with a lease, downloads the files into blobs, and journals a fact for each file: either that it was
// fetched, or why Parley gave up.
const (
	maxFetches           = 16        // concurrent downloads in this process
	maxFetchesPerAccount = 4         // concurrent downloads of one account
	maxFetchedBytes      = 128 << 20 // of one file
	fetchTimeout         = 60 * time.Second
	fetchMargin          = 15 * time.Second // how much longer than fetchTimeout the lease lasts
	maxFetchAge          = 24 * time.Hour   // after its first attempt, a file is given up
	maxFetchPause        = 2 * time.Hour    // longer than any pause that Parley itself chooses
	maxClosedFetchAge    = 7 * maxFetchAge  // used instead of maxFetchAge while an admin has to fix the account; Meta keeps files that long
	fetchInterval        = time.Second
	fetchDBTimeout       = 10 * time.Second
)

// fetchWaits returns the pauses after failed attempts. The last one repeats.
func fetchWaits() []time.Duration {
	return []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute}
}

// fetchers keeps track of the downloads in flight. Only one goroutine uses it; downloads report to it through done.
type fetchers struct {
	cs    *Chores
	busy  map[store.AccountID]int // downloads in flight, by account
	total int                     // their sum
	done  chan store.AccountID    // receives the account of each finished download
}

// WakeFetches starts looking for files to fetch without waiting for the next interval. It never blocks.
func (cs *Chores) WakeFetches() {
	select {
	case cs.fetch <- struct{}{}:
	default:
	}
}

// runFetches fetches files until ctx ends. Then it cancels the downloads in flight and waits until they have
// released their rows for another process.
func (cs *Chores) runFetches(ctx context.Context) error {
	f := &fetchers{cs: cs, busy: map[store.AccountID]int{}, done: make(chan store.AccountID, maxFetches)}
	tick := time.NewTicker(fetchInterval)
	defer tick.Stop()

	for {
		err := f.claim(ctx)
		if err != nil && ctx.Err() == nil {
			cs.log.Warn("files not claimed", "error", err)
		}

		select {
		case <-ctx.Done():
			for f.total > 0 {
				f.noteFinished(<-f.done)
			}
			return nil
		case <-tick.C:
		case <-cs.fetch:
		case account := <-f.done:
			f.noteFinished(account)
		}
	}
}

func (f *fetchers) noteFinished(account store.AccountID) {
	f.busy[account]--
	f.total--
}

// claim claims as many due files as the limits allow, and starts to download them.
func (f *fetchers) claim(ctx context.Context) error {
	var accounts []store.AccountID
	var slots []int32
	room := maxFetches - f.total
	for account, ch := range f.cs.connectedChannels() {
		_, keepsFiles := ch.(channels.Fetcher)
		if !keepsFiles || room <= 0 {
			continue
		}
		if n := min(maxFetchesPerAccount-f.busy[account], room); n > 0 {
			accounts, slots = append(accounts, account), append(slots, int32(n)) //nolint:gosec // few
			room -= n
		}
	}

	if len(accounts) == 0 || ctx.Err() != nil {
		return nil
	}

	limited, cancel := context.WithTimeout(ctx, fetchDBTimeout)
	defer cancel()
	claimed, err := store.ClaimFetches(limited, f.cs.pool, accounts, slots, fetchTimeout+fetchMargin)
	for _, c := range claimed {
		f.busy[c.AccountID]++
		f.total++
		go func() {
			f.cs.fetchFile(ctx, c)
			f.done <- c.AccountID
		}()
	}

	return err
}

// fetchFile makes one attempt to download a file and stores the result, even if the process is stopping.
func (cs *Chores) fetchFile(ctx context.Context, c store.ClaimedFetch) {
	limited, cancel := context.WithTimeout(ctx, store.Seconds(c.LeaseSeconds)-fetchMargin)
	f, failed := cs.fetchOne(limited, c)
	cancel()

	wait, again := pauseAfterFetch(c, failed)
	isStopping := failed != nil && ctx.Err() != nil
	switch {
	case isStopping:
		wait, again = 0, true // another process retries at once
	case again && needsPerson(failed):
		refused, _ := errors.AsType[*channels.SendError](failed)
		cs.Trouble(c.AccountID, "fetch", &channels.Condition{Status: channels.Broken, Text: refused.Text, Hint: refused.Hint})
	}

	writing, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchDBTimeout)
	defer cancel()
	var err error
	switch {
	case again:
		err = store.RetryFetch(writing, cs.pool, c, wait, failed.Error())
	case failed != nil:
		cs.log.Info("file not fetched",
			"conversation_id", c.ConversationID, "message_id", c.MessageID, "class", string(channels.ClassOf(failed)))
		f.Text = whyMissing(failed)
		err = cs.finishFetch(writing, c, store.FetchFailed, f)
	default:
		cs.Trouble(c.AccountID, "fetch", nil)
		err = cs.finishFetch(writing, c, store.FetchDone, f)
	}
	if err != nil {
		cs.log.Warn("result of fetching not written", "conversation_id", c.ConversationID, "error", err)
	}
}

func (cs *Chores) finishFetch(ctx context.Context, c store.ClaimedFetch, state store.FetchState, f Fact) error {
	err := store.FinishFetch(ctx, cs.pool, c, state, f.Blob, f.Text, f.Event(fmt.Sprintf("fetch:%d", c.ID)))
	cs.wake()
	return err
}

// fetchOne downloads a file into a blob. The fact it returns identifies the file also if there is an error.
func (cs *Chores) fetchOne(ctx context.Context, c store.ClaimedFetch) (f Fact, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("chores: fetching panicked: %v", p)
		}
	}()

	f = Fact{
		Kind:         Fetched,
		Conversation: c.ConversationID,
		Message:      c.MessageID,
		Account:      c.AccountID,
		FetchedFile:  FetchedFile{File: c.N},
	}
	source, ok := cs.Channel(c.AccountID).(channels.Fetcher)
	if !ok {
		return f, errors.New("chores: the account isn't connected")
	}
	if c.SizeBytes > maxFetchedBytes {
		return f, blob.ErrTooLarge
	}

	got, err := source.Fetch(ctx, c.Ref)
	if err != nil {
		return f, err
	}
	defer got.Body.Close()
	f.Name, f.ContentType = got.Name, got.ContentType
	name, size, err := blob.Write(ctx, cs.pool, got.Body, maxFetchedBytes)
	f.Blob, f.SizeBytes = name, size
	return f, err
}

// pauseAfterFetch decides whether an attempt is retried, and after which pause. A nil error means success.
func pauseAfterFetch(c store.ClaimedFetch, failed error) (wait time.Duration, again bool) {
	age, maxAge := store.Seconds(c.FirstAgo), maxFetchAge
	// A file this old is still tried only because an earlier attempt needed a person.
	hasAwaitedPerson := age > maxFetchAge+maxFetchPause
	if needsPerson(failed) || hasAwaitedPerson {
		maxAge = maxClosedFetchAge
	}
	if failed == nil || errors.Is(failed, blob.ErrTooLarge) || age > maxAge {
		return 0, false
	}

	waits := fetchWaits()
	wait = waits[min(c.Attempt, len(waits))-1]
	refused, isKnown := errors.AsType[*channels.SendError](failed)
	switch {
	case !isKnown:
		return wait, true
	case needsPerson(failed):
		return max(wait, PausedWait), true
	case refused.Class == channels.Retry, refused.Class == channels.Throttled, refused.Class == channels.Ambiguous:
		return max(wait, refused.Wait), true
	default:
		return 0, false
	}
}

// needsPerson reports whether a provider refused a request for a reason that only a person can fix, such as a
// revoked token.
func needsPerson(err error) bool {
	refused, isKnown := errors.AsType[*channels.SendError](err)
	return isKnown && (refused.Class == channels.AuthBroken || refused.Class == channels.AccountBlocked)
}

// whyMissing returns the reason why a file was given up, as agents see it.
func whyMissing(err error) string {
	if errors.Is(err, blob.ErrTooLarge) {
		return fmt.Sprintf("it is larger than %d MB.", maxFetchedBytes>>20)
	}
	if se, ok := errors.AsType[*channels.SendError](err); ok && se.Text != "" {
		return se.Text
	}
	return "the provider didn't hand it over."
}
