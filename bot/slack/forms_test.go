package slack

import (
	"encoding/json"
	"testing"

	"parley/bot/slack/blockkit"
	"parley/bot/slack/slackfake"
	"parley/bot/view"
	"parley/bot/view/viewtest"
	"parley/bridge"
)

// These tests fill in the form that begins a conversation with a customer. It has two steps: the account first,
// then the rest. world (harness_test.go) puts a Surface between slackfake, which plays Slack and its people,
// and fakeDesk, which plays the engine.

// newStartWorld connects a surface whose desk has the accounts from which conversations can be begun. mayStart is the
// desk's answer to whether one may be begun. If it is nil, everybody may begin any.
func newStartWorld(t *testing.T, mayStart func(bridge.Start) (bridge.Facts, error)) *world {
	t.Helper()
	w := newConnectedWorld(t)
	w.desk.mu.Lock()
	defer w.desk.mu.Unlock()
	w.desk.accounts, w.desk.mayStart = viewtest.Accounts(), mayStart
	return w
}

// openMailForm opens the form of a new conversation and chooses its account. It returns the second step, which
// asks for the rest.
func (w *world) openMailForm() *slackfake.View {
	w.t.Helper()
	_, err := w.fake.As(w.ann).GlobalShortcut(w.ctx(), "conv_start")
	noError(w.t, err)
	w.submitForm(w.waitForWindow(w.ann, hasField("account")), map[string]string{"account": "support-mail"})
	return w.waitForWindow(w.ann, hasField("recipient"))
}

// The global shortcut asks for the account first, then for the rest. If the recipient is wrong, its field says so.
func TestStartWithABadRecipient(t *testing.T) {
	t.Parallel()
	w := newStartWorld(t, func(bridge.Start) (bridge.Facts, error) {
		return bridge.Facts{}, &bridge.Problem{
			Code: "recipient", Field: "recipient", Text: "“eve” isn't an e-mail address.", Hint: "Write it like ann@example.org.",
		}
	})
	out := w.submitForm(w.openMailForm(), map[string]string{"recipient": "eve", "subject": "Lamp", "text": "It is repaired."})
	wantWords(t, out.Errors["f:recipient"], "an e-mail address. Write it")
}

// A command with an account, a recipient and a text acts without a form.
func TestStartByCommand(t *testing.T) {
	t.Parallel()
	w := newStartWorld(t, nil)
	w.typeCommand("new support-mail eve@example.org It is repaired.")
	a := w.waitAction(interactionFacts)
	wantEqual(t, "verb", a.Verb, bridge.VerbNew)
	wantEqual(t, "arguments", a.Args.StartArgs, bridge.StartArgs{Account: "support-mail", Recipient: "eve@example.org"})
	wantEqual(t, "text", a.Text, "It is repaired.")
	wantEqual(t, "channel", a.Place.Channel, w.channel)
}

// submitMailForm has Ann submit the form of a new mail to Eve. Slack gives the submission this trigger.
func (w *world) submitMailForm(trigger, text string) {
	w.submitMailFormOf(userRef{ID: bridge.SurfaceUser(w.ann)}, trigger, text)
}

// submitMailFormOf does what submitMailForm does, for any user, and returns what Slack gets back.
func (w *world) submitMailFormOf(user userRef, trigger, text string) answer {
	w.t.Helper()
	forms, err := samples().Forms()
	noError(w.t, err)

	var in interaction
	in.Type, in.TriggerID, in.User = "view_submission", trigger, user
	in.View = &blockkit.View{
		ID:       "V1",
		Callback: "form",
		Private:  blockkit.Home("").Form(forms["new_mail"], view.Memory{}).PrivateMetadata, // what Slack keeps with the form and sends back
	}
	in.View.State.Values = map[string]map[string]blockkit.Input{
		"f:recipient": {"v": {Value: "eve@example.org"}},
		"f:text":      {"v": {Value: text}},
	}

	a, err := w.surface.intake.responder.handleSubmission(w.ctx(), w.self(), &in, []byte(`{"type":"view_submission"}`))
	noError(w.t, err)
	return a
}

// If our answer was lost and somebody submits a form again, it counts as the same action, although Slack gives it
// another trigger.
func TestFormThatIsSubmittedAgainIsOneAction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submitMailForm("1.1", "Hello")
	w.submitMailForm("1.2", "Hello")
	w.wantFacts(interactionFacts, 1)
}

