package book

import (
	"slices"

	"parley/bridge/engine/outbound"
	"parley/store"
)

// Parts are the deliveries of a reply's latest sending, in order. A reply has several if it has more files than the channel takes in
// one message. A delivery may leave in several pieces: Delivery.Part counts those that have left.
type Parts []*Delivery

// HaveLeftPartly reports whether something of the reply reached the provider, and the rest may not: another delivery, or the next
// piece of the same one.
func (ps Parts) HaveLeftPartly() bool {
	return slices.ContainsFunc(ps, func(d *Delivery) bool {
		if d.IsAccepted() {
			return len(ps) > 1
		}
		return hasPieceLeft(d)
	})
}

// MayHaveLeft reports whether some part that waits for its next attempt may have left by an earlier one.
func (ps Parts) MayHaveLeft() bool { return slices.ContainsFunc(ps, (*Delivery).mayHaveLeft) }

// TextHasLeft reports whether the reply's text reached the provider. Its files may still wait, or have failed.
func (ps Parts) TextHasLeft() bool {
	return slices.ContainsFunc(ps, func(d *Delivery) bool {
		return d.DecodedPayload().Span.HasText() && hasBegun(d)
	})
}

// Remainder returns the parts of a message that haven't left and don't leave by themselves, because they failed or were taken back.
// It leaves out parts for which an edit has left nothing.
func (ps Parts) Remainder(m *Message) Parts {
	return slices.DeleteFunc(slices.Clone(ps), func(d *Delivery) bool { return isEmpty(m, d) || !hasEnded(d) })
}

// Added returns the parts that an edit has added to a reply that had failed. They leave when it is sent again.
func (ps Parts) Added(m *Message) Parts {
	return slices.DeleteFunc(ps.Remainder(m), func(d *Delivery) bool { return d.State != store.Cancelled || d.Attempt > 0 })
}

// Unclear returns the parts of which a person has to say whether they have left.
func (ps Parts) Unclear() Parts {
	return slices.DeleteFunc(slices.Clone(ps), func(d *Delivery) bool { return d.State != store.NeedsDecision })
}

// UnclearOrFailed returns the unclear parts (see Unclear) and those that failed.
func (ps Parts) UnclearOrFailed() Parts {
	return slices.DeleteFunc(slices.Clone(ps), func(d *Delivery) bool { return d.State != store.NeedsDecision && d.State != store.Failed })
}

// AreLeaving reports whether some part waits to be sent, or is under way.
func (ps Parts) AreLeaving() bool {
	return slices.ContainsFunc(ps, func(d *Delivery) bool {
		return d.State == store.Queued || d.State == store.Sending || d.State == store.Unknown
	})
}

// unanswered returns the parts that may have left, but whose ids at the provider aren't known, because there was no answer.
func (ps Parts) unanswered() Parts {
	return slices.DeleteFunc(slices.Clone(ps), func(d *Delivery) bool {
		return !slices.Contains([]store.DeliveryState{store.Sending, store.Unknown, store.NeedsDecision}, d.State)
	})
}

// ArrivedContent returns the text and the files of a reply that have reached the provider, as they were sent.
func ArrivedContent(o *Outbox, m *Message) (text string, files []store.FileRef) {
	for _, d := range o.PartsOf(m) {
		if !hasBegun(d) {
			continue
		}
		sent, isEarlier := sentWords(m, d, leftInPieces(d, o.Deliveries[d.Joined]))
		if !isEarlier {
			sent = outbound.WordsOf(&m.Message, d.DecodedPayload().Span)
		}
		text += sent.Text
		files = append(files, sent.Files...)
	}
	return text, files
}

// carrierOf returns the part that carries a file, or nil if there is none, or if it was taken back.
func (ps Parts) carrierOf(f store.FileRef) *Delivery {
	for _, d := range ps {
		if d.State != store.Cancelled && len(d.DecodedPayload().Span.FilesOf([]store.FileRef{f})) > 0 {
			return d
		}
	}
	return nil
}

// isEmpty reports whether an edit has removed all that a part of a message carried.
func isEmpty(m *Message, d *Delivery) bool {
	s := d.DecodedPayload().Span
	hasContent := m.Text != "" || m.Rich != nil || m.Template != nil
	if s == nil || s.HasText() && hasContent {
		return false
	}
	return len(s.FilesOf(m.Files)) == 0
}

// hasBegun reports whether the provider has a delivery, or a piece of it.
func hasBegun(d *Delivery) bool { return hasPieceLeft(d) || d.IsAccepted() }

// hasPieceLeft reports whether a piece of a delivery has left, or of the run in which it leaves: of several deliveries that leave as
// one message. A waiting delivery belongs to a run only after the run's first piece has left.
func hasPieceLeft(d *Delivery) bool {
	isOfRun := d.State == store.Queued && d.Joined != 0
	return d.Part > 0 || isOfRun
}

// worstFate returns the worst fate of the parts: unclear, failed, waiting or out.
func (ps Parts) worstFate() store.Fate {
	fate := store.FateOut
	for _, d := range ps {
		switch d.State {
		case store.NeedsDecision:
			return store.FateUnclear
		case store.Failed:
			fate = store.FateFailed
		case store.Queued, store.Sending, store.Unknown:
			if fate == store.FateOut {
				fate = store.FateWaiting
			}
		case store.Accepted, store.Sent, store.Delivered, store.Read, store.Cancelled:
		}
	}

	return fate
}

// hasEnded reports whether a delivery is over, and the provider doesn't have it.
func hasEnded(d *Delivery) bool { return d.State == store.Failed || d.State == store.Cancelled }
