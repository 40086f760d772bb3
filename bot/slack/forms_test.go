package slack

import (
	"errors"
	"strings"
	"testing"

	"parley/bot/slack/blockkit"
	"parley/bot/slack/slackfake"
	"parley/bot/view"
	"parley/bot/view/viewtest"
	"parley/bridge"
)

// submitForm submits a form with these values and returns what Slack was answered.
func (st *stage) submitForm(v *slackfake.View, fields map[string]string) *slackfake.Outcome {
	st.t.Helper()
	values := map[string][]string{}
	for name, value := range fields {
		values["f:"+name+"/v"] = []string{value}
	}
	out, err := st.fake.As(st.ann).Submit(st.ctx(), v.ID, values)
	must(st.t, err)
	return out
}

// hasField matches a form that has a field. It is for waitForWindow.
func hasField(field string) func(*slackfake.View) bool {
	return func(v *slackfake.View) bool {
		return isForm(v) && strings.Contains(string(v.Blocks), `"block_id":"f:`+field+`"`)
	}
}

// mailForm opens the form of a new conversation and chooses its account. It returns the second step, which asks for the rest.
func (st *stage) mailForm() *slackfake.View {
	st.t.Helper()
	_, err := st.fake.As(st.ann).GlobalShortcut(st.ctx(), "conv_start")
	must(st.t, err)
	st.submitForm(st.waitForWindow(st.ann, hasField("account")), map[string]string{"account": "support-mail"})
	return st.waitForWindow(st.ann, hasField("recipient"))
}

// The global shortcut asks for the account first, then for the rest. A wrong recipient is told at its field.
func TestStartWithABadRecipient(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	st.desk.accounts = viewtest.Accounts()
	st.desk.mayStart = func(bridge.Start) (bridge.Facts, error) {
		return bridge.Facts{}, &bridge.Problem{Code: "recipient", Field: "recipient", Text: "“eve” is no e-mail address.", Hint: "Write it like ann@example.org."}
	}
	out := st.submitForm(st.mailForm(), map[string]string{"recipient": "eve", "subject": "Lamp", "text": "It is repaired."})
	wantWords(t, out.Errors["f:recipient"], "no e-mail address. Write it")
}

// Of a recipient with an open conversation that one is shown, and nothing is stored.
func TestStartWithAKnownRecipient(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	st.desk.accounts = viewtest.Accounts()
	st.desk.mayStart = func(bridge.Start) (bridge.Facts, error) { return sampleFacts(), nil }
	st.submitForm(st.mailForm(), map[string]string{"recipient": "known@example.org", "subject": "Lamp", "text": "It is repaired."})
	st.waitForWindow(st.ann, func(v *slackfake.View) bool { return isCard(v) && strings.Contains(string(v.Blocks), "#12") })
	st.wantFacts("i:", 0)
}

// If the desk can't tell, the form is accepted.
func TestStartByShortcut(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	st.desk.accounts = viewtest.Accounts()
	st.desk.mayStart = func(bridge.Start) (bridge.Facts, error) { return bridge.Facts{}, errors.New("no database") }
	st.submitForm(st.mailForm(), map[string]string{"recipient": "slow@example.org", "subject": "Lamp", "text": "It is *repaired*."})
	a := st.waitAction("i:")
	wantEqual(t, "verb", a.Verb, bridge.VerbNew)
	wantEqual(t, "arguments", a.Args.StartArgs, bridge.StartArgs{Account: "support-mail", Recipient: "slow@example.org", Subject: "Lamp"})
	wantEqual(t, "text", a.Text, "It is *repaired*.")
	wantEqual(t, "origin", a.Origin, bridge.OriginForm)
	wantEqual(t, "the form has an id", a.Form != "", true)
	wantEqual(t, "channel", a.Place.Channel, "")
	wantEqual(t, "author", a.Actor.ID, st.ann)
}

