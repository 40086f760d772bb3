package teams

import (
	"encoding/json"
	"io"
	"strings"
	"sync"
	"testing"

	"parley/bot/teams/fact"
	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/client"
	"parley/bot/teams/teamsfake/entra"
	"parley/bridge"
)

// read returns a file's content.
func read(t *testing.T, w *world, f bridge.SurfaceFile) string {
	t.Helper()
	r, err := w.s.Open(within(t), f)
	must(t, err)
	defer r.Close()
	b, err := io.ReadAll(r)
	must(t, err)
	return string(b)
}

// click presses a button and wants a good answer.
func (w *world) click(p *teamsfake.Person, message, name string) *teamsfake.Outcome {
	w.t.Helper()
	out, err := p.Click(within(w.t), w.channel, message, name, nil)
	must(w.t, err)
	if out.Error != "" {
		w.t.Fatalf("%s answers %s: %s", name, out.Error, out.Message)
	}
	return out
}

func (w *world) noProblems() {
	w.t.Helper()
	if p := w.fake.Problems(); len(p) > 0 {
		w.t.Errorf("people see it otherwise: %+v", p)
	}
}

func edgeTwoClicks(t *testing.T) {
	w, d, root, _ := talk(t)
	var wg sync.WaitGroup
	for _, who := range []string{ann, ben} {
		wg.Go(func() {
			out, err := w.fake.As(who).Click(within(t), w.channel, root, "Take", nil)
			if err != nil || out.Error != "" || out.Card == nil {
				t.Errorf("%s: %+v, %v", who, out, err)
			}
		})
	}
	wg.Wait()
	if n := d.Number("i:"); n != 2 {
		t.Errorf("%d clicks of two people", n)
	}
	for _, f := range d.Accepted() {
		actions, err := w.s.Decode(f.Payload)
		must(t, err)
		if strings.HasPrefix(f.ExternalID, "k:") {
			continue // when the click was
		}
		if a := actions[0]; a.Verb != bridge.VerbTake || a.Args.Conversation != 12 || a.Place.Channel != w.channel || a.Place.Message != root || a.Actor.Kind != bridge.ActorPerson {
			t.Errorf("%+v", a)
		}
	}
	w.noProblems()
}

func edgeStale(t *testing.T) {
	w, d, root, p := talk(t)
	w.fake.Inject(teamsfake.Fault{Method: "event:invoke", Kind: teamsfake.FaultDuplicate, Times: 1})
	w.click(p, root, "Take") // Teams tells it twice
	old := w.fake.Message(w.channel, root).Cards[0]
	card := bridge.Post{Kind: bridge.PostCard, Token: "card", Attempt: 1, Place: bridge.Place{Channel: w.channel, Message: root}, Facts: sampleFacts()}
	_, err := w.s.Send(within(t), card)
	must(t, err)
	if n := d.Number("i:"); n != 1 {
		t.Errorf("one click became %d facts", n)
	}
	if now := w.fake.Message(w.channel, root).Cards[0]; string(now) == string(old) {
		t.Error("the buttons of the new card are those of the old one")
	}
	w.click(w.fake.As(ben), root, "Take")
	if n := d.Number("i:"); n != 2 {
		t.Errorf("%d facts", n)
	}
}

func edgeOldClient(t *testing.T) {
	w, d, root, p := talk(t)
	_, err := p.ClickOld(within(t), w.channel, root, "Take", nil)
	must(t, err)
	if a := w.accepted(d, "i:"); a.Verb != bridge.VerbTake || a.Place.Message != root || a.Args.Conversation != 12 {
		t.Errorf("%+v", a)
	}
	var kept struct {
		Body struct {
			Value     json.RawMessage `json:"value"`
			Timestamp string          `json:"timestamp"`
		} `json:"body"`
	}
	must(t, json.Unmarshal(d.Accepted()[0].Payload, &kept))
	w.raw(map[string]any{"type": "message", "id": "1700000000999", "replyToId": root, "value": string(kept.Body.Value), "timestamp": kept.Body.Timestamp}, root) // the same, as JSON in a string
	w.settled()
	w.raw(map[string]any{"type": "message", "id": "1700000001000", "value": []any{"riddle"}}, root)
	if n := d.Number("i:"); n != 1 {
		t.Errorf("%d facts of one button: %v", n, d.IDs())
	}
	if n := d.Number("q:"); n != 1 {
		t.Errorf("%d facts are kept as unreadable", n)
	}
}

