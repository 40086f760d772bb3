package engine

import (
	"parley/channels"
	"parley/store"
)

// noteEarlyPiece applies a receipt which says that a piece of a delivery has arrived. A delivery may be sent in several
// pieces, one after the other, and this piece isn't the last one (channels.Status.Early). The receipt matters only if the
// provider's answer to the piece was lost: then the next piece may be sent. If a person has to decide about the delivery,
// because one was asked already or Parley was restored from a backup, the next piece waits for that person's click.
// Errors: *book.NotYet while the piece is being looked for.
func (w *work) noteEarlyPiece(d *Delivery, s *channels.Status) error {
	isOfThisAttempt := d.Part == s.Piece && d.DecodedPayload().Again == 0 // otherwise the receipt may be about an earlier sending
	if !isOfThisAttempt {
		return nil
	}

	wasAnswerLost := d.State == store.Unknown || d.State == store.NeedsDecision
	if !wasAnswerLost {
		return nil
	}

	run := w.Outbox.RunOf(d) // all deliveries that leave as one message with this one
	isForPerson := d.State == store.NeedsDecision || d.DecodedPayload().Restored
	if isForPerson && len(run) > 1 {
		return nil // a person decides about each of these deliveries by itself
	}

	isLookedFor := d.State == store.Unknown && !w.Outbox.IsHead(d)
	if isLookedFor {
		if w.Age() < ResultWait {
			return w.PutAside(ResultWait - w.Age())
		}
		return nil // the result of the search counts
	}

	for _, one := range run {
		one.NotePiece(s.External)
		if !isForPerson {
			one.State = store.Queued
		}
	}
	w.Outbox.MakeDue(d)
	return nil
}
