package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/store"
)

// If the provider pauses a template before it is sent, the reply is parked (kept back) with the reason, and Parley looks
// at the provider's list of templates. When the template is approved again, a click sends it (edge case 18).
// Requirement R-169: Only approved ones are sent.
func TestTemplatePausedBeforeSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withTemplates(options{hold: time.Hour}))
	thread := w.openThread()
	id := w.saveTemplate(chat, nil)
	w.decideTemplate("order_update", channels.TemplateApproved, "")
	w.waitTemplateStatus(id, "approved")
	w.chat.Submit("ann", support, thread, templateForm(id, 1, map[string]string{"first_name": "Kim", "quote_number": "Q-1"}), "")
	w.waitLine(thread, bridge.LineDone)

	w.provider.Decide("order_update", func(t *channelstest.Template) { t.Status = "paused" }) // and its webhook is lost
	w.advance(time.Hour)
	parked := w.waitLine(thread, bridge.LineParked)
	w.waitTemplateStatus(id, "paused") // the list tells
	wantList(t, "what the customer got", w.sentTexts(), nil)
	if !slices.ContainsFunc(parked.Buttons, func(b bridgetest.Button) bool { return b.Verb == bridge.VerbTemplate }) {
		t.Error("there is no button for another template")
	}

	// Ann sends another template in place of the paused one.
	other := w.saveTemplate(chat, func(t *bridge.Template) { t.Name, t.Body = "Thanks", "Thank you." })
	w.decideTemplate("thanks", channels.TemplateApproved, "")
	w.waitTemplateStatus(other, "approved")
	inPlace := templateForm(other, 1, nil)
	inPlace.Args.Message = parked.Buttons[0].Args.Message
	w.chat.Submit("ann", support, thread, inPlace, "")
	w.chat.Wait(t, "the other one is told", func() bool { return w.countLines(thread, bridge.LineDone) == 2 })
	w.waitDrainedBut(1)
	parked = w.waitLine(thread, bridge.LineParked)
	wantButtons(t, "nobody offers the paused one again", parked, bridge.VerbTemplate, bridge.VerbSend, bridge.VerbDrop)

	// The paused template is approved again, and Ann sends it by a click.
	w.decideTemplate("order_update", channels.TemplateApproved, "")
	w.waitTemplateStatus(id, "approved")
	w.chat.Press(t, "ann", parked, bridge.VerbSend)
	w.eventually("it waits again", func() bool {
		return w.count(`SELECT count(*) FROM messages WHERE template IS NOT NULL AND fate = 'waiting'`) == 2
	})
	w.advance(time.Hour)
	w.eventually("both are sent", func() bool { return len(w.provider.Sent()) == 2 })
}

// After the reply window has closed, only templates for that are offered, and they leave. A parked text waits on, and is
// offered when the customer answers (requirements ).
func TestTemplateOutsideTheWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(0)})
	w.customerWrites("kim", "Printer on fire")
	thread := w.waitThread("Printer on fire")
	inside := w.saveTemplate(chat, func(t *bridge.Template) {
		t.Name, t.Uses, t.Body = "Thanks", []string{bridge.TemplateReply}, "Thank you."
	})
	outside := w.saveTemplate(chat, func(t *bridge.Template) {
		t.Name, t.Uses, t.Body = "Hello again", []string{bridge.TemplateWindow}, "Hello {{first_name}}, are you still there?"
	})
	w.decideTemplate("thanks", channels.TemplateApproved, "")
	w.decideTemplate("hello_again", channels.TemplateApproved, "")
	w.waitTemplateStatus(inside, "approved")
	w.waitTemplateStatus(outside, "approved")

	wantOffered := func(want string) {
		t.Helper()
		got := must(w.engines[0].Desk(w.surface).Templates(t.Context(), bridge.TemplatesFor{Conversation: 1}, "ann"))(t)
		if len(got.List) != 1 || got.List[0].Name != want {
			t.Errorf("offered are %+v, want %s alone", got.List, want)
		}
	}
	wantOffered("Thanks")

	// A day later the window is closed, and a text is parked.
	w.advance(25 * time.Hour)
	w.waitCard(thread, "| window closed")
	wantOffered("Hello again")
	late := w.chat.Say("ann", support, thread, "Still there?")
	w.waitFate(late, "parked")
	inPlace := templateForm(outside, 1, map[string]string{"first_name": "Kim"})
	inPlace.Args.Message = w.waitLine(thread, bridge.LineParked).Buttons[0].Args.Message

	// While the account is paused, the template is parked, too.
	w.saveAccount(chat, func(a *store.Account) { a.Paused = true })
	w.chat.Submit("ann", support, thread, inPlace, "")
	w.chat.Wait(t, "the template is parked", func() bool { return w.countLines(thread, bridge.LineParked) == 2 })
	w.waitDrained()
	parked := w.waitLine(thread, bridge.LineParked)
	wantButtons(t, "no template leaves", parked, bridge.VerbTemplate, bridge.VerbKeep, bridge.VerbDrop)

	// The account goes on and the template leaves. The customer answers, and the parked text can be sent.
	w.saveAccount(chat, nil)
	w.chat.Submit("ann", support, thread, inPlace, "")
	w.provider.WaitTexts(t, "Hello Kim, are you still there?")
	w.waitLineAbout(thread, bridge.LineParked, "= template")
	w.waitFate(late, "parked")
	w.customerWrites("kim", "Yes")
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineOffered), bridge.VerbSend)
	w.provider.WaitTexts(t, "Hello Kim, are you still there?", "Still there?")
}

// If the provider has no templates, nothing can be sent after the reply window. Nobody is told to make a template for it.
func TestNoTemplateAfterTheWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: func(c *channels.Capabilities) {
		if !c.Threads {
			c.Window.Free = 24 * time.Hour
		}
	}})
	w.customerWrites("kim", "Printer on fire")
	thread := w.waitThread("Printer on fire")
	w.chat.Submit("ann", support, thread, bridgetest.Button{Verb: bridge.VerbTemplateEdit, Args: bridge.Args{Template: &bridge.TemplateArgs{
		Draft: &bridge.Template{Account: chat, Name: "Hi", Language: "en", Category: "utility",
			Uses: []string{bridge.TemplateWindow}, Body: "Hi."}}}}, "")
	w.waitWhisper("ann", "can't be sent after the reply window")

	w.waitTemplateStatus(w.saveTemplate(chat, nil), "approved")
	w.advance(25 * time.Hour)
	w.waitCard(thread, "| window closed")
	w.chat.Say("ann", support, thread, "!template")
	if said := w.waitWhisper("ann", "nothing can be sent by chat until the customer writes").Plain(); strings.Contains(said, "Admins") {
		t.Errorf("ann is told %q, want no hint at making templates", said)
	}
	choice := must(w.engines[0].Desk(w.surface).Templates(t.Context(), bridge.TemplatesFor{Conversation: 1}, "ann"))(t)
	wantEqual(t, "the form's hint", choice.None.Hint, "")
}
