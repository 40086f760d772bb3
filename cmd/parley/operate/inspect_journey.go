package operate

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

// These are the numbers of the newest messages, deliveries and log entries that are shown of a conversation.
const (
	maxMessages   = 200
	maxDeliveries = 500
	maxLogEntries = 300
)

// Journey is the history of a conversation or an event, step by step. `parley explain` shows it to people who ask why a
// message arrived or didn't:
//
//	#12: open · account support-mail · nobody holds it
//
//	Monday 2 March 2026 CET
//	  09:14:02.120  event 7 arrived from support-mail (2.1 kB)
//	  09:14:02.120  the customer wrote message 31 (80 characters)
//	  09:14:02.154  post of message 31 to slack: accepted
//
// An event is one thing that a provider or a chat reported to Parley. It is stored in the journal, and may cause
// messages. A message becomes a delivery for each place to which it is sent, such as a thread in Slack.
type Journey struct {
	Title        string               // the first line; a second one names other conversations that an event changed
	Conversation store.ConversationID // 0 means an event without a conversation
	Steps        []Step
	Cut          bool // older steps were left out
}

// StepKind is the kind of a step.
type StepKind string

// Kinds of steps. Steps with the same time are sorted in this order, from cause to effect.
const (
	StepArrived  StepKind = "arrived"  // an event in the journal
	StepSaid     StepKind = "said"     // a message, and what was decided about it
	StepDone     StepKind = "done"     // a log entry
	StepDelivery StepKind = "delivery" // a delivery of a message
)

// Step is one step of a journey. It contains neither the text of messages nor secrets.
type Step struct {
	At     time.Time // by Parley's clock, which differs from the database's in demos and tests
	Kind   StepKind
	Text   string   // one sentence without a full stop
	Detail []string // further lines: reasons, attempts, what to do
	Bad    bool     // a person should look at it

	// The subject of the step; fields that don't apply are 0.
	Event    store.EventID
	Message  store.MessageID
	Delivery store.DeliveryID
}

// Conversation returns the journey of a conversation.
// Errors: ErrUnknown; the database's.
func Conversation(ctx context.Context, q store.Querier, number store.ConversationID) (Journey, error) {
	b, err := newBuilder(ctx, q)
	if err != nil {
		return Journey{}, err
	}
	return b.buildConversation(ctx, number, 0)
}

// Event returns the journey of an event: the event itself, the messages and log entries that it caused, and the
// deliveries of these messages.
// Errors: ErrUnknown; the database's.
func Event(ctx context.Context, q store.Querier, id store.EventID) (Journey, error) {
	b, err := newBuilder(ctx, q)
	if err != nil {
		return Journey{}, err
	}

	touched, err := collect(ctx, q, "event", pgx.RowTo[store.ConversationID], touchedConversations, id)
	if err != nil {
		return Journey{}, err
	}
	if len(touched) > 0 {
		j, err := b.buildConversation(ctx, touched[0], id)
		j.Title = fmt.Sprintf("event %d, in conversation %s", id, j.Title) + othersWords(touched[1:])
		return j, err
	}

	if err := b.addEvents(ctx, []store.EventID{id}); err != nil {
		return Journey{}, err
	}
	if len(b.steps) == 0 {
		return Journey{}, fmt.Errorf("inspect: event %d: %w; what was applied is removed after 30 days", id, ErrUnknown)
	}

	return Journey{Title: fmt.Sprintf("event %d", id), Steps: b.steps}, nil
}

// othersWords names the conversations that an event changed besides the one that is shown.
func othersWords(others []store.ConversationID) string {
	if len(others) == 0 {
		return ""
	}
	names := make([]string, len(others))
	for i, id := range others {
		names[i] = fmt.Sprintf("#%d", id)
	}
	return "\nIt also changed " + strings.Join(names, ", ") + "."
}

// builder builds a journey. The build and add methods collect steps in the order in which they read the tables; sort
// puts them in order at the end.
type builder struct {
	q          store.Querier
	dir        store.Directory // names of accounts, teams and agents
	clockAhead time.Duration   // how far Parley's clock is ahead of the database's
	now        time.Time
	steps      []Step
	caused     map[store.EventID]time.Time // the time of the first thing that each event caused
}

func newBuilder(ctx context.Context, q store.Querier) (*builder, error) {
	b := &builder{q: q, caused: map[store.EventID]time.Time{}}
	var err error
	if b.dir, err = store.LoadDirectory(ctx, q); err != nil {
		return nil, err
	}
	if b.clockAhead, err = store.ClockAhead(ctx, q); err != nil {
		return nil, err
	}
	b.now, err = store.Now(ctx, q)
	return b, err
}

