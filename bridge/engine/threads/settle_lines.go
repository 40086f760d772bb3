package threads

import (
	"slices"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/files"
	"parley/bridge/engine/outbound"
	"parley/store"
)

// A line is a remark of Parley's in a conversation's thread. One about a message shows the message's fate (waiting, sent, failed …),
// and often asks what is to become of it. When the fate changes, for whatever reason, the line shows the outcome instead: its
// words change and its buttons go. For example, "Not sent: the window is closed. [Send] [Drop]" becomes "Dropped by Kim". So code
// that decides about a message needn't know which lines are about it. Settling a line means to bring it up to date in this way.
// This file finds the lines and changes them; outcome.go says what they have to show.

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
	sent := []bridge.Verb{bridge.VerbReply, bridge.VerbTemplate, bridge.VerbNew, bridge.VerbSend}
	return slices.Contains(sent, line.Verb)
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

	for _, list := range lines {
		for i := range list {
			list[i].changes = changes[list[i].ID]
			slices.SortFunc(list[i].changes, book.ComparePosts)
		}
		slices.SortFunc(list, func(a, b postedLine) int { return book.ComparePosts(a.Delivery, b.Delivery) })
	}

	return lines
}

// lineToSettle is a line about a message, with what is needed to bring it up to date.
type lineToSettle struct {
	postedLine
	position
	message *book.Message
	now     bridge.Line // what the line says at present
}

// hasNewFate reports whether the fate of the message has changed since the line was written.
func (l *lineToSettle) hasNewFate() bool {
	first := l.DecodedPayload().Fate
	return first != "" && first != l.message.Fate
}

// settleLine makes a line say what became of its message.
func (st lineSettler) settleLine(m *book.Message, line postedLine, at position) {
	if line.Fresh {
		noteFirstFate(m, line.Delivery)
	}

	newest := line.newestDelivery()
	payload := newest.DecodedPayload()
	l := lineToSettle{postedLine: line, position: at, message: m, now: *payload.Line}
	if !st.updateWords(&l) {
		return
	}

	if st.Outbox.HasNotBegun(newest) {
		payload.Line = &l.now
		newest.SetPayload(payload)
		return
	}

	lane := st.Outbox.Lanes[line.LaneID]
	c := st.Conversations.Rows[lane.ConversationID]
	if c == nil || c.Threads[lane.AccountID] == nil {
		return
	}
	changes := st.ChangesLane(c, c.Threads[lane.AccountID])
	st.Outbox.Enqueue(changes, string(bridge.PostLine), m.ID, outbound.Payload{Line: &l.now, Changes: line.ID}, nil)
}

// updateWords brings what a line says up to date, and reports whether that has changed the line.
func (st lineSettler) updateWords(l *lineToSettle) (isChanged bool) {
	outcome := st.findOutcome(l)
	if outcome == nil {
		isReopened := st.dropReopen(&l.now, l.message)
		return showEditedText(&l.now, l.message) || isReopened
	}
	if isSameOutcome(l.now.Outcome, outcome) {
		return false
	}

	l.now.Outcome = outcome
	l.now.Verbs = openVerbs(l.now.Kind(), outcome.State)
	showCorrection(&l.now, l.message)
	if isAboutRecipient(&l.now) {
		l.now.Verbs = nil
	}
	l.now.Other = st.promotedTo(l.message, outcome.State, l.now.Other)
	return true
}

// dropReopen takes the button that reopens the conversation off a line about a message, once the conversation is open again: then
// its other button sends the message.
func (st lineSettler) dropReopen(line *bridge.Line, m *book.Message) (isChanged bool) {
	c := st.Conversations.Rows[m.ConversationID]
	if c == nil || !c.BridgeStatus().Open() || !slices.Contains(line.Verbs, bridge.VerbReopen) {
		return false
	}
	line.Verbs = slices.DeleteFunc(slices.Clone(line.Verbs), func(v bridge.Verb) bool { return v == bridge.VerbReopen })
	return true
}

// showCorrection has a line that offered a correction show the correction, since its outcome is about that and not about the text that
// the customer has. m is the message of the correction.
func showCorrection(line *bridge.Line, m *book.Message) {
	late, offersCorrection := line.Content.(*bridge.EditLateLine)
	if !offersCorrection || book.IsConfidential(&m.Message) {
		return
	}
	settled := *late
	if settled.Earlier == "" && m.Text != "" { // without a text of its own it brings files, and the customer has the text as it is
		settled.Earlier = line.Text
	}
	line.Content = &settled
	line.Text = m.Text
	line.Files = files.UploadedNames(&m.Message)
}

// showEditedText has a line show its message as it was edited, if the line has a button that sends the message: the button is to
// send what the line shows. A line without the words of a confidential message stays, since whoever clicks is shown the new ones
// first.
func showEditedText(line *bridge.Line, m *book.Message) (isChanged bool) {
	if !hasOldSendButton(line, m) || book.IsConfidential(&m.Message) {
		return false
	}
	line.Text = m.Text
	line.Files = files.UploadedNames(&m.Message)
	line.Args.Shown = book.WordsMarkOf(&m.Message)
	return true
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
