package chores

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/bridge/engine/outbound"
	"parley/bridge/engine/own"
	"parley/channels"
	"parley/store"
	"parley/store/blob"
)

// Some providers, such as WhatsApp's, hand over a customer's file only by an id: it has to be fetched by a request of its own. The
// batch that applies the message writes a row for each such file; this file claims the rows, fetches the bytes into blobs, and
// journals for each file that it is there, or why it was given up.
const (
	maxFetches           = 16        // files that are fetched at the same time
	maxFetchesPerAccount = 4         // those of them that are of one account
	maxFetchedBytes      = 128 << 20 // of one file
	fetchTimeout         = 60 * time.Second
	fetchMargin          = 15 * time.Second // how much longer than fetchTimeout a file is leased
	maxFetchAge          = 24 * time.Hour   // how long after its first attempt a file is given up
	maxFetchPause        = 2 * time.Hour    // longer than any pause between two attempts that Parley itself chooses
	maxClosedFetchAge    = 7 * maxFetchAge  // maxFetchAge while the account needs a person: Meta keeps files for as long
	fetchInterval        = time.Second
	fetchDBTimeout       = 10 * time.Second
)

// fetchWaits returns the pauses after attempts. The last one repeats.
func fetchWaits() []time.Duration {
	return []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute}
}

// fetchers fetches files; it belongs to one goroutine.
type fetchers struct {
	cs    *Chores
	busy  map[store.AccountID]int // fetches that are under way, by account
	total int                     // all of them together
	done  chan store.AccountID    // gets the account of each fetch that has ended
}

// WakeFetches says that there may be files to be fetched.
func (cs *Chores) WakeFetches() {
	select {
	case cs.fetch <- struct{}{}:
	default:
	}
}

// runFetches fetches files until ctx ends. Then it cuts off the fetches that are under way, and waits until they have
// given their files back, so that another process fetches them.
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
				f.noteEnded(<-f.done)
			}
			return nil
		case <-tick.C:
		case <-cs.fetch:
		case account := <-f.done:
			f.noteEnded(account)
		}
	}
}

func (f *fetchers) noteEnded(account store.AccountID) {
	f.busy[account]--
	f.total--
}

// claim claims as many due files as there is room for, and begins to fetch them.
func (f *fetchers) claim(ctx context.Context) error {
	var accounts []store.AccountID
	var slots []int32
	room := maxFetches - f.total
	for account, ch := range f.cs.host.Channels() {
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

// fetchFile makes one attempt at a file and writes what became of it.
func (cs *Chores) fetchFile(ctx context.Context, c store.ClaimedFetch) {
	limited, cancel := context.WithTimeout(ctx, store.Seconds(c.LeaseSeconds)-fetchMargin)
	f, failed := cs.fetchOne(limited, c)
	cancel()

	wait, again := pauseAfterFetch(c, failed)
	if failed != nil && ctx.Err() != nil {
		wait, again = 0, true // this process stops, and another one goes on at once
	} else if again && needsPerson(failed) {
		refused, _ := errors.AsType[*channels.SendError](failed)
		cs.host.Trouble(c.AccountID, "fetch", &channels.Condition{Status: channels.Broken, Text: refused.Text, Hint: refused.Hint})
	}

	writing, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchDBTimeout) // also if the process stops
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
		cs.host.Trouble(c.AccountID, "fetch", nil)
		err = cs.finishFetch(writing, c, store.FetchDone, f)
	}
	if err != nil {
		cs.log.Warn("result of fetching not written", "conversation_id", c.ConversationID, "error", err)
	}
}

func (cs *Chores) finishFetch(ctx context.Context, c store.ClaimedFetch, state store.FetchState, f own.Fact) error {
	err := store.FinishFetch(ctx, cs.pool, c, state, f.Blob, f.Text, f.Event(fmt.Sprintf("fetch:%d", c.ID)))
	cs.host.Wake()
	return err
}

// fetchOne reads a file into a blob.
func (cs *Chores) fetchOne(ctx context.Context, c store.ClaimedFetch) (f own.Fact, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("chores: fetching panicked: %v", p)
		}
	}()

	f = own.Fact{
		Kind:         own.Fetched,
		Conversation: c.ConversationID,
		Message:      c.MessageID,
		Account:      c.AccountID,
		FetchedFile:  own.FetchedFile{File: c.N},
	}
	source, ok := cs.host.Channel(c.AccountID).(channels.Fetcher)
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

// pauseAfterFetch returns whether an attempt that ended with an error, or with nil, is repeated, and after which pause.
func pauseAfterFetch(c store.ClaimedFetch, failed error) (wait time.Duration, again bool) {
	age, maxAge := store.Seconds(c.FirstAgo), maxFetchAge
	hasAwaitedPerson := age > maxFetchAge+maxFetchPause // otherwise it would have been given up before
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
		return max(wait, outbound.PausedWait), true
	case refused.Class == channels.Retry, refused.Class == channels.Throttled, refused.Class == channels.Ambiguous:
		return max(wait, refused.Wait), true
	default:
		return 0, false
	}
}

// needsPerson reports whether only a person can put right why a provider refused something.
func needsPerson(err error) bool {
	refused, isKnown := errors.AsType[*channels.SendError](err)
	return isKnown && (refused.Class == channels.AuthBroken || refused.Class == channels.AccountBlocked)
}

// whyMissing says, for people, why a file was given up.
func whyMissing(err error) string {
	if errors.Is(err, blob.ErrTooLarge) {
		return fmt.Sprintf("it is larger than %d MB.", maxFetchedBytes>>20)
	}
	if se, ok := errors.AsType[*channels.SendError](err); ok && se.Text != "" {
		return se.Text
	}
	return "the provider didn't hand it over."
}
