package teams

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"

	"parley/bot/teams/fact"
	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/client"
	"parley/bot/teams/teamsfake/entra"
	"parley/bridge"
)

func (w *world) readFile(f bridge.SurfaceFile) string {
	w.t.Helper()
	r, err := w.surface.Open(w.ctx(), f)
	must(w.t, err)
	defer r.Close()
	b, err := io.ReadAll(r)
	must(w.t, err)
	return string(b)
}

// press presses a button of a message, which is answered without an error.
func (w *world) press(p *teamsfake.Person, message, button string) *teamsfake.Outcome {
	w.t.Helper()
	out, err := p.Click(w.ctx(), w.channel, message, button, nil)
	must(w.t, err)
	if out.Error != "" {
		w.t.Fatalf("the button %s answers %s: %s", button, out.Error, out.Message)
	}
	return out
}

// submit fills in Ann's dialog and presses one of its buttons, or the one that hands it in if that is "".
func (w *world) submit(button string, in client.Inputs) *teamsfake.Outcome {
	w.t.Helper()
	out, err := w.ann.Submit(w.ctx(), button, in)
	must(w.t, err)
	return out
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
	if out.Dialog != nil || out.Error != "" {
		t.Errorf("got %+v, want the dialog closed without an error", out)
	}
}

// sendActivity sends an activity of Ann's that clients don't make.
func (w *world) sendActivity(a map[string]any, root string) (status int, answer string) {
	w.t.Helper()
	user, _ := w.fake.User(ann)
	whole := map[string]any{
		"timestamp": "2026-11-20T10:00:00.000Z", "serviceUrl": w.fake.ServiceURL(), "channelId": "msteams", "from": map[string]any{"id": user.TeamsID, "name": user.Name, "aadObjectId": ann},
		"recipient":    map[string]any{"id": w.fake.BotID()},
		"conversation": map[string]any{"isGroup": true, "conversationType": "channel", "tenantId": w.fake.TenantID(), "id": w.channel + ";messageid=" + root},
		"channelData":  map[string]any{"tenant": map[string]any{"id": w.fake.TenantID()}, "team": map[string]any{"id": w.team}, "channel": map[string]any{"id": w.channel}},
	}
	maps.Copy(whole, a)
	body, err := json.Marshal(whole)
	must(w.t, err)
	status, got, err := w.fake.Forger.SendRaw(w.ctx(), entra.TokenGood, body)
	must(w.t, err)
	return status, string(got)
}

// Two people who press a button at once both get an answer, and both clicks are stored.
func TestTwoClicks(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	var wg sync.WaitGroup
	for _, who := range []string{ann, ben} {
		wg.Go(func() {
			out, err := w.fake.As(who).Click(w.t.Context(), w.channel, w.root, "Take", nil)
			if err != nil || out.Error != "" || out.Card == nil {
				t.Errorf("%s: got %+v and error %v, want a new card", who, out, err)
			}
		})
	}
	wg.Wait()
	w.wantFacts("i:", 2)
	for _, f := range w.desk.Accepted() {
		if !strings.HasPrefix(f.ExternalID, "i:") {
			w.decode(f) // k: says when the click was
			continue
		}
		a := w.decode(f)[0]
		wantEqual(t, "verb", a.Verb, bridge.VerbTake)
		wantEqual(t, "conversation", a.Args.Conversation, 12)
		wantEqual(t, "channel", a.Place.Channel, w.channel)
		wantEqual(t, "message", a.Place.Message, w.root)
		wantEqual(t, "actor", a.Actor.Kind, bridge.ActorPerson)
	}
	w.wantNoProblems()
}

// A click of which Teams tells twice is one. A new card has buttons of its own, whose clicks count again.
func TestClickToldTwice(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	w.fake.Inject(teamsfake.Fault{Method: "event:invoke", Kind: teamsfake.FaultDuplicate, Times: 1})
	w.press(w.ann, w.root, "Take")
	w.wantFacts("i:", 1)
	old := w.fake.Message(w.channel, w.root).Cards[0]
	w.mustSend(w.newCard())
	wantEqual(t, "the card is the old one", string(w.fake.Message(w.channel, w.root).Cards[0]) == string(old), false)
	w.press(w.fake.As(ben), w.root, "Take")
	w.wantFacts("i:", 2)
}

// newCard makes a post that changes the card of the conversation's root.
func (w *world) newCard() bridge.Post {
	p := w.newPost(bridge.PostCard, "card")
	p.Place = bridge.Place{Channel: w.channel, Message: w.root}
	return p
}

