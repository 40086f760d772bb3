package relay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/channels"
	"parley/store"
)

// Handler is what the relay needs from the use cases; bridge/engine implements it. The relay moves events,
// which are stored facts such as a customer's mail, and deliveries, which are messages to send, without knowing
// their content. An event goes through Decode and Apply, a delivery through Policy, Attempts and Facts.
type Handler interface {
	// Decode parses an event; payload has its bytes. It must not do I/O or read the clock. It is called outside
	// of any transaction, and again after a failed attempt to apply the event.
	// Errors: ErrNotOpen if the event can't be decoded yet. After any other error the event is never decoded
	// again.
	Decode(e store.Event, payload []byte) (any, error)

	// Apply applies events to the state, in order, all in tx. It leaves out an event that must wait or can
	// never be applied, with all later events of its order key, and names it in Outcome.
	// Errors: *WaitError and *EventError name an event that must be left out, if that became clear only after
	// it had started to change something. The batch is then applied again without it. Any other error counts as
	// a failed try.
	Apply(ctx context.Context, tx pgx.Tx, b Batch) (Outcome, error)

	// Quarantined notifies people, in tx, that an event was given up. If unread is true, it must not decode the
	// event, because that may crash the process.
	Quarantined(ctx context.Context, tx pgx.Tx, e store.Event, reason string, unread bool) error

	// Policy returns how a delivery is attempted. It is called for every attempt, so it must be cheap and do no I/O.
	Policy(c store.ClaimedDelivery) Policy

	// Attempts prepares an attempt for each delivery in claims, in the same order. If the data of a delivery
	// can't be read, its attempt fails with that error.
	Attempts(ctx context.Context, claims []store.ClaimedDelivery) []Attempt

	// Facts returns the facts to write to the journal together with a result.
	Facts(c store.ClaimedDelivery, r Report) []store.NewEvent

	// Timer returns the fact to write when a timer is due.
	Timer(t store.Timer) store.NewEvent
}

// Fact is an event with the result of Handler.Decode.
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
	// Locks must be called before any lane (a conversation's queue of deliveries) is locked, with all
	// conversations whose lanes may be locked. Results of their deliveries are then written after the batch,
	// unless it takes too long.
	Locks func(conversations []store.ConversationID)
}

// Outcome is the result of applying a batch.
type Outcome struct {
	// Write has the statements that write the changes; they are sent with the commit. nil means nothing to
	// write.
	Write *store.Pipeline
	// Due names the gates (rate limits of a provider) behind which deliveries became due. Limited isn't set.
	Due []store.GateDue
	// Timers reports whether timers were set.
	Timers bool
	// Waits and Refused are the events that were left out.
	Waits   []Wait
	Refused []EventError
	// Written names what the batch recorded and other events may wait for (Wait.For).
	Written []string
	// Recheck returns the names in Waits that another transaction has recorded since. It is called after the
	// commit, so that none is missed. It is nil if Waits has no names.
	Recheck func(ctx context.Context) ([]string, error)
	// Committed, if not nil, is called after the commit. It must not block.
	Committed func()
}

// Attempt is one claimed delivery with everything that sending it requires. It is used once.
type Attempt interface {
	// Send makes the attempt. Its errors have a class; see channels.SendError.
	Send(ctx context.Context) (Sent, error)

	// Reconcile looks for an earlier attempt whose answer was lost.
	Reconcile(ctx context.Context) (channels.Outcome, Sent, error)
}

// Wait says that an event can't be applied yet. The event stays in its queue with all later events of its order
// key, and is tried again later. No failed try is counted, so the Handler must decide by the event's age when
// it has waited long enough.
type Wait struct {
	EventID store.EventID
	// For names what the event waits for: the event is due when that name is in Outcome.Written. If For is "",
	// the event is tried again after increasing pauses.
	For string
	// Most is the longest time until the event is tried again.
	Most time.Duration
}

// WaitError is the error by which Handler.Apply postpones an event that has already changed something.
type WaitError struct{ Wait }

func (e *WaitError) Error() string {
	return fmt.Sprintf("relay: event %d can't be applied yet", e.EventID)
}

// ErrNotOpen is returned by Handler.Decode for an event of an account that isn't open in this process yet. Its
// queue waits until a process opens the account (OpenAccount), or until the wait times out.
var ErrNotOpen = errors.New("relay: the event's account is not open")

// ErrAgain is returned by Handler.Apply to have the same batch retried at once.
var ErrAgain = errors.New("relay: again")

// EventError names an event that can never be applied. It goes into quarantine without another try.
type EventError struct {
	EventID store.EventID
	Err     error
}

func (e *EventError) Error() string { return e.Err.Error() }

func (e *EventError) Unwrap() error { return e.Err }

// Policy describes how one delivery is attempted.
type Policy struct {
	RequestTimeout time.Duration   // the longest one attempt may take; shorter than the lane's lease
	RetryFor       time.Duration   // how long temporary failures are retried
	Backoff        []time.Duration // pauses between attempts, at least one; the last one repeats
	Uncounted      int             // attempts so far that don't lengthen the pauses: they made no call, or sent earlier parts
	Rest           time.Duration   // how long the lane rests after a success

	// These say what happens if the answer to an attempt was lost, so that it is unknown whether the message arrived.
	Idempotent   bool          // sending twice does no harm, so it is sent again without a lookup
	BestEffort   bool          // it is given up
	PreferDouble bool          // if it stays unclear, it is sent again instead of asking a person
	RepeatFor    time.Duration // how long PreferDouble sends it again; after that once a day. 0 means RetryFor
	AbsentFor    time.Duration // how long it must be absent before it is sent again; 0 means the default
	Restored     bool          // it comes from a backup, so there may have been attempts that no row shows
}

// Sent is what an attempt has sent, or what Attempt.Reconcile has found.
type Sent struct {
	State      store.DeliveryState // store.Accepted or higher; store.Cancelled: it was taken back
	ExternalID string
	Progress   string
	More       bool               // this was one part of a long message, and the next part follows
	Uncalled   bool               // the provider was not called, so the gate gets its slot back; may be set with an error
	Blind      bool               // Reconcile answered Absent without being able to look: it is a guess
	Landed     []store.LandedPart // messages that were posted in an agents' chat
	// With has the State and Progress of the other deliveries of a run (several deliveries sent as one message), in order. nil
	// means that all have the result of the first.
	With []store.DeliveryPart
	// Parts and Cost are the provider's part count and price category of the message, for the Handler.
	Parts int
	Cost  string
}

// ReportKind is the event that a Report describes.
type ReportKind string

// Kinds of Report.
const (
	ReportLanded  ReportKind = "landed"  // sent, or taken back if Sent.State is store.Cancelled
	ReportFailed  ReportKind = "failed"  // given up
	ReportLate    ReportKind = "late"    // still tried after an hour
	ReportUnclear ReportKind = "unclear" // a person has to decide
)

// Report describes what became of a delivery.
type Report struct {
	Kind  ReportKind
	Class channels.Class
	Text  string
	Hint  string
	Sent  Sent
}
