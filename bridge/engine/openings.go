package engine

import (
	"context"
	"strings"
	"time"

	"parley/store"
)

// Where each mail may open a conversation, a stranger could open thousands, and their threads would
// bury what known customers say. So one address, and one domain, may open a number of conversations of
// an account at once, and one more in each period after that. Mails above that are collected (collect.go).
// The account's own domain is that of colleagues, and people at a public provider have nothing to do
// with each other: for these domains only the address counts.
const (
	senderAtOnce, senderEach = 10, 2 * time.Minute
	domainAtOnce, domainEach = 50, 20 * time.Second
)

// openings holds what one batch has loaded of the limits, by account and origin.
type openings map[userKey]*opening

// opening is how much of its limit an origin has used.
type opening struct {
	store.Opening
	atOnce int
	each   time.Duration
}

// of gives an origin's use of its limit; it makes the entry of a new origin.
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

// keep remembers how much the origins had used when their rows were read.
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
