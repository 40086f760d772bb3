package engine

import (
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"parley/channels"
	"parley/store"
)

// publicDomains are the domains of mail providers at which anybody can have an address.
const publicDomains = ` 126.com 163.com aol.com bluewin.ch bol.com.br comcast.net fastmail.com free.fr freenet.de gmail.com gmx.at gmx.ch
	gmx.com gmx.de gmx.net googlemail.com hey.com hotmail.co.uk hotmail.com hotmail.de hotmail.es hotmail.fr hotmail.it icloud.com
	interia.pl laposte.net libero.it live.com live.de live.fr mac.com mail.com mail.ru me.com msn.com naver.com o2.pl orange.fr
	outlook.com outlook.de outlook.es outlook.fr outlook.it pm.me posteo.de proton.me protonmail.com qq.com rediffmail.com seznam.cz
	t-online.de tuta.com uol.com.br verizon.net virgilio.it wanadoo.fr web.de wp.pl yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk
	yahoo.com yahoo.com.br yahoo.de yahoo.es yahoo.fr yahoo.it yandex.ru ymail.com zoho.com `

// OriginsOf returns the origins whose limits (see book.Openings) the new conversation of a mail counts against:
// its sender, and the sender's domain unless that is the account's own or a public provider's. For example, a
// mail from bob@sales.shop.example counts for that address and for "@shop.example". It returns nil if the account
// has no limits.
func (w *work) OriginsOf(a *store.Account, in channels.Inbound) []string {
	caps := w.Caps(a.ID)
	if !isByPerson(in) || !caps.Threads || !w.Dir.SettingsOf(a, caps.Threads).CollectFloods {
		return nil
	}
	sender := strings.ToLower(in.From.Key)
	origins := []string{sender}
	domain := registeredDomain(sender)
	isOwnDomain := domain == registeredDomain(in.Envelope.Via)
	isPublic := slices.Contains(strings.Fields(publicDomains), domain)
	if domain == "" || isOwnDomain || isPublic {
		return origins
	}
	return append(origins, "@"+domain)
}

// registeredDomain returns the registered domain of a mail address, without subdomains, or "" if it has none.
func registeredDomain(address string) string {
	_, domain, ok := strings.Cut(strings.ToLower(address), "@")
	if !ok {
		return ""
	}
	if d, err := publicsuffix.EffectiveTLDPlusOne(domain); err == nil {
		return d
	}
	return domain
}

// takeOpening counts the new conversation of a mail against the limits of its origins. If one of them has used up
// its limit, takeOpening returns false and counts nothing.
func (w *work) takeOpening(a *store.Account, in channels.Inbound) bool {
	var openings []*Opening
	for _, origin := range w.OriginsOf(a, in) {
		opening := w.Openings.UseOf(NameKey{Account: a.ID, Name: origin})
		if !opening.Allows(1) {
			return false
		}
		openings = append(openings, opening)
	}
	for _, opening := range openings {
		opening.Used += opening.Each.Seconds()
	}
	return true
}