// raw sends an activity of Ann's that clients don't make.
func (w *world) raw(a map[string]any, root string) (status int, answer string) {
	w.t.Helper()
	user, _ := w.fake.User(ann)
	whole := map[string]any{
		"timestamp": "2026-11-20T10:00:00.000Z", "serviceUrl": w.fake.ServiceURL(), "channelId": "msteams", "from": map[string]any{"id": user.TeamsID, "name": user.Name, "aadObjectId": ann},
		"recipient":    map[string]any{"id": w.fake.BotID()},
		"conversation": map[string]any{"isGroup": true, "conversationType": "channel", "tenantId": w.fake.TenantID(), "id": w.channel + ";messageid=" + root},
		"channelData":  map[string]any{"tenant": map[string]any{"id": w.fake.TenantID()}, "team": map[string]any{"id": w.team}, "channel": map[string]any{"id": w.channel}},
	}
	for k, v := range a {
		whole[k] = v
	}
	body, err := json.Marshal(whole)
	must(w.t, err)
	status, got, err := w.fake.Forger.SendRaw(within(w.t), entra.TokenGood, body)
	must(w.t, err)
	return status, string(got)
}

// edgeRefresh: none of our cards asks for a refresh, so sixty people looking cost nothing;
// one that comes all the same changes nothing.
func edgeRefresh(t *testing.T) {
	w, d, root, p := talk(t)
	if strings.Contains(string(w.fake.Message(w.channel, root).Cards[0]), `"refresh"`) {
		t.Error("a card asks for a refresh")
	}
	calls := len(w.fake.Calls("activities.*"))
	for range 60 {
		_, err := p.View(within(t), w.channel, root)
		must(t, err)
	}
	status, answer := w.raw(map[string]any{"type": "invoke", "name": fact.InvokeCard, "replyToId": root, "value": map[string]any{"trigger": "automatic",
		"action": map[string]any{"type": "Action.Execute", "verb": "take", "data": map[string]any{"v": "take", "a": `{"v":1,"a":{"conversation":12}}`, "n": "x"}}}}, root)
	if status != 200 || !strings.Contains(answer, answerError) || d.Number("i:") != 0 || len(w.fake.Calls("activities.*")) != calls {
		t.Errorf("%d %s; facts %v", status, answer, d.IDs())
	}
}

// edgeLateDialog: what a dialog asks for is a claim, stored as it is and judged when it is
// applied; here it is found that nothing of it is lost or invented.
func edgeLateDialog(t *testing.T) {
	w, d, root, p := talk(t)
	if out := w.click(p, root, "Resolve"); out.Dialog == nil {
		t.Fatalf("no dialog: %+v", out)
	}
	_, err := w.s.Send(within(t), bridge.Post{Kind: bridge.PostCard, Token: "card", Attempt: 1, Place: bridge.Place{Channel: w.channel, Message: root}, Facts: sampleFacts()})
	must(t, err)
	w.fake.Inject(teamsfake.Fault{Method: "event:invoke", Kind: teamsfake.FaultDrop, Times: 1}) // the answer is lost: handed in twice
	out, err := p.Submit(within(t), "", client.Inputs{"t:note": "New cable"})
	must(t, err)
	if out.Error != "" || out.Dialog != nil {
		t.Errorf("handed in: %+v", out)
	}
	if a := w.accepted(d, "i:"); a.Verb != bridge.VerbResolve || a.Args.Note != "New cable" || a.Origin != bridge.OriginForm || a.Args.Conversation != 12 || a.Place.Channel != w.channel {
		t.Errorf("%+v", a)
	}
	if n := d.Number("i:"); n != 1 {
		t.Errorf("%d facts of one form", n)
	}
	w.noProblems()
}

func edgeTextAndCard(t *testing.T) {
	w, d, root, _ := talk(t)
	w.line(d, root, bridge.Line{Content: &bridge.AskLine{}, Mentions: []bridge.AgentRef{{ID: 1, Name: "Ann Lee", User: ann}}, Text: "Hi", Verbs: []bridge.Verb{bridge.VerbSend, bridge.VerbKeep}, Args: bridge.Args{Message: 7}})
	w.line(d, root, bridge.Line{Content: bridge.LineAssigned, By: bridge.AgentRef{Name: "Ben Kim"}, Mentions: []bridge.AgentRef{{ID: 1, Name: "Ann Lee", User: ann}}})
	for _, m := range w.fake.Thread(w.channel, root) {
		if m.Text != "" && len(m.Cards) > 0 {
			t.Errorf("a text and a card in one message: %+v", m)
		}
	}
	w.noProblems()
}

func edgeForeignThread(t *testing.T) {
	w, _, root, p := talk(t)
	reply, err := p.Reply(w.channel, root, "in the customer's thread")
	must(t, err)
	other, err := p.Post(teamsfake.Post{Channel: w.channel, Text: "our own chat"})
	must(t, err)
	out, err := p.MessageAction(within(t), w.channel, reply, "resolveFromMessage")
	must(t, err)
	if out.Dialog == nil || !strings.Contains(string(out.Dialog.Card), "t:note") {
		t.Errorf("in the customer's thread: %+v", out)
	}
	out, err = p.MessageAction(within(t), w.channel, other, "resolveFromMessage")
	must(t, err)
	if out.Dialog == nil || !strings.Contains(string(out.Dialog.Card), "There is no conversation here.") {
		t.Errorf("in another thread: %+v", out)
	}
	w.noProblems()
}
