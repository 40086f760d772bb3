package engine

import (
	"slices"

	"parley/bridge"
	"parley/store"
)

// A line is a remark that Parley posts in a conversation's thread. A line about a message shows the message's
// fate (waiting, sent, failed …) and often asks what to do. When the fate changes, for whatever reason, the
// line changes, too: "Not sent: the window is closed. [Send] [Drop]" becomes "Dropped by Kim". This is called
// settling the line. It happens at the end of each batch, so that code that decides about a message needn't
// know the lines about it. This file finds the lines and updates them; outcome.go decides what they show.

// isTracked reports whether a line changes with the fate of its message.
func isTracked(line *bridge.Line) bool {
	switch line.Kind() {
	case bridge.LineAsk, bridge.LineInside, bridge.LineNotMapped, bridge.LineParked, bridge.LineOffered, bridge.LineFailed,
		bridge.LineRetrying, bridge.LineUnclear, bridge.LineUndone, bridge.LineTexts, bridge.LineAutomatic, bridge.LineCollected,
		bridge.LineParticipant:
		return line.Args.Message != 0
	case bridge.LineEditLate: // without a correction to send, it never changes
		offersCorrection := line.Args.Shown != "" // still set after the Send button is gone
		return line.Args.Message != 0 && offersCorrection
	default:
		return isInPlaceOfMessage(line)
	}
}

// isInPlaceOfMessage reports whether a line represents a reply in the thread: one that was written in a form
// and so isn't in the thread itself, or one that a colleague's click has sent. Such a line always shows the
// fate, since it asks nothing.
func isInPlaceOfMessage(line *bridge.Line) bool {
	if line.Kind() == bridge.LineAutoReplied {
		return true
	}
	if line.Kind() != bridge.LineDone || line.Args.Message == 0 {
		return false
	}
	sent := []bridge.Verb{bridge.VerbReply, bridge.VerbTemplate, bridge.VerbNew, bridge.VerbSend}
	return slices.Contains(sent, line.Verb)
}

// isBeside reports whether a line never counts as the last line about its message, so that the line before it keeps its buttons:
// it is about one of several recipients, or only tells that an earlier version of a taken-back text may have left.
func isBeside(line *bridge.Line) bool {
	onlyTells := line.Kind() == bridge.LineUnclear && len(line.Verbs) == 0
	return isAboutRecipient(line) || onlyTells
}

// isAboutRecipient reports whether a line is about only one of several recipients.
func isAboutRecipient(line *bridge.Line) bool {
	failed, isFailed := line.Content.(*bridge.FailedLine)
	return isFailed && failed.Recipient != ""
}

// postedLine is the delivery of a line, with the deliveries of its later changes, in order.
type postedLine struct {
	*Delivery
	changes []*Delivery
}

// newestDelivery returns the delivery with the current content of the line.
func (p postedLine) newestDelivery() *Delivery {
	if len(p.changes) > 0 {
		return p.changes[len(p.changes)-1]
	}
	return p.Delivery
}

// lineSettler has the methods that settle lines.
type lineSettler struct{ *Writer }

// SettleLines updates all lines about the messages that the batch has loaded.
func (th *Writer) SettleLines() {
	lines := th.TrackedLines()
	for _, id := range SortedKeys(lines) {
		for i, at := range positionsOf(lines[id]) {
			lineSettler{th}.settleLine(th.Messages.Get(id), lines[id][i], at)
		}
	}
}

// TrackedLines returns the tracked lines of each message that the batch has loaded, in order.
func (th *Writer) TrackedLines() map[store.MessageID][]postedLine {
	lines := map[store.MessageID][]postedLine{}
	changes := map[store.DeliveryID][]*Delivery{} // by the line that they change
	for _, id := range SortedKeys(th.Outbox.Deliveries) {
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
			slices.SortFunc(list[i].changes, ComparePosts)
		}
		slices.SortFunc(list, func(a, b postedLine) int { return ComparePosts(a.Delivery, b.Delivery) })
	}

	return lines
}

