package inspect

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store"
)

// How much is shown of a long conversation: its newest messages, deliveries and log entries.
const (
	maxMessages   = 200
	maxDeliveries = 500
	maxLog        = 300
)

// A journey is what parley explain shows, for whoever asks why a message arrived, or didn't. An event is one thing that a provider or
// a chat told Parley. It is kept in a journal, and causes messages, which become deliveries, one for each place to which they go.

// Journey is what happened to a conversation or an event, in order.
type Journey struct {
	Title        string               // "#12: open · account support-mail · team Support · Ann Lee"
	Conversation store.ConversationID // 0 means an event without a conversation
	Steps        []Step
	Cut          bool // older steps were left out
}

// StepKind is the kind of a step.
type StepKind string

// Kinds of steps, in the order of cause and effect at one time.
const (
	StepArrived  StepKind = "arrived"  // an event in the journal
	StepSaid     StepKind = "said"     // a message, and what was decided about it
	StepDone     StepKind = "done"     // a log entry
	StepDelivery StepKind = "delivery" // a message on its way to one place
)

// Step is one step of a journey. Its texts have no text of messages and no secrets.
type Step struct {
	At     time.Time // Parley's clock
	Kind   StepKind
	Text   string   // one sentence without a full stop
	Detail []string // more lines: reasons, attempts, what to do
	Bad    bool     // somebody should look at it

	// What the step is about; 0 means none.
	Event    store.EventID
	Message  store.MessageID
	Delivery store.DeliveryID
}

// Conversation returns the journey of a conversation.
// Errors: ErrUnknown.
func Conversation(ctx context.Context, q store.Querier, number store.ConversationID) (Journey, error) {
	t, err := newTeller(ctx, q)
	if err != nil {
		return Journey{}, err
	}
	return t.tellConversation(ctx, number, 0)
}

// Event returns the journey of an event of the journal: the event, the messages and log entries that it caused, and their
// deliveries. Errors: ErrUnknown.
func Event(ctx context.Context, q store.Querier, id store.EventID) (Journey, error) {
	t, err := newTeller(ctx, q)
	if err != nil {
		return Journey{}, err
	}

	touched, err := collect(ctx, q, "event", pgx.RowTo[store.ConversationID], touchedConversations, id)
	if err != nil {
		return Journey{}, err
	}
	if len(touched) > 0 {
		j, err := t.tellConversation(ctx, touched[0], id)
		j.Title = fmt.Sprintf("event %d, in conversation %s", id, j.Title)
		return j, err
	}

	if err := t.addEvents(ctx, []store.EventID{id}); err != nil {
		return Journey{}, err
	}
	if len(t.steps) == 0 {
		return Journey{}, fmt.Errorf("inspect: event %d: %w; what was applied is removed after 30 days", id, ErrUnknown)
	}

	return Journey{Title: fmt.Sprintf("event %d", id), Steps: t.steps}, nil
}

// teller collects the steps of one journey.
type teller struct {
	q          store.Querier
	dir        store.Directory // names of accounts, teams and agents
	clockAhead time.Duration   // how far Parley's clock is ahead of the database's
	now        time.Time
	steps      []Step
	caused     map[store.EventID]time.Time // by event: the time of the first thing that it caused
}

func newTeller(ctx context.Context, q store.Querier) (*teller, error) {
	t := &teller{q: q, caused: map[store.EventID]time.Time{}}
	var err error
	if t.dir, err = store.LoadDirectory(ctx, q); err != nil {
		return nil, err
	}
	if t.clockAhead, err = store.ClockAhead(ctx, q); err != nil {
		return nil, err
	}
	t.now, err = store.Now(ctx, q)
	return t, err
}

