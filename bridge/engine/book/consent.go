package book

import (
	"time"

	"parley/channels"
	"parley/store"
)

// SetConsent records a customer's wish: to get messages, or no messages, or none with advertising ("marketing"). at
// is when the customer said so. changed reports whether other messages may be sent now. outdated means that a newer
// wish about the same messages is known, so that nothing was changed; webhooks can arrive in another order.
// Providers give times in full seconds. Of two wishes in the same second, the one that is recorded last counts.
func (ps *People) SetConsent(i *store.Identity, wish channels.Consent, at time.Time) (changed, outdated bool) {
	at = at.Truncate(time.Second)
	isBefore := func(known *time.Time) bool { return known != nil && at.Before(*known) }
	if isBefore(i.ConsentAt) || wish.Marketing && isBefore(i.MarketingAt) {
		return false, true
	}

	before := i.OptedOut
	staysForbidden := before == store.OptedOutMarketing && isBefore(i.MarketingAt) // advertising was forbidden after this wish
	if !staysForbidden || wish.OptedOut {
		i.OptedOut = optedOutAfter(wish, before)
	}
	if wish.Marketing {
		i.MarketingAt = &at
	} else {
		i.ConsentAt = &at
	}

	ps.consents[i.ID] = true
	return i.OptedOut != before, false
}

// optedOutAfter returns which messages a customer refuses after a wish: "" for none, or store.OptedOutAll or
// OptedOutMarketing. before is what the customer refused until then. A wish about marketing alone doesn't change
// OptedOutAll.
func optedOutAfter(wish channels.Consent, before string) string {
	if !wish.Marketing {
		if wish.OptedOut {
			return store.OptedOutAll
		}
		return ""
	}

	if before == store.OptedOutAll {
		return before
	}
	if wish.OptedOut {
		return store.OptedOutMarketing
	}
	if before == store.OptedOutMarketing {
		return ""
	}

	return before
}

// uniteConsents makes the wishes of another identity count for the first one, when both turn out to belong to one
// customer.
func (ps *People) uniteConsents(first, other *store.Identity) {
	wantsNothing := other.OptedOut == store.OptedOutAll
	onlyOtherOptedOut := first.OptedOut == "" && other.OptedOut != ""
	if wantsNothing || onlyOtherOptedOut {
		first.OptedOut = other.OptedOut
		ps.consents[first.ID] = true
	}
	if isNewer(other.ConsentAt, first.ConsentAt) {
		first.ConsentAt, ps.consents[first.ID] = other.ConsentAt, true
	}
	if isNewer(other.MarketingAt, first.MarketingAt) {
		first.MarketingAt, ps.consents[first.ID] = other.MarketingAt, true
	}
}

// isNewer reports whether a time is known, and is after another or the only one.
func isNewer(at, other *time.Time) bool { return at != nil && (other == nil || at.After(*other)) }
