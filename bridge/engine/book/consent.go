package book

import (
	"time"

	"parley/channels"
	"parley/store"
)

// SetConsent keeps which messages a customer wants since a time, and reports whether that has changed anything. A wish is outdated
// if it is older than a known one about the same messages, for example because its callback was lost: then nothing changes.
// Providers' times are in full seconds. Of two wishes in one second, the one that comes later counts.
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

// optedOutAfter returns which messages a customer doesn't want once a wish is known. before is what the customer didn't want
// until then. A customer who wants nothing at all still wants nothing after a wish that is about marketing alone.
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

// uniteConsents makes the wishes of another identity count for the first one, because both proved to be one customer's.
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