// tellConversation returns the journey of a conversation. If only is not 0, the journey has just that event and what it caused.
func (t *teller) tellConversation(ctx context.Context, number store.ConversationID, only store.EventID) (Journey, error) {
	conversations, err := store.Conversations(ctx, t.q, number)
	if err != nil {
		return Journey{}, err
	}
	if len(conversations) == 0 {
		return Journey{}, fmt.Errorf("inspect: conversation #%d: %w", number, ErrUnknown)
	}

	messages, err := store.LatestMessages(ctx, t.q, []store.ConversationID{number}, maxMessages)
	if err != nil {
		return Journey{}, err
	}

	log, err := store.ListLog(ctx, t.q, number, maxLog, 0)
	if err != nil {
		return Journey{}, err
	}

	sent, err := collect(ctx, t.q, "deliveries", pgx.RowToStructByName[delivery], newestDeliveries, number, maxDeliveries)
	if err != nil {
		return Journey{}, err
	}

	isLong := len(messages) == maxMessages || len(log) == maxLog || len(sent) == maxDeliveries
	if only != 0 {
		messages = slices.DeleteFunc(messages, func(m store.Message) bool { return m.EventID != only })
		log = slices.DeleteFunc(log, func(e store.LogEntry) bool { return e.EventID != only })
		sent = slices.DeleteFunc(sent, func(d delivery) bool {
			return !slices.ContainsFunc(messages, func(m store.Message) bool { return m.ID == d.MessageID })
		})
	}

	arrived := t.addMessages(messages)
	arrived = append(arrived, t.addLog(log)...)
	t.addDeliveries(sent)
	if only != 0 {
		arrived = []store.EventID{only}
	} else {
		open, err := collect(ctx, t.q, "waiting events", pgx.RowTo[store.EventID], openEvents, store.ConversationKey(number))
		if err != nil {
			return Journey{}, err
		}
		arrived = append(arrived, open...)
	}

	if err := t.addEvents(ctx, arrived); err != nil {
		return Journey{}, err
	}

	t.sort()
	isCut := isLong && only == 0
	return Journey{Title: t.titleOf(conversations[0]), Conversation: number, Steps: t.steps, Cut: isCut}, nil
}

// sort puts the steps in order: by time, and those of one time by cause and effect.
func (t *teller) sort() {
	order := []StepKind{StepArrived, StepSaid, StepDone, StepDelivery}
	slices.SortStableFunc(t.steps, func(a, b Step) int {
		return cmp.Or(
			a.At.Compare(b.At),
			cmp.Compare(slices.Index(order, a.Kind), slices.Index(order, b.Kind)),
			cmp.Compare(a.Event, b.Event),
			cmp.Compare(a.Message, b.Message),
			cmp.Compare(a.Delivery, b.Delivery))
	})
}

// noteCause records that an event caused something at this time.
func (t *teller) noteCause(event store.EventID, at time.Time) {
	first, isKnown := t.caused[event]
	if !isKnown || at.Before(first) {
		t.caused[event] = at
	}
}

// addMessages adds the steps of messages, and returns the events that made them.
func (t *teller) addMessages(messages []store.Message) (events []store.EventID) {
	for _, m := range messages {
		t.steps = append(t.steps, t.messageStep(m))
		if m.EventID != 0 {
			t.noteCause(m.EventID, m.CreatedAt)
			events = append(events, m.EventID)
		}
	}
	return events
}

// addLog adds the steps of log entries, and returns the events that made them.
func (t *teller) addLog(log []store.LogEntry) (events []store.EventID) {
	for _, e := range log {
		t.steps = append(t.steps, t.logStep(e))
		if e.EventID != 0 {
			t.noteCause(e.EventID, e.At)
			events = append(events, e.EventID)
		}
	}
	return events
}

func (t *teller) addDeliveries(sent []delivery) {
	for _, d := range sent {
		t.steps = append(t.steps, t.deliveryStep(d))
	}
}

// addEvents adds the steps of events that are still in the journal, each once.
func (t *teller) addEvents(ctx context.Context, ids []store.EventID) error {
	slices.Sort(ids)
	events, err := readEvents(ctx, t.q, slices.Compact(ids))
	if err != nil {
		return err
	}
	for _, e := range events {
		t.steps = append(t.steps, t.arrivalStep(e))
	}
	return nil
}

// Text writes the journey for a terminal, with times in this zone.
func (j Journey) Text(zone *time.Location) string {
	var b strings.Builder
	b.WriteString(j.Title + "\n")
	if j.Cut {
		b.WriteString("(older steps are left out)\n")
	}

	day := ""
	for _, s := range j.Steps {
		at := s.At.In(zone)
		if d := at.Format("Monday 2 January 2006 MST"); d != day {
			day = d
			b.WriteString("\n" + day + "\n")
		}

		mark := "  "
		if s.Bad {
			mark = "! "
		}

		begin := mark + at.Format("15:04:05.000") + "  "
		b.WriteString(begin + s.Text + "\n")
		for _, line := range s.Detail {
			b.WriteString(strings.Repeat(" ", len(begin)) + line + "\n")
		}
	}

	return b.String()
}
