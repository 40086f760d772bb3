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

// publicDomains are those of providers at which anybody may have an address.
const publicDomains = ` 126.com 163.com aol.com bluewin.ch bol.com.br comcast.net fastmail.com free.fr freenet.de gmail.com gmx.at gmx.ch
	gmx.com gmx.de gmx.net googlemail.com hey.com hotmail.co.uk hotmail.com hotmail.de hotmail.es hotmail.fr hotmail.it icloud.com
	interia.pl laposte.net libero.it live.com live.de live.fr mac.com mail.com mail.ru me.com msn.com naver.com o2.pl orange.fr
	outlook.com outlook.de outlook.es outlook.fr outlook.it pm.me posteo.de proton.me protonmail.com qq.com rediffmail.com seznam.cz
	t-online.de tuta.com uol.com.br verizon.net virgilio.it wanadoo.fr web.de wp.pl yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk
	yahoo.com yahoo.com.br yahoo.de yahoo.es yahoo.fr yahoo.it yandex.ru ymail.com zoho.com `

// originsOf gives the origins that a mail's new conversation counts for: its sender, and the sender's
// domain unless it is the account's own or a public provider's. None where the account has no limits.
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

// registered gives the registered domain of an address, without subdomains; "" if it has none.
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

// wantCollecting adds the collecting threads of the accounts on which an origin may exceed its limit
// in this batch.
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
