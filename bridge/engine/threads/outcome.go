package threads

import (
	"cmp"
	"slices"
	"time"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/files"
	"parley/bridge/engine/outbound"
	"parley/store"
)

// A line about a message tells the message's fate, and often asks what is to become of the message. When
// the fate changes, whatever changed it, the line is replaced by the outcome: its words change and its
// buttons go. So code that decides about a message needn't know which lines are about it.

// tracked reports whether a line follows the message that it is about.
func tracked(line *bridge.Line) bool {
	switch line.Kind() {
	case bridge.LineAsk, bridge.LineInside, bridge.LineNotMapped, bridge.LineParked, bridge.LineOffered, bridge.LineFailed, bridge.LineRetrying, bridge.LineUnclear, bridge.LineEditLate, bridge.LineUndone,
		bridge.LineTexts, bridge.LineAutomatic, bridge.LineCollected, bridge.LineParticipant:
		return line.Args.Message != 0
	default:
		return carriesFate(line)
	}
}

// carriesFate reports whether a line stands for a message that leaves: for one that was written in a form,
// which people see nowhere else, or for one that a colleague's click sent.
func carriesFate(line *bridge.Line) bool {
	if line.Kind() != bridge.LineDone || line.Args.Message == 0 {
		return false
	}
	switch line.Verb {
	case bridge.VerbReply, bridge.VerbTemplate, bridge.VerbNew, bridge.VerbSend:
		return true
	default:
		return false
	}
}

// postedLine is a line in a thread with the changes that were made to it since, in order.
type postedLine struct {
	*book.Delivery
	changes []*book.Delivery
}

// newest returns the delivery that says what the line says now.
func (p postedLine) newest() *book.Delivery {
	if len(p.changes) > 0 {
		return p.changes[len(p.changes)-1]
	}
	return p.Delivery
}

// settling updates lines about messages.
type settling struct{ *Writer }

// SettleLines updates the lines about the messages that the batch has loaded.
func (th *Writer) SettleLines() {
	lines := th.TrackedLines()
	for _, id := range book.SortedKeys(lines) {
		m, last := th.Messages.Rows[id], len(lines[id])-1
		for i, line := range lines[id] {
			settling{th}.settle(m, line, i == last)
		}
	}
}

// TrackedLines returns the tracked lines about the messages that the batch has loaded, by message, in order.
func (th *Writer) TrackedLines() map[store.MessageID][]postedLine {
	lines, changes := map[store.MessageID][]postedLine{}, map[store.DeliveryID][]*book.Delivery{}
	for _, id := range book.SortedKeys(th.Outbox.Deliveries) {
		d := th.Outbox.Deliveries[id]
		if d.Kind != string(bridge.PostLine) || th.Messages.Rows[d.MessageID] == nil || th.Outbox.Lanes[d.LaneID] == nil || d.State == store.Failed || d.State == store.Cancelled {
			continue
		}
		switch p := d.DecodedPayload(); {
		case p.Line == nil || !tracked(p.Line):
		case p.Changes != 0:
			changes[p.Changes] = append(changes[p.Changes], d)
		default:
			lines[d.MessageID] = append(lines[d.MessageID], postedLine{Delivery: d})
		}
	}
	inOrder := func(a, b *book.Delivery) int {
		if a.LaneID == b.LaneID {
			return cmp.Compare(a.Seq, b.Seq)
		}
		return a.CreatedAt.Compare(b.CreatedAt)
	}
	for _, list := range lines {
		for i := range list {
			list[i].changes = changes[list[i].ID]
			slices.SortFunc(list[i].changes, inOrder)
		}
		slices.SortFunc(list, func(a, b postedLine) int { return inOrder(a.Delivery, b.Delivery) })
	}
	return lines
}

// settle makes a line say what became of its message. last means that no later line is about the
// message.
func (st settling) settle(m *book.Message, line postedLine, last bool) {
	first := line.Delivery.DecodedPayload()
	if line.Fresh && first.Fate == "" {
		first.Fate = m.Fate
		line.SetPayload(first)
	}
	now := line.newest().DecodedPayload()
	outcome := st.outcome(m, first, now.Line, last)
	said := *now.Line
	switch {
	case outcome == nil && slices.Contains(said.Verbs, bridge.VerbSend) && said.Args.Shown != "" && said.Args.Shown != book.WordsMarkOf(&m.Message):
		said.Text, said.Files, said.Args.Shown = m.Text, files.UploadedNames(&m.Message), book.WordsMarkOf(&m.Message)
	case outcome == nil || said.Outcome != nil && said.Outcome.State == outcome.State && said.Outcome.By.ID == outcome.By.ID:
		return
	default:
		said.Outcome, said.Verbs, said.Other = outcome, openVerbs(outcome.State), st.promotedTo(m, outcome.State, said.Other)
	}
	now.Line = &said
	if st.Outbox.HasNotBegun(line.newest()) {
		line.newest().SetPayload(now)
		return
	}
	l := st.Outbox.Lanes[line.LaneID]
	c := st.Conversations.Rows[l.ConversationID]
	if c == nil || c.Threads[l.AccountID] == nil {
		return
	}
	st.Outbox.Enqueue(st.ChangesLane(c, c.Threads[l.AccountID]), string(bridge.PostLine), m.ID, outbound.Payload{Line: &said, Changes: line.ID}, nil)
}

