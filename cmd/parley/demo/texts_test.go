package demo

import (
	"context"
	"testing"

	"parley/bridge/analysis"
	"parley/bridge/analysis/offline"
	"parley/cmd/parley/app"
	"parley/cmd/parley/demo/company"
)

// translated and summarised are written by the model. The first is read from right to left, and the second contains a word
// that is hard to break.
const (
	translated = "مرحبا ميريام، نعتذر كثيرا! سنرسل لك مصباحا جديدا اليوم، وسيصل غدا قبل الساعة التاسعة. رقم الطلب 4711."
	summarised = "**Asked:** a new lamp before tomorrow morning, " +
		"since Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft opens at nine.\n\n" +
		"- Order 4711 came broken; so did order 4712\n- שלום: the customer writes Hebrew and English in turn\n\n" +
		"**Open:** nobody has promised anything yet."
)

// linguist analyses by the offline rules, and writes as a model would.
type linguist struct{ *offline.Analyzer }

// Write implements analysis.Writer.
func (linguist) Write(_ context.Context, r analysis.Request) (analysis.Text, error) {
	if r.Task == analysis.Translate {
		return analysis.Text{Text: translated, By: "gpt-test"}, nil
	}
	return analysis.Text{Text: summarised, By: "gpt-test"}, nil
}

func writing(o *app.Options) { o.Analyzer = linguist{offline.New()} }

const draft = "!ai translate to Arabic: Hello Miriam, we are so sorry! " +
	"A new lamp for order 4711 leaves today and is with you tomorrow before nine."

// The Slack half of the page shows a summary, a translation and its form readably, with long words and from right to left.
func TestTextsInSlack(t *testing.T) {
	t.Parallel()
	l := newLiveIn(t, company.SurfaceSlack, writing)
	l.sendUpsetMails()
	l.openThread("slack", "הזמנה")
	l.reply("!summary")
	l.untilShown(".threadpane", "hauptbetriebswerk")
	l.checkPart("#slack", "a summary")
	l.shot("text-slack-summary")
	l.reply(draft)
	l.untilShown(".threadpane", "مرحبا")
	l.checkPart("#slack", "a translation")
	l.shot("text-slack-translation")
	l.openForm(`.threadpane [data-label="Use reply"]`, "textarea")
	l.until("it is written from right to left",
		`getComputedStyle(document.querySelector('#modal[open] textarea')).unicodeBidi === 'plaintext'`)
	l.checkPart("#modal", "the form with a translation")
	l.shot("text-slack-form")
}

// The Teams half of the page shows a summary, a translation and its form readably, with long words and from right to left.
func TestTextsInTeams(t *testing.T) {
	t.Parallel()
	l := newLiveIn(t, company.SurfaceTeams, writing)
	l.sendUpsetMails()
	l.openThread("teams", "הזמנה")

	l.replyInTeams("!summary")
	l.untilShown(inThread, "hauptbetriebswerk")
	l.checkPart("#teams", "a summary")
	l.shot("text-teams-summary")

	l.replyInTeams(draft)
	l.untilShown(inThread, "مرحبا")
	l.checkPart("#teams", "a translation")
	l.shot("text-teams-translation")

	l.click(`#teams .threadpane [data-label="Use reply"]`)
	l.until("the form opens", `document.querySelector('#modal[open] textarea')`)
	l.until("it is written from right to left",
		`getComputedStyle(document.querySelector('#modal[open] textarea')).unicodeBidi === 'plaintext'`)
	l.checkPart("#modal", "the form with a translation")
	l.shot("text-teams-form")
	l.checkTeamsProblems()
}
