package engine

import (
	"slices"
	"strings"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// A provider may report, minutes or days after it took a reply, that somebody didn't get it: a bounce, for
// mail. This file decides what the report is about, and what agents see in the conversation's thread. applyFailure
// (receipt.go) decides by it whether the reply has failed.
//
// A delivery is one message on its way to a customer; some leave in several pieces, each of which may be
// reported. Example: a mail to Ann, with Bob in copy, bounces for Bob. The delivery hasn't failed, and a line
// says that Bob didn't get his copy. If it bounces for Ann, the reply fails, and the line has a button to send
// it again.

// hadSeveralRecipients reports whether a reply with this payload went to more than one address, not counting
// copies.
func hadSeveralRecipients(c *Conversation, sent Payload) bool {
	if len(sent.Meant) > 0 {
		return len(sent.Meant) > 1
	}
	to, _ := RecipientsOf(c.Participants) // after a click on "send again" it has no recipients of its own, and went to these
	return len(to) > 1
}

// isAboutEarlierSending reports whether a receipt is about an earlier sending of a delivery that was sent
// again: the last sending doesn't go to that recipient, has not left yet, or has another id than the receipt.
func isAboutEarlierSending(c *Conversation, d *Delivery, s *channels.Status) bool {
	if d.Part > 0 {
		return false // what left before may be an earlier piece
	}
	sent := d.DecodedPayload()
	if recipient := bridge.AddressKey(s.Recipient); slices.Contains(sent.Before, recipient) && !getsReplies(c, recipient) {
		return true
	}
	switch d.State {
	case store.Queued:
		return sent.Again > 0
	case store.Accepted, store.Sent:
		isAnswered := d.ExternalID != "" && d.ExternalID != sent.Former
		return isAnswered && s.ByID && !s.Early && !slices.Contains(s.External, d.ExternalID)
	default:
		return false
	}
}

// getsReplies reports whether an address gets replies, directly or in copy.
func getsReplies(c *Conversation, key string) bool {
	return slices.ContainsFunc(c.Participants, func(p store.Participant) bool { return !p.New && p.Key == key })
}

// wasLeftOut reports whether a delivery was taken back before the others of its run left. A run is several
// deliveries that leave as one message.
func wasLeftOut(d *Delivery, run []*Delivery) bool {
	hasLeft := slices.ContainsFunc(run, func(other *Delivery) bool { return other.State != store.Cancelled })
	return d.State == store.Cancelled && hasLeft
}

func hasArrived(d *Delivery) bool {
	return StateRank(d.State) >= StateRank(store.Delivered)
}

// isAboutCopy reports whether a receipt is about somebody who was to get a copy of a reply with this payload.
// It is false for an address to which the mail wasn't sent: a server may have rewritten the customer's address
// to it.
func isAboutCopy(c *Conversation, sent Payload, s *channels.Status) bool {
	recipient := bridge.AddressKey(s.Recipient)
	isRecipient := func(key string) bool { return bridge.AddressKey(key) == recipient }
	isParticipant := func(p store.Participant) bool { return isRecipient(p.Key) }

	isToCustomer := isRecipient(c.Customer().Address) || slices.ContainsFunc(sent.Meant, isRecipient)
	if recipient == "" || isToCustomer {
		return false
	}
	if slices.ContainsFunc(sent.Copied, isRecipient) {
		return true
	}
	to, cc := RecipientsOf(c.Participants) // people may have joined while it waited
	return slices.ContainsFunc(cc, isParticipant) && !slices.ContainsFunc(to, isParticipant)
}

// otherRecipient returns the address that a receipt is about if it is another recipient than the customer, and
// "" otherwise.
func otherRecipient(c *Conversation, sent Payload, s *channels.Status) string {
	recipient := bridge.AddressKey(s.Recipient)
	isRecipient := func(key string) bool { return bridge.AddressKey(key) == recipient }
	if isRecipient(c.Customer().Address) {
		return ""
	}
	if isAboutCopy(c, sent, s) || slices.ContainsFunc(sent.Meant, isRecipient) {
		return s.Recipient
	}
	return ""
}

// isShownForRun reports whether the thread shows with this delivery what became of its message. If several
// deliveries left as one message, that is shown once, with the last one.
func (w *work) isShownForRun(d *Delivery) bool {
	first := d
	if joined := w.Outbox.Delivery(d.Joined); joined != nil {
		first = joined
	}
	run := w.Outbox.RunOf(first)
	if !slices.Contains(run, d) {
		return true // it left by itself later
	}
	return d.State != store.Cancelled && isLastInRun(run, d)
}

// isLastInRun reports whether d is the last delivery of a run (deliveries that leave as one message) that
// hasn't been cancelled.
func isLastInRun(run []*Delivery, d *Delivery) bool {
	isLater := func(other *Delivery) bool { return other.Seq > d.Seq && other.State != store.Cancelled }
	return !slices.ContainsFunc(run, isLater)
}

// reportedRecipients returns the lines "address: reason" of a delivery's error, one for each recipient whose
// failure was shown.
func reportedRecipients(d *Delivery) (reported []string) {
	for _, line := range strings.Split(d.ErrorText, "\n") {
		address, _, _ := strings.Cut(line, ": ")
		if strings.Contains(address, "@") && !strings.Contains(address, " ") {
			reported = append(reported, line)
		}
	}
	return reported
}

// showFurtherFailure posts a line about a recipient whom a mail didn't reach: somebody in copy, or an
// additional one after the mail has failed for another. It does so once for each recipient, which it records in
// the delivery's error (reportedRecipients). The line has no button to send the reply again; the line about the
// failed reply has it.
func (w *work) showFurtherFailure(c *Conversation, d *Delivery, m *Message, line *bridge.FailedLine) {
	trouble := line.Recipient + ": " + line.Trouble
	namesRecipient := func(reported string) bool {
		return strings.HasPrefix(strings.ToLower(reported), strings.ToLower(line.Recipient)+": ")
	}
	wasReported := slices.ContainsFunc(reportedRecipients(d), namesRecipient)
	if line.Recipient == "" || wasReported || isTakenBack(m) {
		return
	}
	if !w.isShownForRun(d) {
		return
	}

	d.ErrorText, d.Dirty = strings.TrimPrefix(d.ErrorText+"\n"+trouble, "\n"), true
	w.Log.ByParley(c, store.DeedNotDelivered, Detail{Why: bridge.InWords(trouble)}) // without the message, whose fate doesn't change
	w.TellWith(c, m, bridge.Line{Content: line, Text: w.PartName(m, d)})
}

// restartParts makes a delivery start with its first piece when it is sent again, if a piece before the last
// one failed. Otherwise the customer would never get that piece. Part counts the pieces that have left.
func restartParts(d *Delivery, s *channels.Status) {
	arrivedWhole := hasArrived(d) && !s.Early
	if arrivedWhole || !isAboutEarlierPiece(d, s) {
		return
	}
	if d.Part > 0 {
		d.Part, d.Dirty = 0, true
	}
}

// noteMissingPiece records that the customer lacks a piece before the last one, until the delivery is sent
// again.
func noteMissingPiece(d *Delivery) {
	p := d.DecodedPayload()
	if !p.LacksPiece {
		p.LacksPiece = true
		d.SetPayload(p)
	}
}

// lacksPiece reports whether a delivery has failed because a piece before the last one did. It stays failed,
// even if the last piece arrives.
func lacksPiece(d *Delivery) bool {
	return d.State == store.Failed && d.DecodedPayload().LacksPiece
}

// isAboutEarlierPiece reports whether a receipt is about a piece of a delivery before the last one that left.
func isAboutEarlierPiece(d *Delivery, s *channels.Status) bool {
	if s.Early {
		return true
	}
	namesKnownPiece := slices.Contains(s.External, d.ExternalID)
	switch d.State {
	case store.Queued:
		return true
	case store.Sending, store.Unknown, store.NeedsDecision: // the known id is that of the piece before the last one
		return namesKnownPiece
	default:
		return !namesKnownPiece
	}
}

// bounceText returns the reason of a failure, with the recipient if the report names one.
func bounceText(s *channels.Status) string {
	if s.Recipient == "" {
		return s.Reason
	}
	return s.Recipient + ": " + s.Reason
}