// A form that Slack sends again, because our answer was lost, counts as the same action. If its text was changed before, it counts as
// another.
func TestFormSentTwice(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	self := st.self()
	forms, err := samples().Forms()
	must(t, err)
	private := blockkit.Home("").Form(forms["new_mail"], view.Memory{}).PrivateMetadata // what Slack keeps with the form and sends back
	submitAgain := func(trigger, text string) {
		var in interaction
		in.Type, in.TriggerID, in.User = "view_submission", trigger, userRef{ID: st.ann}
		in.View = &blockkit.View{ID: "V1", Callback: "form", Private: private}
		in.View.State.Values = map[string]map[string]blockkit.Input{"f:recipient": {"v": {Value: "eve@example.org"}}, "f:text": {"v": {Value: text}}}
		_, err := st.surface.intake.responder.handleSubmission(st.ctx(), self, &in, []byte(`{"type":"view_submission"}`))
		must(t, err)
	}
	submitAgain("1.1", "Hello")
	submitAgain("1.2", "Hello")
	st.wantFacts("i:", 1)
	submitAgain("1.3", "Hello, Eve")
	st.wantFacts("i:", 2)
}

// A command with an account, a recipient and a text acts without a form.
func TestStartByCommand(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	st.desk.accounts = viewtest.Accounts()
	st.typeCommand("new support-mail eve@example.org It is repaired.")
	a := st.waitAction("i:")
	wantEqual(t, "verb", a.Verb, bridge.VerbNew)
	wantEqual(t, "arguments", a.Args.StartArgs, bridge.StartArgs{Account: "support-mail", Recipient: "eve@example.org"})
	wantEqual(t, "text", a.Text, "It is repaired.")
	wantEqual(t, "channel", a.Place.Channel, st.channel)
}

// A command without a text opens the form with what was typed. A chat has no subject.
func TestStartByCommandWithoutText(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	st.desk.accounts = viewtest.Accounts()
	st.typeCommand("new shop-chat +491715550100")
	blocks := string(st.waitForWindow(st.ann, hasField("recipient")).Blocks)
	wantWords(t, blocks, "+491715550100")
	wantEqual(t, "the form asks for a subject", strings.Contains(blocks, "f:subject"), false)
}

// A reply to one message of a customer, with buttons, takes two forms and becomes one action, which names that message.
func TestReplyToThisWithButtons(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	st.withFacts()
	st.desk.accounts = viewtest.Accounts()
	st.desk.accounts[0].Can = st.desk.accounts[1].Can // the mail account can carry buttons here
	st.desk.said = []bridge.Said{{MessageID: 7, Text: "Do you have lamps?"}}
	root := st.postRoot()
	_, err := st.fake.As(st.ann).Shortcut(st.ctx(), "conv_reply", root.Channel, root.Message)
	must(t, err)
	v := st.waitForWindow(st.ann, hasField("add"))
	wantWords(t, string(v.Blocks), "Do you have lamps?")
	st.submitForm(v, map[string]string{"text": "Shall I send one?", "add": "buttons"})
	v = st.waitForWindow(st.ann, hasField("choices"))
	out := st.submitForm(v, map[string]string{"text": "Shall I send one?", "choices": "a\nb\nc\nd"})
	wantWords(t, out.Errors["f:choices"], "3 is the most")
	st.submitForm(v, map[string]string{"text": "Shall I send one?", "choices": "Yes\nNo"})

	a := st.waitAction("i:")
	wantEqual(t, "verb", a.Verb, bridge.VerbReply)
	wantEqual(t, "conversation", a.Args.Conversation, 12)
	wantEqual(t, "message that is answered", a.Args.Message, 7)
	wantEqual(t, "text", a.Text, "Shall I send one?")
	wantEqual(t, "explicit", a.Explicit, true)
	if a.Rich == nil || len(a.Rich.Buttons) != 2 || a.Rich.Buttons[1].Title != "No" {
		t.Errorf("got the buttons %+v, want Yes and No", a.Rich)
	}
}
