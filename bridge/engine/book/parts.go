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

// Remainder returns the parts that have ended, and so don't leave by themselves.
func (ps Parts) Remainder() Parts {
	return slices.DeleteFunc(slices.Clone(ps), func(d *Delivery) bool { return !hasEnded(d) })
}

// carries reports whether some part that wasn't taken back carries the files of a span.
func (ps Parts) carries(s *outbound.Span) bool {
	return slices.ContainsFunc(ps, func(d *Delivery) bool {
		span := d.DecodedPayload().Span
		return d.State != store.Cancelled && span != nil && span.From == s.From
	})
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
		}
	}

	return fate
}

// hasEnded reports whether a delivery is over without the provider having it, unless a person decides otherwise.
func hasEnded(d *Delivery) bool {
	return d.State == store.Failed || d.State == store.Cancelled || d.State == store.NeedsDecision
}
