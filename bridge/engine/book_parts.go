package engine

import (
	"slices"

	"parley/store"
)

// Parts are the deliveries of one reply, in order. A reply with more files than the channel takes in one message
// leaves as several deliveries: for 12 files and a limit of 10, the text with the files 0 to 9, then the files 10 and
// 11. Each names its files by its span. If the reply was sent several times, these are the parts of the latest time.
//
// A part may itself leave in several pieces, which are messages of the provider; Delivery.Part counts those that have left.
type Parts []*Delivery

// HaveLeftPartly reports whether the provider has something of the reply, and perhaps not the rest: another part, or
// the next piece of the same part.
func (ps Parts) HaveLeftPartly() bool {
	return slices.ContainsFunc(ps, func(d *Delivery) bool {
		if d.IsAccepted() {
			return len(ps) > 1
		}
		return hasPieceLeft(d)
	})
}

// MayHaveLeft reports whether a queued part may already have left by an earlier attempt.
func (ps Parts) MayHaveLeft() bool { return slices.ContainsFunc(ps, (*Delivery).mayHaveLeft) }

// TextHasLeft reports whether the provider has the reply's text. Its files may still be queued, or have failed.
func (ps Parts) TextHasLeft() bool {
	return slices.ContainsFunc(ps, func(d *Delivery) bool {
		return d.DecodedPayload().Span.HasText() && hasBegun(d)
	})
}

// Remainder returns the parts that failed or were cancelled, and so won't leave by themselves. Parts that an edit has
// emptied are left out.
func (ps Parts) Remainder(m *Message) Parts {
	return slices.DeleteFunc(slices.Clone(ps), func(d *Delivery) bool { return isEmpty(m, d) || !hasEnded(d) })
}

// Unsent returns the parts that the provider has not accepted. Parts that an edit has emptied are left out.
func (ps Parts) Unsent(m *Message) Parts {
	return slices.DeleteFunc(slices.Clone(ps), func(d *Delivery) bool { return isEmpty(m, d) || d.IsAccepted() })
}

// Added returns the parts that an edit has added to a failed reply. They leave when it is sent again.
func (ps Parts) Added(m *Message) Parts {
	return slices.DeleteFunc(ps.Remainder(m), func(d *Delivery) bool { return d.State != store.Cancelled || d.Attempt > 0 })
}

// Unclear returns the parts for which a person has to decide whether they have left.
func (ps Parts) Unclear() Parts {
	return slices.DeleteFunc(slices.Clone(ps), func(d *Delivery) bool { return d.State != store.NeedsDecision })
}

// UnclearOrFailed returns the parts that are unclear (see Unclear) or failed.
func (ps Parts) UnclearOrFailed() Parts {
	return slices.DeleteFunc(slices.Clone(ps), func(d *Delivery) bool { return d.State != store.NeedsDecision && d.State != store.Failed })
}

// AreLeaving reports whether a part is queued or being sent.
func (ps Parts) AreLeaving() bool {
	return slices.ContainsFunc(ps, func(d *Delivery) bool {
		return d.State == store.Queued || d.State == store.Sending || d.State == store.Unknown
	})
}

// unanswered returns the parts that may have left but got no response, so that their ids at the provider are unknown.
func (ps Parts) unanswered() Parts {
	return slices.DeleteFunc(slices.Clone(ps), func(d *Delivery) bool {
		return !slices.Contains([]store.DeliveryState{store.Sending, store.Unknown, store.NeedsDecision}, d.State)
	})
}

// ArrivedContent returns the text and the files of a reply that the provider has, as they were sent. They may differ
// from the reply as it is now, if it was edited while it was being sent.
func ArrivedContent(o *Outbox, m *Message) (text string, files []store.FileRef) {
	for _, d := range o.PartsOf(m) {
		if !hasBegun(d) {
			continue
		}
		sent, isEarlier := sentWords(m, d, leftInPieces(d, o.Delivery(d.Joined)))
		if !isEarlier {
			sent = WordsOf(&m.Message, d.DecodedPayload().Span)
		}
		text += sent.Text
		files = append(files, sent.Files...)
	}
	return text, files
}

// carrierOf returns the part that carries a file, or nil if no part does or it was cancelled.
func (ps Parts) carrierOf(f store.FileRef) *Delivery {
	for _, d := range ps {
		if d.State != store.Cancelled && len(d.DecodedPayload().Span.FilesOf([]store.FileRef{f})) > 0 {
			return d
		}
	}
	return nil
}

// isEmpty reports whether an edit has removed everything that a part carried.
func isEmpty(m *Message, d *Delivery) bool {
	s := d.DecodedPayload().Span
	hasContent := m.Text != "" || m.Rich != nil || m.Template != nil
	if s == nil || s.HasText() && hasContent {
		return false
	}
	return len(s.FilesOf(m.Files)) == 0
}

// hasBegun reports whether the provider has at least one piece of a delivery.
func hasBegun(d *Delivery) bool { return hasPieceLeft(d) || d.IsAccepted() }

// hasPieceLeft reports whether a piece has left of a delivery, or of its run. A run is several deliveries that leave
// as one message; a queued delivery belongs to a run only after the run's first piece has left.
func hasPieceLeft(d *Delivery) bool {
	isOfRun := d.State == store.Queued && d.Joined != 0
	return d.Part > 0 || isOfRun
}

// worstFate returns the worst fate of the parts, where unclear is worse than failed, failed than waiting, and waiting
// than out.
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

// hasEnded reports whether a delivery has failed or was cancelled.
func hasEnded(d *Delivery) bool { return d.State == store.Failed || d.State == store.Cancelled }
