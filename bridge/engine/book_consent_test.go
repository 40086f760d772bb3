package engine

import (
	"testing"
	"time"

	"parley/channels"
	"parley/store"
)

// The result of a customer's wishes depends on when each was said, not on the order in which they come. A wish about
// advertising alone never takes back that the customer wants nothing at all.
func TestWishesOfACustomer(t *testing.T) {
	t.Parallel()
	type wish struct {
		channels.Consent
		second int64 // at which it was said
	}
	stop := func(second int64) wish { return wish{channels.Consent{OptedOut: true}, second} }
	start := func(second int64) wish { return wish{channels.Consent{}, second} }
	noAds := func(second int64) wish { return wish{channels.Consent{OptedOut: true, Marketing: true}, second} }
	ads := func(second int64) wish { return wish{channels.Consent{Marketing: true}, second} }
	const all, marketing = store.OptedOutAll, store.OptedOutMarketing
	for name, c := range map[string]struct {
		wishes []wish
		want   string
	}{
		"nothing":                                 {wishes: []wish{stop(1)}, want: all},
		"nothing, then all again":                 {wishes: []wish{stop(1), start(2)}},
		"no advertising":                          {wishes: []wish{noAds(1)}, want: marketing},
		"no advertising, then some":               {wishes: []wish{noAds(1), ads(2)}},
		"no advertising, then all":                {wishes: []wish{noAds(1), start(2)}},
		"no advertising, then nothing":            {wishes: []wish{noAds(1), stop(2)}, want: all},
		"nothing, then no advertising":            {wishes: []wish{stop(1), noAds(2)}, want: all},
		"nothing, then advertising":               {wishes: []wish{stop(1), ads(2)}, want: all},
		"nothing; all again comes late":           {wishes: []wish{stop(2), start(1)}, want: all},
		"all again; nothing comes late":           {wishes: []wish{start(2), stop(1)}},
		"no advertising; all again comes late":    {wishes: []wish{noAds(2), start(1)}, want: marketing},
		"no advertising; nothing comes late":      {wishes: []wish{noAds(2), stop(1)}, want: all},
		"no advertising; advertising comes late":  {wishes: []wish{noAds(2), ads(1)}, want: marketing},
		"all again; no advertising comes late":    {wishes: []wish{start(2), noAds(1)}},
		"nothing, no advertising; all comes late": {wishes: []wish{stop(1), noAds(3), start(2)}, want: marketing},
		"two that come late, one after the other": {wishes: []wish{noAds(3), stop(1), start(2)}, want: marketing},
		"two in one second: the later one counts": {wishes: []wish{stop(1), start(1)}},
	} {
		ps, i := newPeople(&Moment{}), &store.Identity{ID: 1}
		for _, w := range c.wishes {
			ps.SetConsent(i, w.Consent, time.Unix(w.second, 0))
		}
		if i.OptedOut != c.want {
			t.Errorf("%s: the customer has opted out of %q, want %q", name, i.OptedOut, c.want)
		}
	}
}

// If two customers prove to be one, what either of them doesn't want counts, with the later of their times.
func TestWishesOfTwoWhoAreOne(t *testing.T) {
	t.Parallel()
	const all, marketing = store.OptedOutAll, store.OptedOutMarketing
	early, late := time.Unix(1, 0), time.Unix(2, 0)
	for _, c := range []struct{ first, other, want string }{
		{first: "", other: all, want: all},
		{first: all, other: "", want: all},
		{first: "", other: marketing, want: marketing},
		{first: marketing, other: "", want: marketing},
		{first: marketing, other: all, want: all},
		{first: all, other: marketing, want: all},
	} {
		first := &store.Identity{ID: 1, OptedOut: c.first, ConsentAt: &early, MarketingAt: &late}
		other := &store.Identity{ID: 2, OptedOut: c.other, ConsentAt: &late, MarketingAt: &early}
		newPeople(&Moment{}).uniteConsents(first, other)
		if first.OptedOut != c.want {
			t.Errorf("%q and %q: the customer has opted out of %q, want %q", c.first, c.other, first.OptedOut, c.want)
		}
		if !first.ConsentAt.Equal(late) || !first.MarketingAt.Equal(late) {
			t.Errorf("%q and %q: said at %v and %v, want %v", c.first, c.other, first.ConsentAt, first.MarketingAt, late)
		}
	}
}