// outcome returns the outcome that a line has to show; nil means the line stays as it was written. first is the
// line's payload as it was written, now is the line as it is at present.
func (st settling) outcome(m *book.Message, first outbound.Payload, now *bridge.Line, last bool) *bridge.Outcome {
	if now.Kind() == bridge.LineParticipant {
		return st.allowed(m, now)
	}
	before := now.Outcome
	if m.Decided != nil && m.Decided.State != "" && (last || now.Kind() == bridge.LineAutomatic || now.Kind() == bridge.LineCollected) {
		return st.decidedBy(m, now, before, m.Decided.State)
	}
	unchanged := first.Fate == "" || first.Fate == m.Fate
	switch state := st.outcomeState(m); {
	case now.Kind() == bridge.LineAutomatic || now.Kind() == bridge.LineCollected:
		return nil
	case !last && (state == bridge.OutcomeWaiting || state == bridge.OutcomeAsked):
		return st.decidedBy(m, now, before, bridge.OutcomeAsked)
	case unchanged && last && !carriesFate(now):
		return nil
	default:
		return st.decidedBy(m, now, before, state)
	}
}

// allowed returns the outcome of a line that asks about people who are new in a mail. The line has one
// once all of them get replies, by whatever way they were allowed.
func (st settling) allowed(m *book.Message, line *bridge.Line) *bridge.Outcome {
	c := st.Conversations.Rows[m.ConversationID]
	if c == nil || line.Outcome != nil {
		return line.Outcome
	}
	for _, key := range line.Args.Addresses {
		if !slices.ContainsFunc(c.Participants, func(p store.Participant) bool { return p.Key == key && !p.New }) {
			return nil
		}
	}
	return &bridge.Outcome{State: bridge.OutcomeAllowed, By: c.AddressedBy, At: st.Now}
}

// decidedBy makes an outcome with who decided it and when. Who is kept from the outcome before; when is
// kept too while only receipts of a sent reply come in.
func (st settling) decidedBy(m *book.Message, line *bridge.Line, before *bridge.Outcome, state bridge.OutcomeState) *bridge.Outcome {
	o := &bridge.Outcome{State: state, At: st.Now}
	switch {
	case m.Decided != nil:
		o.By = m.Decided.By
	case before != nil:
		o.By = before.By
	case carriesFate(line):
		o.By = line.By
	}
	if before != nil && left(before.State) && left(state) {
		o.At = before.At
	}
	return o
}

// left reports whether a message in this state is with the provider.
func left(s bridge.OutcomeState) bool {
	return s == bridge.OutcomeSent || s == bridge.OutcomeDelivered || s == bridge.OutcomeRead
}

// outcomeState returns what became of a message by its fate and by its receipts.
func (th *Writer) outcomeState(m *book.Message) bridge.OutcomeState {
	switch m.Fate {
	case store.FateWaiting:
		return bridge.OutcomeWaiting
	case store.FateOut:
		return th.Outbox.ReceiptState(m)
	case store.FateFailed:
		return bridge.OutcomeFailed
	case store.FateUnclear:
		return bridge.OutcomeUnclear
	case store.FateInside:
		return bridge.OutcomeInside
	case store.FateDropped:
		return bridge.OutcomeDropped
	case store.FateUndone:
		return bridge.OutcomeUndone
	case store.FateIn, store.FateAsk, store.FateParked:
	}
	return bridge.OutcomeAsked
}

// openVerbs returns the verbs whose buttons a line with an outcome still has.
func openVerbs(state bridge.OutcomeState) []bridge.Verb {
	if state == bridge.OutcomeWaiting {
		return []bridge.Verb{bridge.VerbUndo}
	}
	if state == bridge.OutcomeKept || state == bridge.OutcomeTemplate {
		return []bridge.Verb{bridge.VerbDrop}
	}
	if state == bridge.OutcomeBlocked {
		return []bridge.Verb{bridge.VerbUnblock}
	}
	if state == bridge.OutcomeUnblocked {
		return SortingVerbs()
	}
	return nil
}

// promotedTo returns the conversation that a promoted mail is in; else what the line named.
func (st settling) promotedTo(m *book.Message, state bridge.OutcomeState, named bridge.Facts) bridge.Facts {
	if c := st.Conversations.Rows[m.ConversationID]; c != nil && state == bridge.OutcomePromoted {
		return bridge.Facts{ID: c.ID, Subject: c.Subject}
	}
	return named
}

// Decide notes for the lines about a message who decided what becomes of it. state "" means the message's
// fate tells what.
func (th *Writer) Decide(m *book.Message, agent *store.Agent, state bridge.OutcomeState) {
	m.Decided = &bridge.Outcome{State: state, By: th.Dir.Ref(0, agent.ID)}
}

// RefuseDecided tells whoever pressed an old button what has become of the message.
func (th *Writer) RefuseDecided(r book.Request, m *book.Message) {
	c, surface, a := r.Conversation, r.Surface, r.Action
	o := &bridge.Outcome{State: th.outcomeState(m)}
	var said time.Time
	for _, list := range th.TrackedLines()[m.ID] {
		d := list.newest()
		if before := d.DecodedPayload().Line.Outcome; before != nil && before.State != bridge.OutcomeAsked && !d.CreatedAt.Before(said) {
			o, said = before, d.CreatedAt
		}
	}
	th.Whisper(c, surface, a, bridge.Line{Content: bridge.LineDecided, Verb: a.Verb, Customer: c.Customer(), Outcome: o})
	th.Log.Refused(r, "stale", "That was decided meanwhile: the message shows what became of it.")
}

// SortingVerbs are what may be done with an automatic mail.
func SortingVerbs() []bridge.Verb {
	return []bridge.Verb{bridge.VerbPromote, bridge.VerbSilence, bridge.VerbBlock}
}
