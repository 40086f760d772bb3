package threads

import (
	"slices"
	"time"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/store"
)

// An outcome is what a line about a message shows of what became of the message, in place of its buttons: "sent", "dropped by Kim".
// This file finds it for each line, from what was decided in the batch and from the fate of the message.

// asItIs means that a line stays as it is.
const asItIs bridge.OutcomeState = ""

// findOutcome returns the outcome that a line has to show, or nil if the line stays as it is. The first rule that applies counts.
func (st lineSettler) findOutcome(l *lineToSettle) *bridge.Outcome {
	if l.now.Kind() == bridge.LineParticipant {
		return st.allowedOutcome(l.message, &l.now)
	}

	rules := []func(*lineToSettle) (state bridge.OutcomeState, applies bool){
		st.stateByDecision,
		st.stateForRecipient,
		st.stateOfPart,
		st.stateOfEarlierLine,
		st.stateOfOpenLine,
	}
	for _, rule := range rules {
		state, applies := rule(l)
		if !applies {
			continue
		}
		if state == asItIs {
			return nil
		}
		return st.makeOutcome(l, state)
	}

	return st.makeOutcome(l, st.outcomeState(l.message))
}

// stateByDecision has the last line about a message show what somebody decided about it in this batch. The line of a mail in a day's
// thread shows nothing else.
func (st lineSettler) stateByDecision(l *lineToSettle) (state bridge.OutcomeState, applies bool) {
	m := l.message
	isInDailyThread := l.now.Kind() == bridge.LineAutomatic || l.now.Kind() == bridge.LineCollected
	isDecided := st.isDecidedSince(l.postedLine, m) && m.Decided.State != ByFate
	switch {
	case isDecided && (l.isLast || isInDailyThread):
		return m.Decided.State, true
	case isInDailyThread:
		return asItIs, true
	default:
		return "", false
	}
}

// stateForRecipient has a line about one of several recipients show what becomes of the message, once that changes.
func (st lineSettler) stateForRecipient(l *lineToSettle) (state bridge.OutcomeState, applies bool) {
	if !isAboutRecipient(&l.now) {
		return "", false
	}
	if !l.hasNewFate() && l.now.Outcome == nil {
		return asItIs, true
	}
	return st.outcomeState(l.message), true
}

// stateOfPart has a line about an unfinished part of a reply show what becomes of that part.
func (st lineSettler) stateOfPart(l *lineToSettle) (state bridge.OutcomeState, applies bool) {
	m := l.message
	part := st.unfinishedPart(m, &l.now)
	if part == nil {
		return "", false
	}

	rank := book.StateRank(part.State)
	hasLanded := rank > 0
	canBeTakenBack := m.Fate != store.FateFailed
	switch {
	case hasLanded:
		return shownReceipt(st.Writer, m, book.ReceiptOutcome(rank, true)), true
	case !l.isLastOfPart:
		return "", false
	case isUndecided(part, &l.now): // its buttons are the only ones that decide about this part
		return asItIs, true
	case canBeTakenBack && (book.Parts{part}).AreLeaving():
		return bridge.OutcomeWaiting, true
	default:
		return "", false
	}
}

// stateOfEarlierLine has a line leave what is still open to a later line about the message, which asks.
func (st lineSettler) stateOfEarlierLine(l *lineToSettle) (state bridge.OutcomeState, applies bool) {
	fate := st.outcomeState(l.message)
	isOpen := fate == bridge.OutcomeWaiting || fate == bridge.OutcomeAsked
	return bridge.OutcomeAsked, isOpen && !l.isLast
}

// stateOfOpenLine keeps the last line about a message as it is while nothing has become of the message since the line was written.
func (st lineSettler) stateOfOpenLine(l *lineToSettle) (state bridge.OutcomeState, applies bool) {
	isStillOpen := l.now.Outcome == nil || st.outcomeState(l.message) == bridge.OutcomeAsked // a reply that is kept for later is still parked
	isOpenLine := l.isLast && isStillOpen && !isInPlaceOfMessage(&l.now)
	return asItIs, isOpenLine && !l.hasNewFate()
}

