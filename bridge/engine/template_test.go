package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/bridge/engine"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/store"
)

// withTemplates gives the chat-like account templates, which its provider approves or rejects.
func withTemplates(o options) options {
	o.caps = func(c *channels.Capabilities) { c.Templates = !c.Threads }
	return o
}

// connectChannel gives an engine a channel for an account, and returns it.
func (w *world) connectChannel(e *engine.Engine, name string, id store.AccountID) *channelstest.Channel {
	env := channels.Env{Accept: func(ctx context.Context, facts ...channels.Fact) error { return e.Accept(ctx, id, facts...) }}
	if w.capsOf(name).Templates {
		ch := channelstest.NewTemplating(w.provider, secret, w.capsOf(name), env)
		e.SetChannel(id, ch)
		return ch.Channel
	}
	ch := channelstest.New(w.provider, secret, w.capsOf(name), env)
	e.SetChannel(id, ch)
	return ch
}

// saveTemplate stores a template of an account, named "Order update" unless change says otherwise, and returns its id.
func (w *world) saveTemplate(account string, change func(*bridge.Template)) store.TemplateID {
	w.t.Helper()
	draft := bridge.Template{
		Name:     "Order update",
		Language: "en",
		Category: "utility",
		Uses:     []string{bridge.TemplateReply, bridge.TemplateWindow},
		Body:     "Hello {{first_name}}, your quote {{quote_number}} is ready.",
	}
	if change != nil {
		change(&draft)
	}
	row := bridge.TemplateRow(draft)
	if faults := bridge.TemplateFaults(row); len(faults) > 0 {
		w.t.Fatalf("faults: %v, want none", faults)
	}
	row.AccountID = w.accounts[account]
	ann := w.agents["ann"]
	row.AgentID = &ann
	return must(store.SaveTemplate(w.t.Context(), w.pool, row, true))(w.t)
}

// waitTemplateStatus waits until a template has a status.
func (w *world) waitTemplateStatus(id store.TemplateID, want string) {
	w.t.Helper()
	w.eventually("the template is "+want, func() bool { return w.text(`SELECT status FROM templates WHERE id = $1`, id) == want })
}

// decideTemplate waits until the provider has a template, and lets it decide about the template and report that.
func (w *world) decideTemplate(name string, status channels.TemplateStatus, reason string) {
	w.t.Helper()
	w.eventually("the provider has "+name, func() bool {
		return slices.ContainsFunc(w.provider.Templates(), func(t channelstest.Template) bool { return t.Name == name }) &&
			w.count(`SELECT count(*) FROM templates WHERE provider_name = $1 AND todo <> ''`, name) == 0
	})
	e := w.provider.Decide(name, func(t *channelstest.Template) { t.Status, t.Reason = string(status), reason })
	if got := w.postEvents(chat, e); got != 200 {
		w.t.Fatalf("the webhook answered %d, want 200", got)
	}
}

// templateForm is a filled form of a template whose preview its author has seen.
func templateForm(id store.TemplateID, version int, values map[string]string) bridgetest.Button {
	return bridgetest.Button{Verb: bridge.VerbTemplate, Args: bridge.Args{Conversation: 1, Template: &bridge.TemplateArgs{
		ID:      id,
		Version: version,
		Values:  values,
		Seen:    bridge.PreviewMark(id, version, values),
	}}}
}

