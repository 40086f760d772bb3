package teams

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"parley/bot/forms"
)

// Teams sends each event to Parley, but some get lost: Parley was down, or a request failed. A catch-up finds them.
// With Graph, Microsoft's API for reading, it reads the channels in which Parley has threads, and compares their
// messages with the stored facts. (A fact is one thing that happened, such as "message 17 was edited".) It stores what
// is missing as if Teams had just sent it.
//
// A catch-up runs at the start, after each gap (a time in which events may have been missed), and every ten minutes
// by default. It is also safe to run when nothing is missing, because each fact is stored only once.

// Bounds of a catch-up.
const (
	threadsPerPage   = 20                 // threads, with their replies, in one page
	maxThreads       = 10_000             // threads of one channel in one pass
	recentSpan       = 3 * 24 * time.Hour // how far back a pass reads that isn't a full one
	fullPassInterval = 2 * time.Hour      // a full pass reads all threads back to history.maxAge
)

// history reads messages with Graph, and stores what Teams has not sent us.
type history struct {
	*Organisation

	maxAge          time.Duration          // threads whose first message is older are skipped
	comparedThreads forms.Map[threadState] // threads that were compared with what is stored, by fact.OrderKey
	fullPasses      forms.Map[fullPass]    // the last full pass over each channel

	pauseFor func(context.Context, time.Duration) bool // pause.For; tests replace it
}

// catchUp reads all channels in which we have threads. While a gap is open, it also reads open threads that are too
// old to be found in their channel. In channels that we may not read, lost events stay lost, and no reply to a
// customer waits for them.
// Errors: those of the store and of Graph. A channel that we may not read is only logged.
func (h *history) catchUp(ctx context.Context) error {
	_, hasGap := h.Sweep.Gap()
	err := h.Sweep.Channels(ctx, func(ctx context.Context, channel string) error {
		err := readInPages(func(size int) error { return h.catchUpChannel(ctx, channel, size) })
		return h.ignoreUnreadable(channel, err)
	})
	if err != nil || !hasGap {
		return err
	}
	return h.catchUpOldThreads(ctx)
}

// ignoreUnreadable logs an error that means that we may not read the channel, and returns nil. It returns other errors.
func (h *history) ignoreUnreadable(channel string, err error) error {
	if errors.Is(err, ErrNotGranted) {
		h.Log.Debug("teams channel may not be read", "channel", channel)
		return nil
	}
	if IsInaccessible(err) {
		h.Log.Warn("teams channel not readable", "channel", channel, "error", err)
		return nil
	}
	return err
}

// catchUpChannel reads a channel's threads, size of them in a page.
//   - A full pass reads all threads back to maxAge. There is one after each new gap, and at least one every two
//     hours. Other passes read back three days, because Graph limits requests, and replies to customers need some.
//   - It reads pages until one has nothing newer than oldest. Graph doesn't document the order of threads, so a single
//     old thread doesn't mean that only older ones follow.
//   - If Graph refuses a thread, it continues with the others, and returns the first such error at the end.
func (h *history) catchUpChannel(ctx context.Context, channel string, size int) error {
	h.Notes.LearnName(ctx, channel)
	pass := fullPass{began: h.Now(), gaps: h.Sweep.CountGaps()}
	last, _ := h.fullPasses.Get(channel)
	isFull := pass.gaps != last.gaps || pass.began.Sub(last.began) >= fullPassInterval
	oldest := pass.began.Add(-min(recentSpan, h.maxAge))
	if isFull {
		oldest = pass.began.Add(-h.maxAge)
	}

	unclear := false // see comparePage
	var firstRefusal error
	next, hasMore := "", true
	for n := 0; hasMore && n < maxThreads/size; n++ {
		page, err := h.ReadMessages(ctx, channel, size, next)
		if err != nil {
			return pageError(err, next)
		}

		pageUnclear, err := h.comparePage(ctx, channel, page.Value)
		if err != nil && !isRefused(err) {
			return err
		}

		unclear = unclear || pageUnclear
		firstRefusal = cmp.Or(firstRefusal, err)
		next = page.Next
		hasMore = next != "" && newerMayFollow(page.Value, oldest)
	}

	if hasMore {
		h.Log.Warn("teams channel has more threads than a catch-up looks at", "channel", channel, "threads", maxThreads)
	}

	isComplete := !unclear && firstRefusal == nil
	if isFull && isComplete {
		h.fullPasses.Put(channel, pass)
	}

	return firstRefusal
}

// pageError returns the error of a page that could not be read. If a page after the first isn't found, that page has
// expired. The result doesn't wrap ErrNotFound then, because that would mean that we have no access to the channel.
func pageError(err error, page string) error {
	if page != "" && errors.Is(err, ErrNotFound) {
		return fmt.Errorf("teams: a page of messages has expired: %v", err) //nolint:errorlint // it isn't ErrNotFound
	}
	return err
}

