package inbound

import (
	"parley/bridge/engine/book"
	"parley/channels"
	"parley/store"
)

// noteEarlyPiece notes that a piece of a delivery before the last one has arrived (channels.Status.Early): a delivery may leave in
// several pieces, one after the other. That is news only if the answer to the piece was lost. Then the next piece may leave, but it
// waits for a click if a person has to decide about the delivery, because one was asked already or Parley was restored.
// Errors: *book.NotYet while the piece is being looked for.
func (rc *Receipts) noteEarlyPiece(d *book.Delivery, s *channels.Status) error {
	isOfThisAttempt := d.Part == s.Piece && d.DecodedPayload().Again == 0 // sent again, it may be about the earlier sending
	if !isOfThisAttempt {
		return nil
	}

	wasAnswerLost := d.State == store.Unknown || d.State == store.NeedsDecision
	if !wasAnswerLost {
		return nil
	}

	run := rc.Outbox.RunOf(d)
	isForPerson := d.State == store.NeedsDecision || d.DecodedPayload().Restored
	if isForPerson && len(run) > 1 {
		return nil // a person decides about each line by itself
	}

	isLookedFor := d.State == store.Unknown && !rc.Outbox.IsHead(d)
	if isLookedFor {
		if rc.Age() < book.ResultWait {
			return rc.PutAside(book.ResultWait - rc.Age())
		}
		return nil // the result of the search counts
	}

	for _, one := range run {
		one.NotePiece(s.External)
		if !isForPerson {
			one.State = store.Queued
		}
	}
	rc.Outbox.MakeDue(d)
	return nil
}