// A button that an old client sends as a message counts once, in whatever form its data comes. What can't be read is kept as that.
func TestOldClient(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	_, err := w.ann.ClickOld(w.ctx(), w.channel, w.root, "Take", nil)
	must(t, err)
	a := w.waitAction("i:")
	wantEqual(t, "verb", a.Verb, bridge.VerbTake)
	wantEqual(t, "message", a.Place.Message, w.root)
	wantEqual(t, "conversation", a.Args.Conversation, 12)
	var kept struct {
		Body struct {
			Value     json.RawMessage `json:"value"`
			Timestamp string          `json:"timestamp"`
		} `json:"body"`
	}
	must(t, json.Unmarshal(w.desk.Accepted()[0].Payload, &kept))
	// The same comes as JSON in a string.
	w.sendActivity(map[string]any{"type": "message", "id": "1700000000999", "replyToId": w.root, "value": string(kept.Body.Value), "timestamp": kept.Body.Timestamp}, w.root)
	w.waitDelivered()
	w.sendActivity(map[string]any{"type": "message", "id": "1700000001000", "value": []any{"riddle"}}, w.root)
	w.wantFacts("i:", 1)
	w.wantFacts("q:", 1)
}

// None of our cards asks for a refresh, so sixty people looking cost nothing. A refresh that comes all the same changes nothing.
func TestRefresh(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	wantEqual(t, "the card asks for a refresh", strings.Contains(string(w.fake.Message(w.channel, w.root).Cards[0]), `"refresh"`), false)
	calls := len(w.fake.Calls("activities.*"))
	for range 60 {
		_, err := w.ann.View(w.ctx(), w.channel, w.root)
		must(t, err)
	}
	status, answer := w.sendActivity(map[string]any{"type": "invoke", "name": fact.InvokeCard, "replyToId": w.root, "value": map[string]any{"trigger": "automatic",
		"action": map[string]any{"type": "Action.Execute", "verb": "take", "data": map[string]any{"v": "take", "a": `{"v":1,"a":{"conversation":12}}`, "n": "x"}}}}, w.root)
	wantEqual(t, "status", status, http.StatusOK)
	wantWords(t, answer, answerError)
	w.wantFacts("i:", 0)
	wantEqual(t, "calls", len(w.fake.Calls("activities.*"))-calls, 0)
}

// What a dialog asks for is a claim, which is stored as it is and judged when it is applied. Nothing of it is lost or invented, though
// the card has changed since, and though it is handed in twice because its answer was lost.
func TestDialogHandedInLate(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	wantDialog(t, "Resolve", w.press(w.ann, w.root, "Resolve"))
	w.mustSend(w.newCard())
	w.fake.Inject(teamsfake.Fault{Method: "event:invoke", Kind: teamsfake.FaultDrop, Times: 1})
	wantNoDialog(t, w.submit("", client.Inputs{"t:note": "New cable"}))
	a := w.waitAction("i:")
	wantEqual(t, "verb", a.Verb, bridge.VerbResolve)
	wantEqual(t, "note", a.Args.Note, "New cable")
	wantEqual(t, "origin", a.Origin, bridge.OriginForm)
	wantEqual(t, "conversation", a.Args.Conversation, 12)
	wantEqual(t, "channel", a.Place.Channel, w.channel)
	w.wantFacts("i:", 1)
	w.wantNoProblems()
}

// No message has both a text and a card, as Teams shows the mentions of only one of them.
func TestTextOrCard(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	ref := bridge.AgentRef{ID: 1, Name: "Ann Lee", User: ann}
	w.postLine(w.root, bridge.Line{Content: &bridge.AskLine{}, Mentions: []bridge.AgentRef{ref}, Text: "Hi",
		Verbs: []bridge.Verb{bridge.VerbSend, bridge.VerbKeep}, Args: bridge.Args{Message: 7}})
	w.postLine(w.root, bridge.Line{Content: bridge.LineAssigned, By: bridge.AgentRef{Name: "Ben Kim"}, Mentions: []bridge.AgentRef{ref}})
	for _, m := range w.fake.Thread(w.channel, w.root) {
		if m.Text != "" && len(m.Cards) > 0 {
			t.Errorf("got a text and a card in one message: %+v", m)
		}
	}
	w.wantNoProblems()
}

// The menu of a message opens a verb's form in a thread of ours. Elsewhere it says that there is no conversation.
func TestMenuInAnotherThread(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	reply, err := w.ann.Reply(w.channel, w.root, "in the customer's thread")
	must(t, err)
	other, err := w.ann.Post(teamsfake.Post{Channel: w.channel, Text: "our own chat"})
	must(t, err)
	for message, words := range map[string]string{reply: "t:note", other: "There is no conversation here."} {
		out, err := w.ann.MessageAction(w.ctx(), w.channel, message, "resolveFromMessage")
		must(t, err)
		wantDialog(t, "menu of "+message, out, words)
		must(t, w.ann.CloseDialog())
	}
	w.wantNoProblems()
}
