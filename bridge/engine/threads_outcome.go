package engine

import (
	"slices"
	"time"

	"parley/bridge"
	"parley/store"
)

// A line is a remark that Parley posts in a conversation's thread. Some lines are about a message and have buttons:
// "Not sent: the window is closed. [Send] [Drop]". Once the matter is settled, the line shows an outcome in place
// of the buttons: "sent", "dropped by Kim". This file determines the outcome of a line, from the decisions that
// agents made in the current batch of events, and from the message's fate (waiting, sent, failed …).

// asItIs means that a line doesn't change.
const asItIs bridge.OutcomeState = ""

// findOutcome returns the outcome that a line has to show, or nil if the line doesn't change. The first rule
// that applies counts.
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

	return st.makeOutcome(l, st.OutcomeOf(l.message))
}

// stateByDecision applies to the last line about a message if an agent has decided about the message in this
// batch. It also applies to the lines of a daily thread, in which automatic mail is collected: they show
// nothing but decisions.
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

// stateForRecipient applies to lines about one of several recipients: they show the message's state once its
// fate changes.
func (st lineSettler) stateForRecipient(l *lineToSettle) (state bridge.OutcomeState, applies bool) {
	if !isAboutRecipient(&l.now) {
		return "", false
	}
	if !l.hasNewFate() && l.now.Outcome == nil {
		return asItIs, true
	}
	return st.OutcomeOf(l.message), true
}

// stateOfPart applies to lines about an unfinished part (one delivery) of a reply: they show the state of that part.
func (st lineSettler) stateOfPart(l *lineToSettle) (state bridge.OutcomeState, applies bool) {
	m := l.message
	part := st.unfinishedPart(m, &l.now)
	if part == nil {
		return "", false
	}

	rank := StateRank(part.State)
	hasLanded := rank > 0
	canBeTakenBack := m.Fate != store.FateFailed
	switch {
	case hasLanded:
		return shownReceipt(st.Writer, m, ReceiptOutcome(rank, true)), true
	case !l.isLastOfPart:
		return "", false
	case isUndecided(part, &l.now): // no other line has buttons for this part
		return asItIs, true
	case canBeTakenBack && (Parts{part}).AreLeaving():
		return bridge.OutcomeWaiting, true
	default:
		return "", false
	}
}

// stateOfEarlierLine applies if a message is still undecided and a later line about it asks: the earlier line
// loses its buttons.
func (st lineSettler) stateOfEarlierLine(l *lineToSettle) (state bridge.OutcomeState, applies bool) {
	fate := st.OutcomeOf(l.message)
	isOpen := fate == bridge.OutcomeWaiting || fate == bridge.OutcomeAsked
	return bridge.OutcomeAsked, isOpen && !l.isLast
}

// stateOfOpenLine keeps the last line about a message as it is while the message's fate hasn't changed since
// the line was written.
func (st lineSettler) stateOfOpenLine(l *lineToSettle) (state bridge.OutcomeState, applies bool) {
	// A reply that an agent keeps for later has an outcome, and is still parked.
	isStillOpen := l.now.Outcome == nil || st.OutcomeOf(l.message) == bridge.OutcomeAsked
	isOpenLine := l.isLast && isStillOpen && !isInPlaceOfMessage(&l.now)
	return asItIs, isOpenLine && !l.hasNewFate()
}

// allowedOutcome returns the outcome of a line that asks whether newcomers in a mail may get replies. It is nil
// until all of them do.
func (st lineSettler) allowedOutcome(m *Message, line *bridge.Line) *bridge.Outcome {
	c := st.Conversations.Get(m.ConversationID)
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

// makeOutcome returns an outcome with the agent who decided and the time. If nobody decided in this batch, the
// agent of the previous outcome stays. The time stays, too, while only receipts of a sent reply arrive.
func (st lineSettler) makeOutcome(l *lineToSettle, state bridge.OutcomeState) *bridge.Outcome {
	before := l.now.Outcome
	o := &bridge.Outcome{State: state, By: decidedBy(l.message, &l.now, state), At: st.Now}
	wasWithProvider := before != nil && isWithProvider(before.State)
	if wasWithProvider && isWithProvider(state) {
		o.At = before.At
	}
	return o
}

// decidedBy returns the agent whom an outcome names: who decided in this batch, or else who decided before, if
// the state follows from that, or else the author of the message that the line stands for.
func decidedBy(m *Message, line *bridge.Line, state bridge.OutcomeState) bridge.AgentRef {
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

// followsFromSending reports whether a message can get into a state after an agent has sent it, without a
// further decision.
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

// OutcomeOf returns the outcome of a message according to its fate and its receipts.
func (th *Writer) OutcomeOf(m *Message) bridge.OutcomeState {
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

// openVerbs returns the buttons that a line still has when it shows an outcome: a reply that waits, for
// example, has Undo.
func openVerbs(kind bridge.LineKind, state bridge.OutcomeState) []bridge.Verb {
	switch state {
	case bridge.OutcomeWaiting:
		return []bridge.Verb{bridge.VerbUndo}
	case bridge.OutcomeUndone:
		if kind == bridge.LineAsk { // no other line tells it; see IsAskedAbout
			return []bridge.Verb{bridge.VerbSend}
		}
		return nil
	case bridge.OutcomeKept, bridge.OutcomeTemplate:
		return []bridge.Verb{bridge.VerbDrop}
	case bridge.OutcomeSilenced:
		return []bridge.Verb{bridge.VerbUnsilence}
	case bridge.OutcomeUnsilenced:
		return SortingVerbs(kind)
	default:
		return nil
	}
}

// promotedTo returns the conversation that a promoted mail (one that an agent moved out of a daily thread) is
// in now. For all other lines it returns named.
func (st lineSettler) promotedTo(m *Message, state bridge.OutcomeState, named bridge.Facts) bridge.Facts {
	c := st.Conversations.Get(m.ConversationID)
	if c != nil && state == bridge.OutcomePromoted {
		return bridge.Facts{ID: c.ID, Subject: c.Subject}
	}
	return named
}

// IsAskedAbout reports whether the thread has a line that asked about a message, and so shows what becomes of it.
func (th *Writer) IsAskedAbout(m *Message) bool {
	return slices.ContainsFunc(th.TrackedLines()[m.ID], func(l postedLine) bool {
		return l.DecodedPayload().Line.Kind() == bridge.LineAsk
	})
}

// ByFate makes the lines about a decided message show its fate; see NoteDecision.
const ByFate bridge.OutcomeState = ""

// NoteDecision records that an agent has decided about a message. The lines about it then show the agent and
// state, or the message's fate if state is ByFate.
func (th *Writer) NoteDecision(m *Message, agent *store.Agent, state bridge.OutcomeState) {
	m.Decided = &bridge.Outcome{State: state, By: th.Dir.Ref(AnySurface, agent.ID)}
}

// RefuseDecided tells an agent who clicked an outdated button what has become of the message. It shows the
// outcome of the latest line that has one.
func (th *Writer) RefuseDecided(r Request, m *Message) {
	o := &bridge.Outcome{State: th.OutcomeOf(m)}
	var latest time.Time
	for _, line := range th.TrackedLines()[m.ID] {
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