// lineToSettle is a line while it is settled.
type lineToSettle struct {
	postedLine
	position
	message *Message
	now     bridge.Line // the current content, which updateWords changes
}

// hasNewFate reports whether the fate of the message has changed since the line was written.
func (l *lineToSettle) hasNewFate() bool {
	first := l.DecodedPayload().Fate
	return first != "" && first != l.message.Fate
}

// settleLine updates one line. If the line hasn't been posted yet, its delivery is changed; otherwise a change
// of it is queued.
func (st lineSettler) settleLine(m *Message, line postedLine, at position) {
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
	c := st.Conversations.Get(lane.ConversationID)
	if c == nil || c.Threads[lane.AccountID] == nil {
		return
	}
	changes := st.ChangesLane(c, c.Threads[lane.AccountID])
	st.Outbox.Enqueue(changes, string(bridge.PostLine), m.ID, Payload{Line: &l.now, Changes: line.ID}, nil)
}

// updateWords updates the content of a line, and reports whether it has changed.
func (st lineSettler) updateWords(l *lineToSettle) (isChanged bool) {
	outcome := st.findOutcome(l)
	if outcome == nil {
		isReopened := st.dropReopen(&l.now, l.message)
		return showEditedText(&l.now, l.message) || isReopened
	}
	if isSameOutcome(l.now.Outcome, outcome) {
		return showEditedText(&l.now, l.message)
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

// dropReopen removes the Reopen button of a line once the conversation is open again, and reports whether it did.
func (st lineSettler) dropReopen(line *bridge.Line, m *Message) (isChanged bool) {
	c := st.Conversations.Get(m.ConversationID)
	if c == nil || !c.BridgeStatus().Open() || !slices.Contains(line.Verbs, bridge.VerbReopen) {
		return false
	}
	line.Verbs = slices.DeleteFunc(slices.Clone(line.Verbs), func(v bridge.Verb) bool { return v == bridge.VerbReopen })
	return true
}

// showCorrection makes a line that offered a correction of a sent reply show the correction, since its outcome
// is about that one. m is the message of the correction.
func showCorrection(line *bridge.Line, m *Message) {
	late, offersCorrection := line.Content.(*bridge.EditLateLine)
	if !offersCorrection || IsConfidential(&m.Message) {
		return
	}
	settled := *late
	if settled.Earlier == "" && m.Text != "" { // a correction without a text only adds files
		settled.Earlier = line.Text
	}
	line.Content = &settled
	line.Text = m.Text
	line.Files = UploadedNames(&m.Message)
}

// showEditedText updates the text of a line that has a Send button after its message was edited, so that the
// button sends what the line shows. It reports whether it did. The line about a confidential message shows no
// text, and whoever clicks it is shown the new text first.
func showEditedText(line *bridge.Line, m *Message) (isChanged bool) {
	if !hasOldSendButton(line, m) || IsConfidential(&m.Message) {
		return false
	}
	line.Text = m.Text
	line.Files = UploadedNames(&m.Message)
	line.Args.Shown = WordsMarkOf(&m.Message)
	return true
}

// hasOldSendButton reports whether a line has a button that sends a message which was edited since.
func hasOldSendButton(line *bridge.Line, m *Message) bool {
	hasSendButton := slices.Contains(line.Verbs, bridge.VerbSend) || slices.Contains(line.Verbs, bridge.VerbSendAgain)
	return hasSendButton && line.Args.Shown != "" && line.Args.Shown != WordsMarkOf(&m.Message)
}

// isSameOutcome reports whether a line that shows an outcome needs no change to show another one. Their times
// don't matter.
func isSameOutcome(shown, outcome *bridge.Outcome) bool {
	if shown == nil {
		return false
	}
	return shown.State == outcome.State && shown.By.ID == outcome.By.ID
}
