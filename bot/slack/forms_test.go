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

// fill submits a form with these values and returns what Slack was answered.
func (st *stage) fill(v *slackfake.View, fields map[string]string) *slackfake.Outcome {
	st.t.Helper()
	values := map[string][]string{}
	for name, value := range fields {
		values["f:"+name+"/v"] = []string{value}
	}
	out, err := st.fake.As(st.ann).Submit(st.ctx(), v.ID, values)
	must(st.t, err)
	return out
}

// hasField matches a form that has a field. It is for view.
func hasField(field string) func(*slackfake.View) bool {
	return func(v *slackfake.View) bool {
		return isForm(v) && strings.Contains(string(v.Blocks), `"block_id":"f:`+field+`"`)
	}
}

// The global shortcut asks for the account first, then for the rest. A wrong recipient is said at its field, and a recipient with an
// open conversation is shown that one. If the desk can't tell, the form is accepted.
func TestStartByShortcut(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	st.withFacts()
	st.desk.accounts = viewtest.Accounts()
	st.desk.mayStart = func(s bridge.Start) (bridge.Facts, error) {
		switch {
		case !strings.Contains(s.Recipient, "@"):
			return bridge.Facts{}, &bridge.Problem{Code: "recipient", Field: "recipient", Text: "“" + s.Recipient + "” is no e-mail address.", Hint: "Write it like ann@example.org."}
		case s.Recipient == "known@example.org":
			return sampleFacts(), nil
		case s.Recipient == "slow@example.org":
			return bridge.Facts{}, errors.New("no database")
		}
		return bridge.Facts{}, nil
	}
	openSecondStep := func() *slackfake.View {
		_, err := st.fake.As(st.ann).GlobalShortcut(st.ctx(), "conv_start")
		must(t, err)
		st.fill(st.view(st.ann, hasField("account")), map[string]string{"account": "support-mail"})
		return st.view(st.ann, hasField("recipient"))
	}

	// A bad recipient.
	v := openSecondStep()
	if out := st.fill(v, map[string]string{"recipient": "eve", "subject": "Lamp", "text": "It is repaired."}); !strings.Contains(out.Errors["f:recipient"], "no e-mail address. Write it") {
		t.Fatalf("a bad recipient: %+v", out)
	}

	// A recipient with an open conversation.
	st.fill(v, map[string]string{"recipient": "known@example.org", "subject": "Lamp", "text": "It is repaired."})
	st.view(st.ann, func(v *slackfake.View) bool {
		return v.CallbackID == "card" && strings.Contains(string(v.Blocks), "#12")
	})
	if n := st.desk.Number("i:"); n != 0 {
		t.Fatalf("%d actions were stored", n)
	}
	_, err := st.fake.As(st.ann).CloseView(st.ctx(), v.ID, true)
	must(t, err)

	// The desk can't tell.
	st.fill(openSecondStep(), map[string]string{"recipient": "slow@example.org", "subject": "Lamp", "text": "It is *repaired*."})
	a := st.decode(st.desk.First(t, "i:"))
	if a.Verb != bridge.VerbNew || a.Args.Account != "support-mail" || a.Args.Recipient != "slow@example.org" || a.Args.Subject != "Lamp" || a.Text != "It is *repaired*." ||
		a.Origin != bridge.OriginForm || a.Form == "" || a.Place.Channel != "" || a.Actor.ID != st.ann {
		t.Errorf("the stored action is %+v, want a new conversation by mail to slow@example.org from Ann's form", a)
	}
}

// A form that Slack sends again, because our answer was lost, counts as the same action. If its text was changed before, it counts as
// another.
func TestFormSentTwice(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	self := testSelfOf(st)
	forms, err := samples().Forms()
	must(t, err)
	private := blockkit.Home("").Form(forms["new_mail"], view.Memory{}).PrivateMetadata // what Slack keeps with the form and sends back
	send := func(trigger, text string) {
		var in interaction
		in.Type, in.TriggerID, in.User = "view_submission", trigger, userRef{ID: st.ann}
		in.View = &blockkit.View{ID: "V1", Callback: "form", Private: private}
		in.View.State.Values = map[string]map[string]blockkit.Input{"f:recipient": {"v": {Value: "eve@example.org"}}, "f:text": {"v": {Value: text}}}
		_, err := st.s.intake.responder.handleSubmission(st.ctx(), self, &in, []byte(`{"type":"view_submission"}`))
		must(t, err)
	}
	send("1.1", "Hello")
	send("1.2", "Hello")
	if n := st.desk.Number("i:"); n != 1 {
		t.Errorf("sent twice: %d actions", n)
	}
	send("1.3", "Hello, Eve")
	if n := st.desk.Number("i:"); n != 2 {
		t.Errorf("changed: %d actions", n)
	}
}

// A command with everything acts without a form; one that lacks something opens it.
func TestStartByCommand(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	st.desk.accounts = viewtest.Accounts()
	_, err := st.fake.As(st.ann).Command(st.ctx(), st.ch, "/parley", "new support-mail eve@example.org It is repaired.")
	must(t, err)
	a := st.decode(st.desk.First(t, "i:"))
	if a.Verb != bridge.VerbNew || a.Args.Account != "support-mail" || a.Args.Recipient != "eve@example.org" || a.Text != "It is repaired." || a.Place.Channel != st.ch {
		t.Errorf("the stored action is %+v, want a new conversation by mail to eve@example.org", a)
	}

	_, err = st.fake.As(st.ann).Command(st.ctx(), st.ch, "/parley", "new shop-chat +491715550100")
	must(t, err)
	v := st.view(st.ann, hasField("recipient"))
	if !strings.Contains(string(v.Blocks), "+491715550100") || strings.Contains(string(v.Blocks), "f:subject") {
		t.Errorf("the form is %s", v.Blocks)
	}
}

// A reply to one message of a customer, with buttons, takes two forms and becomes one action, which names that message.
func TestReplyToThisWithButtons(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	st.withFacts()
	st.desk.accounts = viewtest.Accounts()
	st.desk.accounts[0].Can = st.desk.accounts[1].Can // the mail account can carry buttons here
	st.desk.said = []bridge.Said{{MessageID: 7, Text: "Do you have lamps?"}}
	root := st.root()
	_, err := st.fake.As(st.ann).Shortcut(st.ctx(), "conv_reply", root.Channel, root.Message)
	must(t, err)
	v := st.view(st.ann, hasField("add"))
	if !strings.Contains(string(v.Blocks), "Do you have lamps?") {
		t.Errorf("the form is %s", v.Blocks)
	}
	st.fill(v, map[string]string{"text": "Shall I send one?", "add": "buttons"})
	v = st.view(st.ann, hasField("choices"))
	if out := st.fill(v, map[string]string{"text": "Shall I send one?", "choices": "a\nb\nc\nd"}); !strings.Contains(out.Errors["f:choices"], "3 is the most") {
		t.Errorf("too many: %+v", out)
	}
	st.fill(v, map[string]string{"text": "Shall I send one?", "choices": "Yes\nNo"})
	a := st.decode(st.desk.First(t, "i:"))
	if a.Verb != bridge.VerbReply || a.Args.Message != 7 || a.Args.Conversation != 12 || a.Text != "Shall I send one?" || !a.Explicit ||
		a.Rich == nil || len(a.Rich.Buttons) != 2 || a.Rich.Buttons[1].Title != "No" {
		t.Errorf("the stored action is %+v, want a reply to message 7 with two buttons", a)
	}
}
