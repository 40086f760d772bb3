package engine

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/net/publicsuffix"

	"parley/channels"
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

	publicDomains = ` 126.com 163.com aol.com bluewin.ch bol.com.br comcast.net fastmail.com free.fr freenet.de gmail.com gmx.at gmx.ch
	gmx.com gmx.de gmx.net googlemail.com hey.com hotmail.co.uk hotmail.com hotmail.de hotmail.es hotmail.fr hotmail.it icloud.com
	interia.pl laposte.net libero.it live.com live.de live.fr mac.com mail.com mail.ru me.com msn.com naver.com o2.pl orange.fr
	outlook.com outlook.de outlook.es outlook.fr outlook.it pm.me posteo.de proton.me protonmail.com qq.com rediffmail.com seznam.cz
	t-online.de tuta.com uol.com.br verizon.net virgilio.it wanadoo.fr web.de wp.pl yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk
	yahoo.com yahoo.com.br yahoo.de yahoo.es yahoo.fr yahoo.it yandex.ru ymail.com zoho.com `
)

// opening is what an origin may open, in hand.
type opening struct {
	store.Opening
	atOnce int
	each   time.Duration
}

// openings are what origins may open, as far as one batch has them in hand.
type openings map[userKey]*opening

// originsOf gives whom a mail's new conversation counts against: its sender, and the domain where
// that tells anything. None where the account has no limits.
func (w *work) originsOf(a *store.Account, in channels.Inbound) []string {
	caps := w.e.caps(a.ID)
	if in.Kind != channels.InboundMessage || in.Automatic != "" || in.Historical || in.From.Key == "" || !caps.Threads ||
		!w.dir.SettingsOf(a, caps.Threads).CollectFloods {
		return nil
	}
	sender := strings.ToLower(in.From.Key)
	origins := []string{sender}
	if d := registered(sender); d != "" && d != registered(in.Via) && !slices.Contains(strings.Fields(publicDomains), d) {
		origins = append(origins, "@"+d)
	}
	return origins
}

// registered gives the domain of an address as its owner registered it; "" if it has none.
func registered(address string) string {
	_, domain, ok := strings.Cut(strings.ToLower(address), "@")
	if !ok {
		return ""
	}
	if d, err := publicsuffix.EffectiveTLDPlusOne(domain); err == nil {
		return d
	}
	return domain
}

// keep remembers what is used up.
func (os openings) keep(found []store.Opening) {
	for _, o := range found {
		os.of(userKey{o.AccountID, o.Origin}).Before = o.Before
	}
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

// allows says that n more may be opened now.
func (o *opening) allows(n int) bool {
	return o.Before+o.Used+float64(n)*o.each.Seconds() <= float64(o.atOnce)*o.each.Seconds()
}

// mayOpen says whether a mail may open a conversation, and counts it if so.
func (w *work) mayOpen(a *store.Account, in channels.Inbound) bool {
	var all []*opening
	for _, origin := range w.originsOf(a, in) {
		o := w.openings.of(userKey{a.ID, origin})
		if !o.allows(1) {
			return false
		}
		all = append(all, o)
	}
	for _, o := range all {
		o.Used += o.each.Seconds()
	}
	return true
}

// wantCollecting adds the collecting threads of accounts on which somebody may go too far in
// this batch.
func (os openings) wantCollecting(ctx context.Context, tx pgx.Tx, n *wanted, now time.Time) error {
	var accounts []int64
	var days []string
	for k, count := range n.opens {
		if !os.of(k).allows(count) {
			accounts, days = append(accounts, k.account), append(days, day(now))
		}
	}
	if len(accounts) == 0 {
		return nil
	}
	found, err := store.CollectingOfDays(ctx, tx, accounts, days)
	for _, id := range found {
		n.add(id)
	}
	return err
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
