package relay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/channels"
	"parley/store"
	"parley/store/dispatch"
)

// Handler is what the relay asks of the use cases (bridge/engine implements it). The relay moves events, which are stored
// facts such as a customer's mail, and deliveries, which are messages and posts that are to leave, without knowing what they
// say. An event goes through Decode and Apply, a delivery through Policy, Attempts and Facts.
type Handler interface {
	// Decode reads what an event says; payload holds its bytes. It must not do I/O or look at the clock. It is called outside
	// of any transaction, and again when an attempt to apply the event failed.
	// Errors: ErrNotOpen when the event can't be read yet. After any other error the event is never decoded again.
	Decode(e store.Event, payload []byte) (any, error)

	// Apply turns events, in order, into state; all in tx, all or nothing. It leaves out an event that must wait or can
	// never be applied, with all later events of its order key, and names it in Outcome.
	// Errors: *WaitError and *EventError name an event that must be left out, where that became clear only after the event
	// had begun to change something. The others are then applied again without it. Any other error counts as a failed try.
	Apply(ctx context.Context, tx pgx.Tx, b Batch) (Outcome, error)

	// Quarantined is told, in tx, that an event was given up. If unread is true, it must not decode the event, because that
	// may end the process.
	Quarantined(ctx context.Context, tx pgx.Tx, e store.Event, reason string, unread bool) error

	// Policy returns how a delivery is attempted. It is called for every attempt, so it must be cheap and do no I/O.
	Policy(c dispatch.Claimed) Policy

	// Attempts prepares an attempt for each delivery in claims, in their order. If something can't be read for one of them,
	// its attempt fails with that error.
	Attempts(ctx context.Context, claims []dispatch.Claimed) []Attempt

	// Facts returns the facts that are written into the journal together with a result.
	Facts(c dispatch.Claimed, r Report) []store.NewEvent

	// Timer returns the fact that a timer stands for.
	Timer(t store.Timer) store.NewEvent
}

// Fact is an event with what Handler.Decode made of it.
type Fact struct {
	Event store.Event
	Waits int // how often the event was put off
	Value any
}

// Batch holds the events that one transaction applies, in the order in which they were accepted.
type Batch struct {
	Facts []Fact
	Now   time.Time // Parley's clock
	Real  time.Time // the database's
	// Locks must be called before any lane (a conversation's queue of deliveries) is locked, with all conversations of
	// which lanes may be locked. Results of their deliveries are then written after the batch, unless it takes too long.
	Locks func(conversations []store.ConversationID)
}

// Outcome is what came of a batch that was applied.
type Outcome struct {
	// Write holds the statements that write what was changed; they are sent with the commit. It is nil if there is nothing
	// to write.
	Write *store.Pipeline
	// Due names the gates (limits of a provider) behind which deliveries became due. Limited isn't set.
	Due []dispatch.GateDue
	// Timers says that timers were set.
	Timers bool
	// Waits and Refused are events that were left out.
	Waits   []Wait
	Refused []EventError
	// Written names things that are recorded from now on and that other events may wait for (Wait.For).
	Written []string
	// Recheck returns those names in Waits that another transaction has recorded meanwhile. It is called
	// after the commit, so that none is missed. It is nil if Waits has no names.
	Recheck func(ctx context.Context) ([]string, error)
	// Committed, if not nil, is called once all of it is committed. It must not block.
	Committed func()
}

// Attempt is one claimed delivery with all that sending it needs. It is used once.
type Attempt interface {
	// Send makes the attempt. Errors by class as in channels.SendError.
	Send(ctx context.Context) (Sent, error)

	// Reconcile looks for an earlier attempt whose answer was lost.
	Reconcile(ctx context.Context) (channels.Outcome, Sent, error)
}

// Wait says that an event can't be applied yet. It stays in its queue with all later events of its order key, and comes
// back later. No try is counted, so the Handler must decide by the event's age when it has waited long enough.
type Wait struct {
	EventID store.EventID
	// For names what the event waits for: it comes back when that name is in Outcome.Written. If For is "", it comes back
	// again and again, after ever longer pauses.
	For string
	// Most is after how long the event comes back at the latest.
	Most time.Duration
}

// WaitError is the error by which Handler.Apply makes an event wait that has begun to change something.
type WaitError struct{ Wait }

func (e *WaitError) Error() string {
	return fmt.Sprintf("relay: event %d can't be applied yet", e.EventID)
}

// ErrNotOpen is returned by Handler.Decode for an event of an account that isn't open in this process yet. Its queue waits
// until a process opens the account (OpenAccount), or for some time.
var ErrNotOpen = errors.New("relay: the event's account is not open")

// ErrAgain is returned by Handler.Apply when the same batch is to be tried again at once.
var ErrAgain = errors.New("relay: again")

// EventError names an event that can never be applied. It goes into quarantine without another try.
type EventError struct {
	EventID store.EventID
	Err     error
}

func (e *EventError) Error() string { return e.Err.Error() }

func (e *EventError) Unwrap() error { return e.Err }

// Policy says how attempts at one delivery are made.
type Policy struct {
	RequestTimeout time.Duration   // the longest one attempt may take; shorter than the lane's lease
	RetryFor       time.Duration   // how long a passing failure is tried again
	Backoff        []time.Duration // pauses between attempts, at least one; the last one repeats
	Uncounted      int             // attempts so far that lengthen no pause: they called nobody, or were made at earlier parts
	Rest           time.Duration   // how long the lane rests after a success

	// What becomes of it when the answer to an attempt was lost, so that nobody knows whether the other side has it.
	Idempotent   bool          // it may be made twice without harm, so it is made again without looking for it
	BestEffort   bool          // it is given up
	PreferDouble bool          // when nobody can tell, it is made again instead of asking a person
	RepeatFor    time.Duration // how long it is made again by PreferDouble, and then once a day; 0 means as long as RetryFor
	AbsentFor    time.Duration // how long the other side must lack it before it is sent again; 0 means the usual time
	Restored     bool          // it came with a backup, so attempts may have been made that no row shows
}

// Sent is what an attempt has sent, or what Attempt.Reconcile has found.
type Sent struct {
	State      store.DeliveryState // store.Accepted or higher; store.Cancelled: it was taken back
	ExternalID string
	Progress   string
	More       bool // this was one part of a long message, and the next part follows
	Uncalled   bool // the other side was not called, so the gate gets its slot back; also set with an error
	Blind      bool // Reconcile answered Absent because nobody can look: it is a guess
	Landed     []dispatch.Landed
	// With holds the State and Progress of the other deliveries of the run, in their order. nil means that all deliveries
	// have the result of the first.
	With []dispatch.Part
	// Parts and Cost are what a provider counts and charges the message as, for the Handler.
	Parts int
	Cost  string
}

// ReportKind says what a Report is about.
type ReportKind string

// Kinds of Report.
const (
	ReportLanded  ReportKind = "landed"
	ReportFailed  ReportKind = "failed"  // given up
	ReportLate    ReportKind = "late"    // still tried after an hour
	ReportUnclear ReportKind = "unclear" // a person has to decide
)

// Report is what became of a delivery.
type Report struct {
	Kind  ReportKind
	Class channels.Class
	Text  string
	Hint  string
	Sent  Sent
}