// A reply to one message of a customer, with buttons, takes two forms. They become one action, which names that
// message.
func TestReplyToThisWithButtons(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.letAnnSee()
	w.desk.mu.Lock()
	w.desk.said = []bridge.Said{{MessageID: 7, Text: "Do you have lamps?"}}
	w.desk.mu.Unlock()
	root := w.postRoot()

	// The first form has the reply's text, below the customer's message.
	w.useShortcut("conv_reply", root.Message)
	v := w.waitForWindow(w.ann, hasField("add"))
	wantWords(t, string(v.Blocks), "Do you have lamps?")
	w.submitForm(v, map[string]string{"text": "Shall I send one?", "add": "buttons"})

	// The second form has the buttons, a line each. There are no more than three.
	v = w.waitForWindow(w.ann, hasField("choices"))
	out := w.submitForm(v, map[string]string{"text": "Shall I send one?", "choices": "a\nb\nc\nd"})
	wantWords(t, out.Errors["f:choices"], "3 is the most")
	w.submitForm(v, map[string]string{"text": "Shall I send one?", "choices": "Yes\nNo"})

	a := w.waitAction(interactionFacts)
	wantEqual(t, "verb", a.Verb, bridge.VerbReply)
	wantEqual(t, "conversation", a.Args.Conversation, 12)
	wantEqual(t, "message that is answered", a.Args.Message, 7)
	wantEqual(t, "text", a.Text, "Shall I send one?")
	wantEqual(t, "explicit", a.Explicit, true)
	if a.Rich == nil || len(a.Rich.Buttons) != 2 {
		t.Fatalf("got the rich content %+v, want two buttons", a.Rich)
	}
	wantEqual(t, "first button", a.Rich.Buttons[0].Title, "Yes")
	wantEqual(t, "second button", a.Rich.Buttons[1].Title, "No")
}

// If a form can't go on, the reason is shown in the form, so that what was typed into it isn't lost.
func TestFormThatCannotGoOnKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	t.Run("no field is wrong", func(t *testing.T) {
		t.Parallel()
		w := newStartWorld(t, func(bridge.Start) (bridge.Facts, error) {
			return bridge.Facts{}, &bridge.Problem{Code: "no_account", Field: "account", Text: "There is no such account.", Hint: "Choose one."}
		})
		out := w.submitForm(w.openMailForm(), map[string]string{"recipient": "eve@example.org", "subject": "Lamp", "text": "It is repaired."})
		wantWords(t, out.Errors["f:recipient"], "There is no such account. Choose one.")
	})

	t.Run("rights were taken away", func(t *testing.T) {
		t.Parallel()
		w := newConnectedWorld(t)
		w.letAnnSee()
		w.useShortcut("conv_reply", w.postRoot().Message)
		v := w.waitForWindow(w.ann, hasField("add"))
		w.takeRightsAway()
		out := w.submitForm(v, map[string]string{"text": "Shall I send one?", "add": "buttons"})
		wantWords(t, out.Errors["f:text"], "You may not see this. Ask an admin.")
	})

	t.Run("rights were taken away, and it takes long", func(t *testing.T) {
		t.Parallel()
		w := newConnectedWorld(t)
		w.letAnnSee()
		w.useShortcut("conv_reply", w.postRoot().Message)
		v := w.waitForWindow(w.ann, hasField("add"))
		w.takeRightsAway()

		slow := make(chan struct{})
		w.desk.mu.Lock()
		w.desk.slow = slow
		w.desk.mu.Unlock()
		w.submitForm(v, map[string]string{"text": "Shall I send one?", "add": "buttons"})
		w.waitForWindow(w.ann, isCardWith("Loading"))
		close(slow)
		shown := w.waitForWindow(w.ann, isCardWith("You may not see this."))
		wantWords(t, string(shown.Blocks), "Shall I send one?")
	})
}

// takeRightsAway makes the desk show Ann no conversation any more.
func (w *world) takeRightsAway() {
	w.desk.mu.Lock()
	defer w.desk.mu.Unlock()
	w.desk.facts = func(bridge.Place, bridge.ConversationID, bridge.SurfaceUser) (bridge.Facts, error) {
		return bridge.Facts{}, &bridge.Problem{Code: "not_allowed", Text: "You may not see this.", Hint: "Ask an admin."}
	}
}

// A form without fields, such as that of a template without variables, has no place for a problem. A window says it.
func TestProblemOfAFormWithoutFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := &interaction{View: &blockkit.View{Callback: blockkit.FormCallback}}
	answer := showInForm(w.self(), in, &bridge.Problem{Field: "recipient", Text: "Kim doesn't want messages."})
	wantWindow(t, answer, "Kim doesn't want messages.")

	in.View.Private = "of an earlier version"
	again, err := w.surface.intake.responder.handleSubmission(w.ctx(), w.self(), in, []byte(`{"type":"view_submission"}`))
	noError(t, err)
	wantWindow(t, again.payload, "This form is no longer valid.")
}

// wantWindow checks that an answer to a submitted form puts a window with these words in its place.
func wantWindow(t *testing.T, answer any, words string) {
	t.Helper()
	shown, err := json.Marshal(answer)
	noError(t, err)
	wantWords(t, string(shown), `"response_action":"update"`, words)
}
