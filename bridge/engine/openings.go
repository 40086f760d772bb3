package engine

import (
	"context"
	"strings"
	"time"

	"parley/store"
)

// Where each mail may open a conversation, a stranger could open thousands: their threads would
// stand before all that known customers say. So one address, and one domain, may open so many on
// an account at once, and one more each so often; what comes above that is collected (collect.go).
// The domain of the account itself is that of colleagues, and in those of public providers
// everybody is somebody else: there only the address counts.
const (
	senderAtOnce, senderEach = 10, 2 * time.Minute
	domainAtOnce, domainEach = 50, 20 * time.Second
)

// openings are what origins may open, as far as one batch has them in hand.
type openings map[userKey]*opening

// opening is what an origin may open, in hand.
type opening struct {
	store.Opening
	atOnce int
	each   time.Duration
}

// of gives what an origin may open.
func (os openings) of(k userKey) *opening {
	o := os[k]
	if o == nil {
		o = &opening{Opening: store.Opening{AccountID: k.account, Origin: k.user}, atOnce: senderAtOnce, each: senderEach}
		if strings.HasPrefix(k.user, "@") {
			o.atOnce, o.each = domainAtOnce, domainEach
		}
		os[k] = o
	}
	return o
}

// keep remembers what is used up.
func (os openings) keep(found []store.Opening) {
	for _, o := range found {
		os.of(userKey{o.AccountID, o.Origin}).Before = o.Before
	}
}

// allows says that n more may be opened now.
func (o *opening) allows(n int) bool {
	return o.Before+o.Used+float64(n)*o.each.Seconds() <= float64(o.atOnce)*o.each.Seconds()
}

func (os openings) flush(ctx context.Context, p *store.Pipeline) error {
	var rows []store.Opening
	for _, o := range os {
		if o.Used > 0 {
			rows = append(rows, o.Opening)
		}
	}
	return store.UseOpenings(ctx, p, rows)
}