// comparePage compares threads with what is stored, and stores what is missing. roots are the threads' first messages,
// with their replies. If Graph refuses a thread, comparePage continues with the others. unclear means that some
// threads must be read again later, because Graph may not show their latest state yet.
// Errors: those of the store; otherwise the first of Graph's.
func (h *history) comparePage(ctx context.Context, channel string, roots []Message) (unclear bool, err error) {
	var typed []Shown // messages that people typed at top level
	var firstRefusal error
	for i := range roots {
		m := &roots[i]
		err := h.completeThread(ctx, channel, m)
		switch {
		case err == nil:
		case errors.Is(err, ErrNotFound):
			h.Log.Warn("teams thread not readable", "channel", channel, "thread", m.ID, "error", err)
			unclear = true
			continue
		case isRefused(err):
			firstRefusal = cmp.Or(firstRefusal, err)
			continue
		default:
			return unclear, err
		}

		if h.hasOurPost(m) {
			early, err := h.catchUpThread(ctx, channel, m)
			if err != nil {
				return unclear, err
			}
			unclear = unclear || early
		} else if m.CreatedAt.After(h.Sweep.TypedSince(h.Now(), 0)) {
			typed = append(typed, Shown{Message: m, At: OrganisationPlaceOf(channel, m)})
		}
	}

	if _, err := h.storeMissing(ctx, typed); err != nil {
		return unclear, err
	}

	return unclear, firstRefusal
}

// fullPass is a pass that read all threads of a channel back to history.maxAge.
type fullPass struct {
	began time.Time
	gaps  int // the number of gaps so far; a higher number later means that there was a new gap
}

// pageShrink is the factor by which a page that was too long is made smaller: 20, 5, 1.
const pageShrink = 4

// readInPages calls read with the number of threads in a page. If the answer was too long, because a page also has
// the threads' replies, it calls read again with a smaller page.
func readInPages(read func(size int) error) error {
	for size := threadsPerPage; ; size /= pageShrink {
		err := read(size)
		if size == 1 || !errors.Is(err, ErrTooLarge) {
			return err
		}
	}
}

// newerMayFollow reports whether later pages may have threads that changed after oldest. That is so if this page has
// such a thread, or no thread at all.
func newerMayFollow(page []Message, oldest time.Time) bool {
	return len(page) == 0 || slices.ContainsFunc(page, func(m Message) bool { return lastChange(&m).After(oldest) })
}

// lastChange returns when something last happened in a thread: a message or a change. Graph may list an old thread
// first because of a new reply, so the time of its first message isn't enough.
func lastChange(m *Message) time.Time {
	at := m.CreatedAt
	for _, r := range append([]Message{*m}, m.Replies...) {
		for _, t := range []time.Time{r.CreatedAt, r.ModifiedAt} {
			if t.After(at) {
				at = t
			}
		}
	}
	return at
}

// completeThread reads the remaining replies of a thread if they were too many to come with it.
func (h *history) completeThread(ctx context.Context, channel string, m *Message) error {
	if m.MoreReplies == "" {
		return nil
	}
	err := h.readReplies(ctx, channel, m, m.MoreReplies)
	if errors.Is(err, ErrNotFound) { // the page has expired
		m.Replies = nil
		err = h.readReplies(ctx, channel, m, "")
	}
	return err
}

// readReplies adds replies to a thread, from the given page on; "" means the first page.
func (h *history) readReplies(ctx context.Context, channel string, m *Message, from string) error {
	next := from
	for {
		page, err := h.ReadReplies(ctx, channel, m.ID, next)
		if err != nil {
			return err
		}

		m.Replies = append(m.Replies, page.Value...)
		next = page.Next
		if next == "" {
			return nil
		}
	}
}

func (h *history) hasOurPost(m *Message) bool {
	return h.IsByUs(m) || slices.ContainsFunc(m.Replies, func(r Message) bool { return h.IsByUs(&r) })
}

// catchUpThread compares a thread with what is stored, unless it hasn't changed since the last time. unclear means that
// it must be read again later; see comparePage.
func (h *history) catchUpThread(ctx context.Context, channel string, m *Message) (unclear bool, err error) {
	key := OrderKey(channel, m.ID)
	changed := m.ModifiedAt
	for _, r := range m.Replies {
		if r.ModifiedAt.After(changed) {
			changed = r.ModifiedAt
		}
	}

	now := threadState{changedAt: changed, messages: 1 + len(m.Replies)}
	before, ok := h.comparedThreads.Get(key)
	if ok && before == now {
		return false, nil
	}

	root := Shown{Message: m, At: OrganisationPlaceOf(channel, m)}
	unclear, err = h.storeMissing(ctx, append(repliesOf(channel, m, h.IsByUs(m)), root))
	if err == nil && !unclear {
		h.comparedThreads.Put(key, now)
	}

	return unclear, err
}

// threadState identifies the state of a thread. If it is the same as in an earlier pass, nothing has changed.
type threadState struct {
	changedAt time.Time
	messages  int
}