// A template is handed in and approved by a webhook, which an admin is told. An agent picks it, fills it in and sends it
// (requirements ).
// Requirement R-168: Templates are handed in, and their verdict is told.
func TestTemplateApprovedAndSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withTemplates(options{}))
	thread := w.openThread()
	id := w.saveTemplate(chat, nil)
	w.decideTemplate("order_update", channels.TemplateApproved, "")
	w.waitTemplateStatus(id, "approved")
	w.chat.Wait(t, "ann is told", func() bool {
		return slices.ContainsFunc(w.chat.Messages("@ann", ""), func(m bridgetest.Message) bool {
			return strings.Contains(m.Plain(), "Order update (en) approved")
		})
	})

	choice := must(w.engines[0].Desk(w.surface).Templates(t.Context(), bridge.TemplatesFor{Conversation: 1}, "ann"))(t)
	wantEqual(t, "templates to choose from", len(choice.List), 1)
	for name, want := range map[string]string{"first_name": "Kim", "agent_name": "Ann", "quote_number": ""} {
		wantEqual(t, "the known value of "+name, choice.Known[name], want)
	}

	values := map[string]string{"first_name": "Kim", "quote_number": "Q-1\n\u202e*42*"}
	w.chat.Submit("ann", support, thread, templateForm(id, 1, map[string]string{"first_name": "Kim"}), "")
	w.waitWhisper("ann", "quote number ({{quote_number}})")

	clean := map[string]string{"first_name": "Kim", "quote_number": bridge.TemplateValue(values["quote_number"])}
	w.chat.Submit("ann", support, thread, templateForm(id, 1, clean), "")
	w.eventually("it is sent", func() bool { return len(w.provider.Sent()) == 1 })

	got := w.provider.Sent()[0]
	wantEqual(t, "the text", got.Text, `Hello Kim, your quote Q-1 \*42\* is ready.`)
	if got.Template == nil {
		t.Fatalf("%+v was sent, want a template", got)
	}
	wantEqual(t, "the template", got.Template.Name, "order_update")
	wantEqual(t, "its value", got.Template.Values["quote_number"], "Q-1 *42*")
	w.waitLine(thread, bridge.LineDone)
	if reason := w.text(`SELECT reason FROM messages WHERE template IS NOT NULL`); reason != "template" {
		t.Errorf("its reason is %q, want \"template\"", reason)
	}
}

// A template isn't sent if its preview wasn't seen, if it isn't approved, or if it belongs to another account.
// Requirement R-168: Templates are handed in, and their verdict is told.
func TestTemplateRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withTemplates(options{}))
	thread := w.openThread()
	id := w.saveTemplate(chat, nil)
	values := map[string]string{"first_name": "Kim", "quote_number": "Q-1"}
	w.chat.Submit("ann", support, thread, templateForm(id, 1, values), "")
	w.waitWhisper("ann", "still waits for approval")
	w.decideTemplate("order_update", channels.TemplateRejected, "It is advertising.")
	w.waitTemplateStatus(id, "rejected")
	w.chat.Submit("ann", support, thread, templateForm(id, 1, values), "")
	w.waitWhisper("ann", "was rejected: It is advertising.")
	w.decideTemplate("order_update", channels.TemplateApproved, "")
	w.waitTemplateStatus(id, "approved")

	other := w.saveTemplate(mail, nil)
	w.waitTemplateStatus(other, "approved") // nobody has to approve a template for mail (requirement R-170)
	w.chat.Submit("ann", support, thread, templateForm(other, 1, values), "")
	w.waitWhisper("ann", "no such template for this account")

	w.chat.Submit("ann", support, thread, templateForm(id, 7, values), "")
	w.waitWhisper("ann", "was changed since you saw it")

	unseen := templateForm(id, 1, values)
	unseen.Args.Template.Seen = "something else"
	w.chat.Submit("ann", support, thread, unseen, "")
	w.waitWhisper("ann", "[template]")

	w.chat.Submit("dan", support, thread, templateForm(id, 1, values), "")
	w.waitWhisper("dan", "not one of Parley's agents")
	w.waitDrained()
	if n := len(w.provider.Sent()); n != 0 {
		t.Errorf("%d were sent, want none", n)
	}

	w.chat.Say("ann", support, thread, "!template nonsense")
	w.waitWhisper("ann", `no template "nonsense"`)
}

