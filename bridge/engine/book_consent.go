package engine

import (
	"time"

	"parley/channels"
	"parley/store"
)

// SetConsent records whether a customer wants messages: all, no advertising ("marketing"), or none. A wish about
// advertising and a wish about all messages are kept with a time each. at is when the customer said so. Providers
// give times in full seconds; of two wishes in the same second, the one recorded last counts.
//
// changed reports whether other messages may be sent now. outdated reports that a newer wish about the same messages
// is known, so that nothing was changed: webhooks can arrive out of order.
func (ps *People) SetConsent(i *store.Identity, wish channels.Consent, at time.Time) (changed, outdated bool) {
	at = at.Truncate(time.Second)
	isBefore := func(known *time.Time) bool { return known != nil && at.Before(*known) }
	if isBefore(i.ConsentAt) || wish.Marketing && isBefore(i.MarketingAt) {
		return false, true
	}

	before := i.OptedOut
	allowsAll := !wish.OptedOut && !wish.Marketing
	if allowsAll && before != "" && isBefore(i.MarketingAt) {
		// A newer wish is about advertising. If the customer said it while wanting nothing, it isn't known which way it went;
		// then no advertising is sent either.
		i.OptedOut = store.OptedOutMarketing
	} else {
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

// optedOutAfter returns which messages a customer refuses after a wish, if the customer refused before until then: ""
// (none), store.OptedOutAll or store.OptedOutMarketing. A wish about marketing doesn't change OptedOutAll.
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

// uniteConsents merges the wishes of another identity into first, when both turn out to belong to one customer. The
// stricter wish counts.
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

// isNewer reports whether at is known, and other is unknown or earlier.
func isNewer(at, other *time.Time) bool { return at != nil && (other == nil || at.After(*other)) }
