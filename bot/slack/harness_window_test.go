package slack

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"parley/bot/slack/slackfake"
	"parley/bridge"
)

// letAnnSee has the desk know the conversation #12, which Ann may see, and nobody else. Agents are Ann and Ben.
func (w *world) letAnnSee() { w.letAnnSeeAt(time.Time{}) }

// letAnnSeeAt does so with a time of Parley's own clock; zero means the machine's time.
func (w *world) letAnnSeeAt(now time.Time) {
	w.desk.mu.Lock()
	defer w.desk.mu.Unlock()
	w.desk.facts = func(_ bridge.Place, id bridge.ConversationID, user bridge.SurfaceUser) (bridge.Facts, error) {
		if id != 0 && id != 12 { // 0 if it is named by its place
			return bridge.Facts{}, bridge.ErrNoConversation
		}
		if string(user) != w.ann {
			return bridge.Facts{}, &bridge.Problem{Code: "not_allowed", Text: "You may not see this.", Hint: "Ask an admin."}
		}
		f := sampleFacts()
		f.Now = now
		f.Account.Can.Rich.Buttons = 3
		return f, nil
	}
	w.desk.people = []bridge.AgentRef{{ID: 1, Name: "Ann", User: "U0ANN"}, {ID: 2, Name: "Ben", User: "U0BEN"}}
}

// secretsOfInteractions are words in what Slack sends of clicks and commands with which a reader could act in
// our name.
func secretsOfInteractions() []string { return []string{"response_url", "fakeVerificationToken"} }

// slackBlock is what tests read of a block of a message or of a window.
type slackBlock struct {
	Type      string        `json:"type"`
	ID        string        `json:"block_id"`
	Elements  []slackButton `json:"elements"`  // of a block of type actions: its buttons
	Accessory slackButton   `json:"accessory"` // of a block of type section: the button beside its text
	Element   struct {
		Type string `json:"type"`
	} `json:"element"` // of a block of type input
}

type slackButton struct {
	ID   string          `json:"action_id"`
	Text json.RawMessage `json:"text"`
}

func readBlocks(t *testing.T, raw json.RawMessage) (blocks []slackBlock) {
	t.Helper()
	noError(t, json.Unmarshal(raw, &blocks))
	return blocks
}

// buttonID returns the action id of the button with this label.
func buttonID(t *testing.T, blocks json.RawMessage, label string) string {
	t.Helper()
	for _, b := range readBlocks(t, blocks) {
		buttons := b.Elements
		if b.Type == "section" && b.Accessory.ID != "" {
			buttons = []slackButton{b.Accessory}
		} else if b.Type != "actions" {
			continue
		}
		for _, e := range buttons {
			if e.Text == nil {
				continue // a menu
			}
			var text struct {
				Text string `json:"text"`
			}
			noError(t, json.Unmarshal(e.Text, &text))
			if text.Text == label {
				return e.ID
			}
		}
	}
	t.Fatalf("no button %q in %s", label, blocks)
	return ""
}

// firstInput returns the id of a window's first field.
func firstInput(t *testing.T, v *slackfake.View) string {
	t.Helper()
	for _, b := range readBlocks(t, v.Blocks) {
		if b.Type == "input" {
			return b.ID
		}
	}
	t.Fatalf("no input in %s", v.Blocks)
	return ""
}

// mustAccept checks that Slack took what somebody did and that our answer, if it had to be made at once, was no
// error.
func mustAccept(t *testing.T, what string, out *slackfake.Outcome, err error) {
	t.Helper()
	noError(t, err)
	if out.Error != "" {
		t.Fatalf("%s is answered with %+v, want it to be accepted", what, out)
	}
}

// press has Ann press a button of a message.
func (w *world) press(at bridge.Place, label string) {
	w.t.Helper()
	blocks := w.fake.Message(at.Channel, at.Message).Blocks
	out, err := w.fake.As(w.ann).Click(w.ctx(), slackfake.Target{Channel: at.Channel, TS: at.Message}, buttonID(w.t, blocks, label))
	mustAccept(w.t, "the button "+label, out, err)
}

