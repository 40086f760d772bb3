package book

import (
	"slices"

	"parley/bridge/engine/outbound"
	"parley/store"
)

// Parts are the deliveries of a reply's latest sending, in order.
type Parts []*Delivery

// HaveLeftPartly reports whether something of the reply reached the provider, and the rest may not: another delivery, or the next
// piece of the same one.
func (ps Parts) HaveLeftPartly() bool {
	return slices.ContainsFunc(ps, func(d *Delivery) bool {
		hasArrived := StateRank(d.State) > 0
		return len(ps) > 1 && hasArrived || d.Part > 0 && !hasArrived
	})
}

// TextHasLeft reports whether the reply's text reached the provider, though the reply may count as waiting or failed because of
// its files.
func (ps Parts) TextHasLeft() bool {
	return slices.ContainsFunc(ps, func(d *Delivery) bool {
		s := d.DecodedPayload().Span
		hasText := s == nil || s.From == 0
		return hasText && (d.Part > 0 || StateRank(d.State) > 0)
	})
}

// Remainder returns the parts that haven't left and don't leave by themselves: they failed, or were taken back. files is how many
// files the reply has: a part whose files an edit has removed doesn't belong to it any more.
func (ps Parts) Remainder(files int) Parts {
	return slices.DeleteFunc(slices.Clone(ps), func(d *Delivery) bool {
		s := d.DecodedPayload().Span
		isEmpty := s != nil && s.From > 0 && s.From >= files
		return isEmpty || !hasEnded(d)
	})
}

// Unclear returns the parts of which a person has to say whether they have left.
func (ps Parts) Unclear() Parts {
	return slices.DeleteFunc(slices.Clone(ps), func(d *Delivery) bool { return d.State != store.NeedsDecision })
}

// carrierOf returns the part that carries files from the same place on as a span, or nil if there is none, or if it was taken back.
func (ps Parts) carrierOf(s *outbound.Span) *Delivery {
	for _, d := range ps {
		span := d.DecodedPayload().Span
		if d.State != store.Cancelled && span != nil && span.From == s.From {
			return d
		}
	}
	return nil
}

// AllLeft reports whether the provider has all parts that weren't taken back.
func (ps Parts) AllLeft() bool { return ps.worstFate() == store.FateOut }

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
		}
	}

	return fate
}

// hasEnded reports whether a delivery is over, and the provider doesn't have it.
func hasEnded(d *Delivery) bool { return d.State == store.Failed || d.State == store.Cancelled }
