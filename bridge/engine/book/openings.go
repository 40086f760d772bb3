package book

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store"
)

// If each mail could open a conversation, a stranger could open thousands, and their threads would bury those of customers. So one
// address, and one domain, may open a number of conversations of an account at once, and one more in each period after that. Mails
// above the limit are collected in one thread (inbound/collect.go). For the account's own domain and those of public providers,
// only the address counts: the people there have nothing to do with each other.
const (
	senderAtOnce, senderEach = 10, 2 * time.Minute  // of one address
	domainAtOnce, domainEach = 50, 20 * time.Second // of one domain
)

// Openings holds what one batch has loaded of the limits, by account and origin.
type Openings map[NameKey]*Opening

// Opening is how much of its limit an origin (an address, or "@" and a domain) has used.
type Opening struct {
	store.Opening
	atOnce int           // how many conversations it may open at once
	Each   time.Duration // the period after which it may open one more
}

// UseOf returns an origin's use of its limit. It makes the entry if the origin is new.
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

// keep remembers how much the origins had used when their rows were read.
func (os Openings) keep(found []store.Opening) {
	for _, o := range found {
		os.UseOf(NameKey{o.AccountID, o.Origin}).Before = o.Before
	}
}

// Allows reports whether the origin may open n more conversations now. Uses are counted in seconds, which time pays off.
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

// wantCollecting adds the collecting threads of the accounts on which an origin may exceed its limit in this batch.
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