// buildConversation returns the journey of a conversation. If only is not 0, the journey has just that event and what it caused.
func (b *builder) buildConversation(ctx context.Context, number store.ConversationID, only store.EventID) (Journey, error) {
	conversations, err := store.Conversations(ctx, b.q, number)
	if err != nil {
		return Journey{}, err
	}
	if len(conversations) == 0 {
		return Journey{}, fmt.Errorf("inspect: conversation #%d: %w", number, ErrUnknown)
	}

	arrived, isCut := []store.EventID{only}, false
	if only == 0 {
		arrived, isCut, err = b.addNewest(ctx, number)
	} else {
		err = b.addCaused(ctx, number, only)
	}
	if err != nil {
		return Journey{}, err
	}
	if err := b.addEvents(ctx, arrived); err != nil {
		return Journey{}, err
	}

	b.sort()
	return Journey{Title: b.titleOf(conversations[0]), Conversation: number, Steps: b.steps, Cut: isCut}, nil
}

// addNewest adds the newest steps of a conversation. It returns the events that caused them or still wait, and whether older
// steps were left out.
func (b *builder) addNewest(ctx context.Context, number store.ConversationID) (arrived []store.EventID, isCut bool, err error) {
	messages, err := store.LatestMessages(ctx, b.q, []store.ConversationID{number}, maxMessages)
	if err != nil {
		return nil, false, err
	}
	log, err := store.ListLog(ctx, b.q, number, maxLogEntries, 0)
	if err != nil {
		return nil, false, err
	}
	sent, err := collect(ctx, b.q, "deliveries", pgx.RowToStructByName[delivery], newestDeliveries, number, maxDeliveries)
	if err != nil {
		return nil, false, err
	}
	open, err := collect(ctx, b.q, "waiting events", pgx.RowTo[store.EventID], openEvents, store.ConversationKey(number))
	if err != nil {
		return nil, false, err
	}

	isCut = len(messages) == maxMessages || len(log) == maxLogEntries || len(sent) == maxDeliveries
	arrived = append(b.addMessages(messages), b.addLog(log)...)
	b.addDeliveries(sent)
	return append(arrived, open...), isCut, nil
}

// addCaused adds the steps of all that an event caused in a conversation, however much has happened there since.
func (b *builder) addCaused(ctx context.Context, number store.ConversationID, event store.EventID) error {
	messages, err := store.MessagesOfEvent(ctx, b.q, event, number)
	if err != nil {
		return err
	}
	log, err := store.LogOfEvent(ctx, b.q, event, number)
	if err != nil {
		return err
	}
	ids := make([]store.MessageID, len(messages))
	for i, m := range messages {
		ids[i] = m.ID
	}
	sent, err := collect(ctx, b.q, "deliveries", pgx.RowToStructByName[delivery], deliveriesOfMessages, number, ids)
	if err != nil {
		return err
	}

	b.addMessages(messages)
	b.addLog(log)
	b.addDeliveries(sent)
	return nil
}

// sort sorts the steps by time, and steps with the same time from cause to effect.
func (b *builder) sort() {
	order := []StepKind{StepArrived, StepSaid, StepDone, StepDelivery}
	slices.SortStableFunc(b.steps, func(a, b Step) int {
		return cmp.Or(
			a.At.Compare(b.At),
			cmp.Compare(slices.Index(order, a.Kind), slices.Index(order, b.Kind)),
			cmp.Compare(a.Event, b.Event),
			cmp.Compare(a.Message, b.Message),
			cmp.Compare(a.Delivery, b.Delivery))
	})
}

// noteCause records that an event caused something at a time.
func (b *builder) noteCause(event store.EventID, at time.Time) {
	first, isKnown := b.caused[event]
	if !isKnown || at.Before(first) {
		b.caused[event] = at
	}
}

// addMessages adds the steps of messages, and returns the events that caused them.
func (b *builder) addMessages(messages []store.Message) (events []store.EventID) {
	for _, m := range messages {
		b.steps = append(b.steps, b.messageStep(m))
		if m.EventID != 0 {
			b.noteCause(m.EventID, m.CreatedAt)
			events = append(events, m.EventID)
		}
	}
	return events
}

// addLog adds the steps of log entries, and returns the events that caused them.
func (b *builder) addLog(log []store.LogEntry) (events []store.EventID) {
	for _, e := range log {
		b.steps = append(b.steps, b.logStep(e))
		if e.EventID != 0 {
			b.noteCause(e.EventID, e.At)
			events = append(events, e.EventID)
		}
	}
	return events
}

func (b *builder) addDeliveries(sent []delivery) {
	for _, d := range sent {
		b.steps = append(b.steps, b.deliveryStep(d))
	}
}

// addEvents adds the steps of those events that are still in the journal. ids may contain duplicates.
func (b *builder) addEvents(ctx context.Context, ids []store.EventID) error {
	slices.Sort(ids)
	events, err := readEvents(ctx, b.q, slices.Compact(ids))
	if err != nil {
		return err
	}
	for _, e := range events {
		b.steps = append(b.steps, b.arrivalStep(e))
	}
	return nil
}

// Text formats the journey for a terminal, with times in zone.
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