// allowedOutcome returns the outcome of a line that asks about people who are new in a mail: nil until all of them get
// replies, in whichever way they were allowed.
func (st lineSettler) allowedOutcome(m *book.Message, line *bridge.Line) *bridge.Outcome {
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

// makeOutcome makes an outcome of a line with who decided it, and when. If nobody has decided anything in this batch, By is kept
// from the outcome before. At is kept, too, while only receipts of a sent reply come in.
func (st lineSettler) makeOutcome(l *lineToSettle, state bridge.OutcomeState) *bridge.Outcome {
	before := l.now.Outcome
	o := &bridge.Outcome{State: state, By: decidedBy(l.message, &l.now, state), At: st.Now}
	wasWithProvider := before != nil && isWithProvider(before.State)
	if wasWithProvider && isWithProvider(state) {
		o.At = before.At
	}
	return o
}

// decidedBy returns the agent whom an outcome names. The first of these counts: who has decided in this batch; who decided before,
// if the state follows from that; the author of a message that the line stands for.
func decidedBy(m *book.Message, line *bridge.Line, state bridge.OutcomeState) bridge.AgentRef {
	if m.Decided != nil {
		return m.Decided.By
	}

	before := line.Outcome
	if before != nil && (before.State == state || followsFromSending(state)) {
		return before.By
	}
	if isInPlaceOfMessage(line) {
		return line.By
	}
	return bridge.AgentRef{}
}

// followsFromSending reports whether a message may have come into a state because somebody sent it, without a further decision.
func followsFromSending(s bridge.OutcomeState) bool {
	switch s {
	case bridge.OutcomeWaiting, bridge.OutcomeUnclear, bridge.OutcomeAsked:
		return true
	default:
		return isWithProvider(s)
	}
}

// isWithProvider reports whether the provider has accepted a message in this state.
func isWithProvider(s bridge.OutcomeState) bool {
	switch s {
	case bridge.OutcomeSent, bridge.OutcomeDelivered, bridge.OutcomeRead:
		return true
	default:
		return false
	}
}

// outcomeState returns what became of a message, by its fate and by its receipts.
func (th *Writer) outcomeState(m *book.Message) bridge.OutcomeState {
	switch m.Fate {
	case store.FateWaiting:
		return bridge.OutcomeWaiting
	case store.FateOut:
		return shownReceipt(th, m, th.Outbox.ReceiptState(m))
	case store.FateFailed:
		return bridge.OutcomeFailed
	case store.FateUnclear:
		return bridge.OutcomeUnclear
	case store.FateInside:
		return bridge.OutcomeInside
	case store.FateDropped:
		return bridge.OutcomeDropped
	case store.FateUndone:
		return undoneOutcome(th.Outbox.PartsOf(m))
	case store.FateIn, store.FateAsk, store.FateParked:
	}

	return bridge.OutcomeAsked
}

// openVerbs returns the verbs whose buttons a line of a kind still has with an outcome.
func openVerbs(kind bridge.LineKind, state bridge.OutcomeState) []bridge.Verb {
	switch state {
	case bridge.OutcomeWaiting:
		return []bridge.Verb{bridge.VerbUndo}
	case bridge.OutcomeKept, bridge.OutcomeTemplate:
		return []bridge.Verb{bridge.VerbDrop}
	case bridge.OutcomeBlocked, bridge.OutcomeSilenced:
		return []bridge.Verb{bridge.VerbUnblock}
	case bridge.OutcomeUnblocked:
		return SortingVerbs(kind)
	default:
		return nil
	}
}

// promotedTo returns the conversation in which a promoted mail is now. For all other lines it returns named.
func (st lineSettler) promotedTo(m *book.Message, state bridge.OutcomeState, named bridge.Facts) bridge.Facts {
	c := st.Conversations.Rows[m.ConversationID]
	if c != nil && state == bridge.OutcomePromoted {
		return bridge.Facts{ID: c.ID, Subject: c.Subject}
	}
	return named
}

// ByFate has the lines about a decided message show its fate.
const ByFate bridge.OutcomeState = ""

// NoteDecision notes, for the lines about a message, who decided what becomes of it. The lines show state, which may be ByFate.
func (th *Writer) NoteDecision(m *book.Message, agent *store.Agent, state bridge.OutcomeState) {
	m.Decided = &bridge.Outcome{State: state, By: th.Dir.Ref(AnySurface, agent.ID)}
}

// RefuseDecided tells whoever pressed an old button what has become of the message meanwhile.
func (th *Writer) RefuseDecided(r book.Request, m *book.Message) {
	o := &bridge.Outcome{State: th.outcomeState(m)}
	var latest time.Time
	for _, line := range th.TrackedLines()[m.ID] { // the latest line that shows an outcome counts
		d := line.newestDelivery()
		shown := d.DecodedPayload().Line.Outcome
		if shown == nil || shown.State == bridge.OutcomeAsked {
			continue
		}
		if !d.CreatedAt.Before(latest) {
			o, latest = shown, d.CreatedAt
		}
	}

	th.Whisper(r, bridge.Line{Content: bridge.LineDecided, Verb: r.Verb, Customer: r.Conversation.Customer(), Outcome: o})
	th.Log.RecordRefusal(r, "stale", "That was decided meanwhile: the message shows what became of it.")
}
