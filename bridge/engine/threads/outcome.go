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

// A line is a remark of Parley's in a conversation's thread. One about a message shows the message's fate (waiting, sent, failed …),
// and often asks what is to become of it. When the fate changes, for whatever reason, the line shows the outcome instead: its
// words change and its buttons go. So code that decides about a message needn't know which lines are about it. Settling a line
// means to bring it up to date in this way.

// isTracked reports whether a line is brought up to date when the fate of its message changes.
func isTracked(line *bridge.Line) bool {
	switch line.Kind() {
	case bridge.LineAsk, bridge.LineInside, bridge.LineNotMapped, bridge.LineParked, bridge.LineOffered, bridge.LineFailed,
		bridge.LineRetrying, bridge.LineUnclear, bridge.LineUndone, bridge.LineTexts, bridge.LineAutomatic, bridge.LineCollected,
		bridge.LineParticipant:
		return line.Args.Message != 0
	case bridge.LineEditLate: // if it offers no correction, it is a remark that holds whatever becomes of the message
		offersCorrection := line.Args.Shown != "" // stays when its Send button goes
		return line.Args.Message != 0 && offersCorrection
	default:
		return isInPlaceOfMessage(line)
	}
}

// isInPlaceOfMessage reports whether a line stands for a message that leaves: one that was written in a form, which people see
// nowhere else, or one that a colleague's click has sent. Such a line always shows the fate, as it asks nothing.
func isInPlaceOfMessage(line *bridge.Line) bool {
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

// isAboutRecipient reports whether a line is only about one of several recipients. It never counts as the last line about the
// message: the line before it goes on asking what is to be done.
func isAboutRecipient(line *bridge.Line) bool {
	failed, isFailed := line.Content.(*bridge.FailedLine)
	return isFailed && failed.Recipient != ""
}

// postedLine is the delivery of a line, with the deliveries of the changes that were made to the line since, in order.
type postedLine struct {
	*book.Delivery
	changes []*book.Delivery
}

// newestDelivery returns the delivery that has what the line says now.
func (p postedLine) newestDelivery() *book.Delivery {
	if len(p.changes) > 0 {
		return p.changes[len(p.changes)-1]
	}
	return p.Delivery
}

// lineSettler brings lines about messages up to date.
type lineSettler struct{ *Writer }

// SettleLines brings the lines about the messages that the batch has loaded up to date.
func (th *Writer) SettleLines() {
	lines := th.TrackedLines()
	for _, id := range book.SortedKeys(lines) {
		for i, at := range positionsOf(lines[id]) {
			lineSettler{th}.settleLine(th.Messages.Rows[id], lines[id][i], at)
		}
	}
}

// TrackedLines returns the tracked lines about the messages that the batch has loaded, by message, in order.
func (th *Writer) TrackedLines() map[store.MessageID][]postedLine {
	lines := map[store.MessageID][]postedLine{}
	changes := map[store.DeliveryID][]*book.Delivery{} // by the line that they change
	for _, id := range book.SortedKeys(th.Outbox.Deliveries) {
		d := th.Outbox.Deliveries[id]
		if d.Kind != string(bridge.PostLine) {
			continue
		}

		isLoaded := th.Messages.Rows[d.MessageID] != nil && th.Outbox.Lanes[d.LaneID] != nil
		isShown := d.State != store.Failed && d.State != store.Cancelled
		if !isLoaded || !isShown {
			continue
		}

		p := d.DecodedPayload()
		if p.Line == nil || !isTracked(p.Line) {
			continue
		}

		if p.Changes != 0 {
			changes[p.Changes] = append(changes[p.Changes], d)
		} else {
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

// settleLine makes a line say what became of its message.
func (st lineSettler) settleLine(m *book.Message, line postedLine, at position) {
	if line.Fresh {
		noteFirstFate(m, line.Delivery)
	}

	now := line.newestDelivery().DecodedPayload()
	updated, isChanged := st.updatedLine(m, line, *now.Line, at)
	if !isChanged {
		return
	}

	if st.Outbox.HasNotBegun(line.newestDelivery()) {
		now.Line = &updated
		line.newestDelivery().SetPayload(now)
		return
	}

	l := st.Outbox.Lanes[line.LaneID]
	c := st.Conversations.Rows[l.ConversationID]
	if c == nil || c.Threads[l.AccountID] == nil {
		return
	}

	lane := st.ChangesLane(c, c.Threads[l.AccountID])
	st.Outbox.Enqueue(lane, string(bridge.PostLine), m.ID, outbound.Payload{Line: &updated, Changes: line.ID}, nil)
}

// updatedLine returns a line as it has to be. now is what the line says at present. isChanged is false if that may stay.
func (st lineSettler) updatedLine(
	m *book.Message, line postedLine, now bridge.Line, at position,
) (updated bridge.Line, isChanged bool) {
	outcome := st.findOutcome(m, line, &now, at)
	if outcome == nil {
		showsNoWords := book.IsConfidential(&m.Message) // so that whoever clicks is shown the new ones first
		if !hasOldSendButton(&now, m) || showsNoWords {
			return now, false
		}
		// The message was edited: the button is to send what the line shows.
		now.Text = m.Text
		now.Files = files.UploadedNames(&m.Message)
		now.Args.Shown = book.WordsMarkOf(&m.Message)
		return now, true
	}

	if isSameOutcome(now.Outcome, outcome) {
		return now, false
	}
	now.Outcome = outcome
	now.Verbs = openVerbs(now.Kind(), outcome.State)
	if isAboutRecipient(&now) {
		now.Verbs = nil
	}
	now.Other = st.promotedTo(m, outcome.State, now.Other)
	return now, true
}

// hasOldSendButton reports whether a line has a button that sends a message, and shows other words than the message has now.
func hasOldSendButton(line *bridge.Line, m *book.Message) bool {
	hasSendButton := slices.Contains(line.Verbs, bridge.VerbSend) || slices.Contains(line.Verbs, bridge.VerbSendAgain)
	return hasSendButton && line.Args.Shown != "" && line.Args.Shown != book.WordsMarkOf(&m.Message)
}

// isSameOutcome reports whether a line that shows one outcome (shown) may stay as it is for another.
func isSameOutcome(shown, outcome *bridge.Outcome) bool {
	if shown == nil {
		return false
	}
	return shown.State == outcome.State && shown.By.ID == outcome.By.ID
}

// findOutcome returns the outcome that a line has to show, or nil if the line stays as it is. now is the line as it is at present. The
// first of these counts:
//  1. A line about people who are new in a mail shows once they get replies.
//  2. A decision of this batch is shown by the last line about the message, or by the line of a sorted mail.
//  3. A line about one recipient shows what becomes of the message, once that changes.
//  4. A line about an unfinished part of a reply shows what becomes of that part.
//  5. A line that isn't the last one leaves what is still open to the later line.
//  6. Any other line shows what has become of the message since the line was written.
func (st lineSettler) findOutcome(m *book.Message, line postedLine, now *bridge.Line, at position) *bridge.Outcome {
	if now.Kind() == bridge.LineParticipant {
		return st.allowedOutcome(m, now)
	}

	before := now.Outcome
	isSorting := now.Kind() == bridge.LineAutomatic || now.Kind() == bridge.LineCollected // about a mail in a day's thread
	isDecided := st.isDecidedSince(line, m) && m.Decided.State != ByFate
	showsDecision := at.isLast || isSorting
	if isDecided && showsDecision {
		return st.makeOutcome(m, now, before, m.Decided.State)
	}
	if isSorting {
		return nil
	}

	state := st.outcomeState(m)
	firstFate := line.DecodedPayload().Fate
	isUnchanged := firstFate == "" || firstFate == m.Fate
	if isAboutRecipient(now) {
		if isUnchanged && before == nil {
			return nil
		}
		return st.makeOutcome(m, now, before, state)
	}

	if part := st.unfinishedPart(m, now); part != nil {
		if hasLanded := book.StateRank(part.State) > 0; hasLanded {
			return st.makeOutcome(m, now, before, shownReceipt(st.Writer, m, book.ReceiptOutcome(book.StateRank(part.State), true)))
		}
		if at.isLastOfPart && isUndecided(part, now) {
			return nil // its buttons are the only ones that decide about this part
		}
		canBeTakenBack := m.Fate != store.FateFailed
		if at.isLastOfPart && canBeTakenBack && (book.Parts{part}).AreLeaving() {
			return st.makeOutcome(m, now, before, bridge.OutcomeWaiting)
		}
	}

	isOpen := state == bridge.OutcomeWaiting || state == bridge.OutcomeAsked
	if !at.isLast && isOpen {
		return st.makeOutcome(m, now, before, bridge.OutcomeAsked) // a later line asks
	}

	isStillOpen := before == nil || state == bridge.OutcomeAsked // a reply that is kept for later is still parked
	staysAsItIs := isUnchanged && isStillOpen && !isInPlaceOfMessage(now)
	if at.isLast && staysAsItIs {
		return nil
	}

	return st.makeOutcome(m, now, before, state)
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

// makeOutcome makes an outcome with who decided it, and when. If nobody has decided anything in this batch, By is kept from the
// outcome before. At is kept, too, while only receipts of a sent reply come in.
func (st lineSettler) makeOutcome(m *book.Message, line *bridge.Line, before *bridge.Outcome, state bridge.OutcomeState) *bridge.Outcome {
	o := &bridge.Outcome{State: state, By: decidedBy(m, line, before, state), At: st.Now}
	wasWithProvider := before != nil && isWithProvider(before.State)
	if wasWithProvider && isWithProvider(state) {
		o.At = before.At
	}
	return o
}

// decidedBy returns the agent whom an outcome names. The first of these counts: who has decided in this batch; who decided before,
// if the state follows from that; the author of a message that the line stands for.
func decidedBy(m *book.Message, line *bridge.Line, before *bridge.Outcome, state bridge.OutcomeState) bridge.AgentRef {
	if m.Decided != nil {
		return m.Decided.By
	}
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

	th.Whisper(r.Conversation, r.Surface, r.Action,
		bridge.Line{Content: bridge.LineDecided, Verb: r.Verb, Customer: r.Conversation.Customer(), Outcome: o})
	th.Log.Refused(r, "stale", "That was decided meanwhile: the message shows what became of it.")
}
