package engine

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store"
)

// If every mail could open a conversation, one stranger could open thousands, and bury the threads of customers. So
// each sender address and each domain has a rate limit per account, a token bucket: 10 conversations at once, then
// one more every two minutes, for an address. Mails above the limit are collected in one thread (inbound/collect.go).
// For the account's own domain and for public mail providers only the address counts, because the people there have
// nothing to do with each other.
const (
	senderAtOnce, senderEach = 10, 2 * time.Minute  // of one address
	domainAtOnce, domainEach = 50, 20 * time.Second // of one domain
)

// Openings holds the limits that one batch has loaded, by account and origin. An origin is an address, or "@" and a domain.
type Openings map[NameKey]*Opening

// Opening is how much of its limit an origin has used.
type Opening struct {
	store.Opening
	atOnce int           // how many conversations it may open at once
	Each   time.Duration // the period after which it may open one more
}

// UseOf returns the entry of an origin, which it makes if it is missing.
func (os Openings) UseOf(k NameKey) *Opening {
	o := os[k]
	if o == nil {
		o = &Opening{Opening: store.Opening{AccountID: k.Account, Origin: k.Name}, atOnce: senderAtOnce, Each: senderEach}
		if strings.HasPrefix(k.Name, "@") {
			o.atOnce, o.Each = domainAtOnce, domainEach
		}
		os[k] = o
	}
	return o
}

// keep sets how much the origins had used when their rows were read.
func (os Openings) keep(found []store.Opening) {
	for _, o := range found {
		os.UseOf(NameKey{o.AccountID, o.Origin}).Before = o.Before
	}
}

// Allows reports whether the origin may open n more conversations now. Use is counted in seconds: each conversation
// costs Each, and the passing of time pays it back.
func (o *Opening) Allows(n int) bool {
	return o.Before+o.Used+float64(n)*o.Each.Seconds() <= float64(o.atOnce)*o.Each.Seconds()
}

func (os Openings) flush(ctx context.Context, p *store.Pipeline) error {
	var rows []store.Opening
	for _, o := range os {
		if o.Used > 0 {
			rows = append(rows, o.Opening)
		}
	}
	return store.UseOpenings(ctx, p, rows)
}

// wantCollecting adds today's collecting threads of the accounts on which an origin may exceed its limit in this
// batch to n.
func (os Openings) wantCollecting(ctx context.Context, tx pgx.Tx, n *Prefetch, now time.Time) error {
	var days KeyList
	for k, count := range n.Opens {
		if !os.UseOf(k).Allows(count) {
			days.Add(k.Account, DayKey(now))
		}
	}

	if len(days.names) == 0 {
		return nil
	}
	found, err := store.CollectingOfDays(ctx, tx, days.accounts, days.names)
	if err != nil {
		return err
	}
	for _, id := range found {
		n.AddConversation(id)
	}
	return nil
}
