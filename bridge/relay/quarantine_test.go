package relay_test

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/bridge/relay"
	"parley/store"
)

// newHarnessWhereNoticesFail makes and starts a harness in which the poison can't be decoded. The first sessions that tell people of
// its quarantine are ended, as many as given. It waits until the poison is in quarantine and its queue has gone on.
func newHarnessWhereNoticesFail(t *testing.T, endedSessions int32) *harness {
	t.Helper()
	h := newHarness(t)
	var sessions atomic.Int32
	h.beforeNotice = func(ctx context.Context, tx pgx.Tx) error {
		if sessions.Add(1) > endedSessions {
			return nil
		}
		return endSession(ctx, tx)
	}
	h.decodePoison(func() error { return errors.New("unreadable") })
	h.start()
	h.accept(poison("k"), fact("k", "next"))
	h.waitAppliedOf("k", "next")
	h.waitValue("events in quarantine", 1, quarantinedEvents)
	return h
}

// When the session ends in which people are told of an event in quarantine, they are told in another one.
func TestNoticeIsRepeatedAfterALostSession(t *testing.T) {
	t.Parallel()
	h := newHarnessWhereNoticesFail(t, 1)
	h.wantNoticesOf("poison")
}

// An event of which people can never be told goes into quarantine without a notice, and holds up nobody.
func TestQuarantineWithoutNotice(t *testing.T) {
	t.Parallel()
	h := newHarnessWhereNoticesFail(t, math.MaxInt32)
	h.wantNoticesOf()
}

// Why an event can't be read may quote what a customer wrote. It is kept with the event, and isn't in the log.
func TestLogQuotesNoCustomer(t *testing.T) {
	t.Parallel()
	var log logText
	h := newHarness(t, func(o *relay.Options) { o.Log = slog.New(slog.NewJSONHandler(&log, nil)) })
	const reason = `strconv.ParseFloat: parsing "+49 30 901820": invalid syntax`
	h.decodePoison(func() error { return errors.New(reason) })
	h.start()
	h.accept(poison("k"), fact("k", "next"))
	h.waitAppliedOf("k", "next")
	h.wantReasons(reason)
	h.stop()
	if got := log.text(); strings.Contains(got, "901820") || !strings.Contains(got, "event quarantined") {
		t.Errorf("the log tells, with the customer's words or not of the quarantine:\n%s", got)
	}
}

// logText keeps what is logged.
type logText struct {
	mu      sync.Mutex
	written strings.Builder
}

func (l *logText) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.written.Write(line)
}

func (l *logText) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.written.String()
}

// An event is given up though the reason holds bytes that PostgreSQL doesn't take.
func TestReasonWithUnstorableBytes(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.refusalOf = refuseNamed("bad", "nul \x00 and \xff")
	h.start()
	check(t, h.Accept(t.Context(), store.SystemAccount, fact("k", "bad"), fact("k", "good")))
	h.waitValue("events in quarantine", 1, quarantinedEvents)
	h.waitAppliedNames("good")
}

// An event whose payload is gone is given up like any other that fails, after a few tries, and its queue goes on.
func TestPayloadIsGone(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.start()
	gone := store.NewEvent{
		AccountID:  mailAccount,
		ExternalID: "gone",
		OrderKey:   store.OrderKey(mailAccount, "k"),
		Blob:       strings.Repeat("0", 64), // there is no blob of this hash
		SizeBytes:  5,
	}
	must(store.InsertEvents(t.Context(), h.pool, []store.NewEvent{gone}))(t)
	h.accept(fact("k", "behind it"))
	tryAgain := func() {
		h.makeQueuesDue()
		h.wantValue("its queue was taken more than a hundred times", false, `SELECT coalesce(max(epoch), 0) > 100 FROM queues`)
	}
	h.repeatUntil("it is in quarantine", tryAgain, func() bool { return h.hasQuarantined() || t.Failed() })
	h.waitAppliedNames("behind it")
}
