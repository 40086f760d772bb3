package demo

import (
	"testing"

	"parley/bridge/analysis/offline"
	"parley/channels/email/mailfake"
	"parley/cmd/parley/app"
	"parley/cmd/parley/demo/company"
)

// longNamed and rightToLeft are customers whose notes are hard to lay out. One has a very long name, and the other writes
// from right to left.
const (
	longNamed = `"Maximiliane Friederike Gräfin von und zu Hohenstein-Ödenburg-Wittelsbach" ` +
		`<maximiliane.friederike.graefin@hohenstein-oedenburg-wittelsbach.test>`
	rightToLeft = `"מרים כהן־אברהם" <miriam@cohen.test>`
)

// analysing makes a Parley analyse what customers write, by the offline rules.
func analysing(o *app.Options) { o.Analyzer = offline.New() }

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

// In the Slack half, the notes of an analysis can be read and their buttons pressed, with long names and with text from
// right to left.
func TestNotesInSlack(t *testing.T) {
	t.Parallel()
	l := newLiveIn(t, company.SurfaceSlack, analysing)
	l.sendUpsetMails()
	for _, c := range []struct{ name, subject string }{
		{name: "long", subject: "Donaudampf"},
		{name: "rtl", subject: "הזמנה"},
	} {
		l.openThread(company.SurfaceSlack, c.subject)
		l.untilShown(".threadpane .msg", "Looks urgent")
		l.checkPart("#slack", "a note, "+c.name)
		l.shot("note-slack-" + c.name)
	}
	l.click(`.threadpane [data-label="+ Complaint"]`)
	l.untilShown(".threadpane", "Complaint")
	l.click(`.threadpane [data-label="Priority urgent"]`)
	l.untilShown(".threadpane .msg", "set the priority")
	l.shot("note-slack-used")
}

// In the Teams half, the notes of an analysis can be read and their buttons pressed, with long names and with text from
// right to left.
func TestNotesInTeams(t *testing.T) {
	t.Parallel()
	l := newLiveIn(t, company.SurfaceTeams, analysing)
	l.sendUpsetMails()
	for _, c := range []struct{ name, subject string }{
		{name: "long", subject: "Donaudampf"},
		{name: "rtl", subject: "הזמנה"},
	} {
		l.openThread(company.SurfaceTeams, c.subject)
		l.untilShown(inThread, "Looks urgent")
		l.checkPart("#teams", "a note, "+c.name)
		l.shot("note-teams-" + c.name)
	}
	l.click(`#teams .threadpane [data-label="+ Complaint"]`)
	l.checkTeamsProblems()
}