// pressInWindow has Ann press a button of a window.
func (w *world) pressInWindow(v *slackfake.View, label string) {
	w.t.Helper()
	out, err := w.fake.As(w.ann).Click(w.ctx(), slackfake.Target{View: v.ID}, buttonID(w.t, v.Blocks, label))
	mustAccept(w.t, "the button "+label, out, err)
}

// useShortcut has Ann use a shortcut in a message's menu.
func (w *world) useShortcut(callback, ts string) {
	w.t.Helper()
	out, err := w.fake.As(w.ann).Shortcut(w.ctx(), callback, w.channel, ts)
	mustAccept(w.t, "the shortcut "+callback, out, err)
}

// typeCommand has Ann type a command of ours in #support.
func (w *world) typeCommand(text string) {
	w.t.Helper()
	out, err := w.fake.As(w.ann).Command(w.ctx(), w.channel, "/parley", text)
	mustAccept(w.t, "the command "+text, out, err)
}

// waitForWindow waits until the topmost window that a user sees is one that matches, and returns it.
func (w *world) waitForWindow(user string, match func(v *slackfake.View) bool) *slackfake.View {
	w.t.Helper()
	var got *slackfake.View
	err := w.fake.WaitFor(w.ctx(), func() bool {
		all := w.fake.Views(user)
		if len(all) == 0 {
			return false
		}
		got = all[len(all)-1]
		return match(got)
	})
	if err != nil {
		w.t.Fatalf("no window matches; the topmost is: %+v", got)
	}
	return got
}

// isForm matches every form. It is for waitForWindow, as are the next ones.
func isForm(v *slackfake.View) bool { return v.CallbackID == "form" }

// isCard matches windows that only show something.
func isCard(v *slackfake.View) bool { return v.CallbackID == "card" }

// hasField matches a form that has a field.
func hasField(field string) func(*slackfake.View) bool {
	return func(v *slackfake.View) bool {
		return isForm(v) && strings.Contains(string(v.Blocks), `"block_id":"f:`+field+`"`)
	}
}

// isFormWith matches a form that shows these words.
func isFormWith(words string) func(*slackfake.View) bool {
	return func(v *slackfake.View) bool { return isForm(v) && strings.Contains(string(v.Blocks), words) }
}

// isCardWith matches a window that only shows something, with these words.
func isCardWith(words string) func(*slackfake.View) bool {
	return func(v *slackfake.View) bool { return isCard(v) && strings.Contains(string(v.Blocks), words) }
}

// submitForm has Ann submit a form with these values, by the names of its fields, and returns what our answer
// made of it: the form may be refused.
func (w *world) submitForm(v *slackfake.View, fields map[string]string) *slackfake.Outcome {
	w.t.Helper()
	values := map[string][]string{}
	for name, value := range fields {
		values["f:"+name+"/v"] = []string{value}
	}
	out, err := w.fake.As(w.ann).Submit(w.ctx(), v.ID, values)
	noError(w.t, err)
	return out
}

// mustSubmitForm has Ann submit a form, whose values have to be accepted.
func (w *world) mustSubmitForm(v *slackfake.View, fields map[string]string) *slackfake.Outcome {
	w.t.Helper()
	out := w.submitForm(v, fields)
	if out.Error != "" || len(out.Errors) > 0 {
		w.t.Fatalf("the form with %v is answered with %+v, want it to be accepted", fields, out)
	}
	return out
}

// pickConversation answers the window that asks which conversation is meant.
func (w *world) pickConversation(id string) {
	w.t.Helper()
	v := w.waitForWindow(w.ann, isForm)
	out, err := w.fake.As(w.ann).Submit(w.ctx(), v.ID, map[string][]string{firstInput(w.t, v) + "/v": {id}})
	mustAccept(w.t, "the choice of a conversation", out, err)
	wantEqual(w.t, "error of the window", out.ViewError, "")
	wantEqual(w.t, "errors of fields", len(out.Errors), 0)
}