// A template is changed or deleted while a reply made of it is held: it isn't sent. The agent can choose another
// template, and no button sends the former words.
// Requirement R-169: Only approved ones are sent.
func TestTemplateChangedBeforeSent(t *testing.T) {
	t.Parallel()
	for _, change := range []string{`UPDATE templates SET version = version + 1`, `DELETE FROM templates`} {
		t.Run(change, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, withTemplates(options{hold: time.Hour}))
			thread := w.openThread()
			id := w.saveTemplate(chat, nil)
			w.decideTemplate("order_update", channels.TemplateApproved, "")
			w.waitTemplateStatus(id, "approved")
			w.chat.Submit("ann", support, thread, templateForm(id, 1, map[string]string{"first_name": "Kim", "quote_number": "Q-1"}), "")
			w.waitLine(thread, bridge.LineDone)

			w.exec(change)
			w.advance(time.Hour)
			wantButtons(t, "in the thread", w.waitLine(thread, bridge.LineParked), bridge.VerbTemplate, bridge.VerbDrop)
			wantList(t, "what can be done on the inbox page", w.inboxPage().newest("ann").Verbs, []bridge.Verb{bridge.VerbDrop})
		})
	}
}

// A changed template is handed in again under its id. A deleted one is deleted at the provider, too.
// Requirement R-168: Templates are handed in, and their verdict is told.
func TestTemplateChangedAndDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withTemplates(options{}))
	thread := w.openThread()
	id := w.saveTemplate(chat, nil)
	w.decideTemplate("order_update", channels.TemplateApproved, "")
	w.waitTemplateStatus(id, "approved")
	edit := func(user, body string) {
		w.chat.Submit(user, support, thread,
			bridgetest.Button{Verb: bridge.VerbTemplateEdit, Args: bridge.Args{Template: &bridge.TemplateArgs{ID: id,
				Draft: &bridge.Template{Account: chat, Name: "x", Language: "en", Category: "utility", Uses: []string{bridge.TemplateReply},
					Body: body}}}}, "")
	}

	edit("ben", "Hello you.")
	w.waitWhisper("ben", "Only admins")
	edit("ann", "")
	w.waitWhisper("ann", "The body is missing.")

	edit("ann", "Something forbidden here.")
	w.waitTemplateStatus(id, "rejected")
	w.chat.Wait(t, "ann is told why", func() bool {
		return slices.ContainsFunc(w.chat.Messages("@ann", ""), func(m bridgetest.Message) bool {
			return strings.Contains(m.Plain(), "rejected The body is against the rules.")
		})
	})

	// A later list does not make it approved: the provider approved its former words.
	asked := len(w.provider.TemplateCalls())
	w.advance(25 * time.Hour)
	w.eventually("it is listed", func() bool { return len(w.provider.TemplateCalls()) > asked })
	w.waitDrained()
	w.waitTemplateStatus(id, "rejected") // the provider still approves of what it was before

	edit("ann", "Hello you.")
	w.eventually("the provider has it", func() bool { return w.provider.Templates()[0].Body == "Hello you." })
	w.decideTemplate("order_update", channels.TemplateApproved, "")
	w.waitTemplateStatus(id, "approved")
	if got := w.provider.Templates(); len(got) != 1 || got[0].Body != "Hello you." {
		t.Errorf("the provider has %+v, want one template, as it was changed last", got)
	}

	w.chat.Say("ann", support, "", "!templates")
	w.chat.Submit("ann", support, thread,
		bridgetest.Button{Verb: bridge.VerbTemplateDelete, Args: bridge.Args{Template: &bridge.TemplateArgs{ID: id}}}, "")
	w.eventually("it is deleted there", func() bool { return len(w.provider.Templates()) == 0 })
	w.eventually("and here", func() bool { return w.count(`SELECT count(*) FROM templates`) == 0 })
}

// The provider's answer to a template that was handed in is lost. No second template is made, and it doesn't count as
// rejected.
func TestTemplateAnswerLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withTemplates(options{stopped: true}))
	w.provider.LoseTemplateAnswers(1)
	id := w.saveTemplate(chat, nil)
	w.start()
	w.openThread()
	w.eventually("the provider has it", func() bool { return len(w.provider.Templates()) == 1 })
	w.eventually("it is tried again later", func() bool {
		return w.count(`SELECT count(*) FROM templates WHERE tries = 1 AND leased_until IS NULL`) == 1
	})
	w.advance(2 * time.Minute)
	w.decideTemplate("order_update", channels.TemplateApproved, "")
	w.waitTemplateStatus(id, "approved")
	if n := len(w.provider.Templates()); n != 1 {
		t.Errorf("%d templates, want 1", n)
	}
}
