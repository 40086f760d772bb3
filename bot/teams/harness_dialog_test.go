package teams

import (
	"encoding/json"
	"maps"
	"testing"

	"parley/bot/teams/teamsfake"
	"parley/bridge"
)

// press presses a button of a message, which has to be answered without an error.
func (w *world) press(p *teamsfake.Person, message, button string) *teamsfake.Outcome {
	w.t.Helper()
	out, err := p.Click(w.ctx(), w.channel, message, button, nil)
	noError(w.t, err)
	if out.Error != "" {
		w.t.Fatalf("the button %s is answered with the error %s: %s", button, out.Error, out.Message)
	}
	return out
}

// submit fills in Ann's dialog and submits it.
func (w *world) submit(in teamsfake.Inputs) *teamsfake.Outcome {
	w.t.Helper()
	return w.pressInDialog("", in)
}

// pressInDialog fills in Ann's dialog and presses one of its buttons; "" is the one that submits it.
func (w *world) pressInDialog(button string, in teamsfake.Inputs) *teamsfake.Outcome {
	w.t.Helper()
	out, err := w.ann.Submit(w.ctx(), button, in)
	noError(w.t, err)
	return out
}

// openReplyForm opens the form of a reply from the card of the conversation, by way of its details.
func (w *world) openReplyForm() *teamsfake.Outcome {
	w.t.Helper()
	w.press(w.ann, w.root, "More")
	return w.pressInDialog("Reply", nil)
}

// choose lets somebody choose a command in the menu of a message, and returns the card of the dialog that has to open.
func (w *world) choose(who, message, command string) string {
	w.t.Helper()
	out, err := w.fake.As(who).MessageAction(w.ctx(), w.channel, message, command)
	noError(w.t, err)
	return wantDialog(w.t, command, out)
}

// wantDialog checks that a dialog is open which contains these words, and returns its card.
func wantDialog(t *testing.T, what string, out *teamsfake.Outcome, words ...string) string {
	t.Helper()
	if out.Dialog == nil {
		t.Fatalf("%s: got %+v, want a dialog", what, out)
	}
	wantWords(t, string(out.Dialog.Card), words...)
	return string(out.Dialog.Card)
}

// wantNoDialog checks that the dialog closed without an error.
func wantNoDialog(t *testing.T, out *teamsfake.Outcome) {
	t.Helper()
	wantEqual(t, "error", out.Error, "")
	if out.Dialog != nil {
		t.Errorf("got the dialog %+v, want it closed", out.Dialog)
	}
}

// wantReply checks that a form asks for a reply in the conversation.
func wantReply(t *testing.T, a bridge.Action, text string) {
	t.Helper()
	wantEqual(t, "verb", a.Verb, bridge.VerbReply)
	wantEqual(t, "text", a.Text, text)
	wantEqual(t, "it is explicit", a.Explicit, true)
	wantEqual(t, "the form is known", a.Form != "", true)
	wantEqual(t, "the form was opened at a known time", a.OpenedAt.IsZero(), false)
	wantEqual(t, "conversation", a.Args.Conversation, 12)
}

// sendActivity sends an activity that Teams' clients don't make. It is Ann's, in a thread of Customers, but for what changed says.
// answer is the body of our answer.
func (w *world) sendActivity(root string, changed object) (status int, answer string) {
	w.t.Helper()
	user, _ := w.fake.User(ann)
	activity := object{
		"timestamp":  "2026-11-20T10:00:00.000Z",
		"serviceUrl": w.fake.ServiceURL(),
		"channelId":  "msteams",
		"from":       object{"id": user.TeamsID, "name": user.Name, "aadObjectId": ann},
		"recipient":  object{"id": w.fake.BotID()},
		"conversation": object{
			"isGroup": true, "conversationType": "channel", "tenantId": w.fake.TenantID(), "id": w.channel + ";messageid=" + root,
		},
		"channelData": object{"tenant": object{"id": w.fake.TenantID()}, "team": object{"id": w.team}, "channel": object{"id": w.channel}},
	}
	maps.Copy(activity, changed)
	body, err := json.Marshal(activity)
	noError(w.t, err)
	status, got, err := w.fake.Forger.SendRaw(w.ctx(), teamsfake.TokenGood, body)
	noError(w.t, err)
	return status, string(got)
}
