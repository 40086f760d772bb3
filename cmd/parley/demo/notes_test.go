package demo

import (
	"parley/channels/email/mailfake"
	"parley/cmd/parley/demo/company"
)

// longNamed and rightToLeft are customers whose notes are hard to lay out. One has a very long name, and the other writes
// from right to left.
const (
	longNamed = `"Maximiliane Friederike Gräfin von und zu Hohenstein-Ödenburg-Wittelsbach" ` +
		`<maximiliane.friederike.graefin@hohenstein-oedenburg-wittelsbach.test>`
	rightToLeft = `"מרים כהן־אברהם" <miriam@cohen.test>`
)

// sendUpsetMails lets both customers complain, so that an analysis finds a lot.
func (l *live) sendUpsetMails() {
	l.t.Helper()
	for _, m := range []struct{ from, subject, text string }{
		{longNamed, "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft: order 4711",
			"My order 4711, invoice INV-2026-0000000000118 and order 4712 arrived broken, I am very disappointed: " +
				"this is a complaint about Donaudampfschifffahrtselektrizitätenhauptbetriebswerk. " +
				"We open tomorrow morning, so please send a new one immediately."},
		{rightToLeft, "הזמנה 4711",
			"שלום, המנורה הגיעה שבורה. I am very disappointed, this is a complaint about order 4711. " +
				"We open tomorrow morning, please send a new one immediately, תודה רבה!"},
	} {
		must(l.company.Mail.Customer(m.from).Send(mailfake.Mail{To: []string{company.HelpAddress}, Subject: m.subject, Text: m.text}))(l.t)
	}
}
