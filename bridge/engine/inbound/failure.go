package inbound

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/own"
	"parley/channels"
	"parley/store"
)

// applyFailure applies that the provider could not bring a delivery to the customer. A delivery that has arrived, or was taken
// back, stays as it is. That its last piece has arrived doesn't say so of the earlier ones.
func (rc *Receipts) applyFailure(ctx context.Context, tx pgx.Tx, c *book.Conversation, d *book.Delivery, m *book.Message, s *channels.Status) error {
	isAboutEarlierSending := d.State == store.Queued && d.Part == 0 && d.DecodedPayload().Again > 0 // of this one nothing has left
	if isAboutEarlierSending {
		rc.tellFurtherFailure(c, d, m, s)
		return nil
	}

	restartParts(d, s)
	arrivedWhole := hasArrived(d) && !s.Early
	if arrivedWhole || d.State == store.Cancelled {
		return nil
	}
	if s.Early {
		noteMissingPiece(d)
	}
	if d.State == store.Failed {
		rc.tellFurtherFailure(c, d, m, s)
		return nil
	}
	d.State, d.Dirty = store.Failed, true
	d.ErrorClass, d.ErrorText = string(s.Class), bounceText(s)
	return rc.ReplyFailed(ctx, tx, c, own.Fact{Message: m.ID, Delivery: d.ID, Class: string(s.Class), Text: bounceText(s)})
}

// hasArrived reports whether a receipt has proved that the customer got a delivery.
func hasArrived(d *book.Delivery) bool {
	return book.StateRank(d.State) >= book.StateRank(store.Delivered)
}

// tellFurtherFailure tells of a further recipient whom a mail didn't reach, after it has failed for another one. It
// tells of each recipient once: the delivery's error has a line for each of whom people were told. The line about the
// first one has the button that sends the mail again.
func (rc *Receipts) tellFurtherFailure(c *book.Conversation, d *book.Delivery, m *book.Message, s *channels.Status) {
	namesRecipient := func(line string) bool {
		return strings.HasPrefix(strings.ToLower(line), strings.ToLower(s.Recipient)+": ")
	}
	wasTold := slices.ContainsFunc(strings.Split(d.ErrorText, "\n"), namesRecipient)
	if s.Recipient == "" || wasTold || isTakenBack(m) {
		return
	}
	d.ErrorText, d.Dirty = d.ErrorText+"\n"+bounceText(s), true
	rc.Log.ByParley(c, store.DeedNotDelivered, book.Detail{Reason: bounceText(s)}) // the message failed when the first one was told of
	rc.TellWith(c, m, bridge.Line{Content: &bridge.FailedLine{Reason: bounceText(s)}, Text: rc.PartName(m, d)})
}

// restartParts makes a delivery that leaves in several pieces (Part) begin with the first one when it is sent again, if
// a piece before the last one failed. Otherwise the customer would never get that piece.
func restartParts(d *book.Delivery, s *channels.Status) {
	arrivedWhole := hasArrived(d) && !s.Early
	if arrivedWhole || !isAboutEarlierPiece(d, s) {
		return
	}
	if d.Part > 0 {
		d.Part, d.Dirty = 0, true
	}
}

// noteMissingPiece notes that the customer lacks a piece of a delivery before the last one, until it is sent again.
func noteMissingPiece(d *book.Delivery) {
	p := d.DecodedPayload()
	if !p.LacksPiece {
		p.LacksPiece = true
		d.SetPayload(p)
	}
}

// lacksPiece reports whether a delivery has failed because of a piece before the last one: what becomes of the last one changes
// nothing about that.
func lacksPiece(d *book.Delivery) bool {
	return d.State == store.Failed && d.DecodedPayload().LacksPiece
}

// isAboutEarlierPiece reports whether a receipt is about a piece of a delivery before the last one that left.
func isAboutEarlierPiece(d *book.Delivery, s *channels.Status) bool {
	if s.Early {
		return true
	}
	namesKnownPiece := slices.Contains(s.External, d.ExternalID)
	switch d.State {
	case store.Queued:
		return true
	case store.Sending, store.Unknown, store.NeedsDecision: // only the id of the piece before the last one is known
		return namesKnownPiece
	}
	return !namesKnownPiece
}

func bounceText(s *channels.Status) string {
	if s.Recipient == "" {
		return s.Reason
	}
	return s.Recipient + ": " + s.Reason
}
