package teams

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"testing"

	"parley/bot/teams/fact"
	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/client"
	"parley/bridge"
)

// Two people who press a button at once both get an answer, and both clicks are stored.
func TestTwoClicksAtOnceAreBothStored(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	var wg sync.WaitGroup
	for _, who := range []string{ann, ben} {
		wg.Go(func() {
			out, err := w.fake.As(who).Click(w.t.Context(), w.channel, w.root, "Take", nil)
			if err != nil {
				t.Errorf("the click of %s fails: %v", who, err)
				return
			}
			wantEqual(t, "error that is shown to "+who, out.Error, "")
			if out.Card == nil {
				t.Errorf("%s got %+v, want a new card", who, out)
			}
		})
	}
	wg.Wait()
	w.wantFacts(interactionFacts, 2)

	var actors []string
	for _, a := range w.acceptedActions() {
		user := string(a.Actor.ID)
		wantEqual(t, "verb of "+user, a.Verb, bridge.VerbTake)
		wantEqual(t, "message of "+user, a.Place.Message, w.root)
		wantEqual(t, "conversation of "+user, a.Args.Conversation, 12)
		actors = append(actors, user)
	}
	slices.Sort(actors)
	wantList(t, "who clicked", actors, []string{ann, ben})
	w.wantNoProblems()
}

// A click is stored with its place and the person who clicked, and can be decoded.
func TestClickBecomesAnAction(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.press(w.ann, w.root, "Take")
	w.wantFacts(interactionFacts, 1)
	a := w.waitAction(interactionFacts)
	wantEqual(t, "verb", a.Verb, bridge.VerbTake)
	wantEqual(t, "conversation", a.Args.Conversation, 12)
	wantEqual(t, "channel", a.Place.Channel, w.channel)
	wantEqual(t, "message", a.Place.Message, w.root)
	wantEqual(t, "actor", a.Actor.ID, ann)
	wantEqual(t, "kind of the actor", a.Actor.Kind, bridge.ActorPerson)
	for _, f := range w.desk.Accepted() {
		w.decode(f) // this fails if the fact is in quarantine
	}
	w.wantNoProblems()
}

// A click that Teams reports twice is stored once.
func TestClickToldTwiceIsOne(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.fake.Inject(teamsfake.Fault{Method: "event:invoke", Kind: teamsfake.FaultDuplicate, Times: 1})
	w.press(w.ann, w.root, "Take")
	w.wantFacts(interactionFacts, 1)
}

// A new card has new buttons, so a click on the same button counts again.
func TestClickOnANewCardCountsAgain(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.press(w.ann, w.root, "Take")
	old := string(w.fake.Message(w.channel, w.root).Cards[0])
	w.mustSend(w.newCard())
	if current := string(w.fake.Message(w.channel, w.root).Cards[0]); current == old {
		t.Errorf("the card is still %s", old)
	}
	w.press(w.fake.As(ben), w.root, "Take")
	w.wantFacts(interactionFacts, 2)
}

// Old clients send a click on a button as a message.
func TestClickOfAnOldClient(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	_, err := w.ann.ClickOld(w.ctx(), w.channel, w.root, "Take", nil)
	noError(t, err)
	a := w.waitAction(interactionFacts)
	wantEqual(t, "verb", a.Verb, bridge.VerbTake)
	wantEqual(t, "message", a.Place.Message, w.root)
	wantEqual(t, "conversation", a.Args.Conversation, 12)
}

// Old clients send a click as a message in a person's chat with the app, too, where other messages are commands.
func TestClickOfAnOldClientInAChatWithTheApp(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.sendActivity(w.root, object{
		"type": "message", "id": "1700000000999", "replyToId": "1700000000998",
		"conversation": object{"conversationType": "personal", "tenantId": w.fake.TenantID(), "id": "a:chat"},
		"value":        object{"v": "take", "a": `{"v":1,"a":{"conversation":12}}`, "n": "x"},
	})
	a := w.waitAction(interactionFacts)
	wantEqual(t, "verb", a.Verb, bridge.VerbTake)
	wantEqual(t, "conversation", a.Args.Conversation, 12)
}

// Old clients send a button's data as an object, or as JSON in a string. Both forms are the same click.
func TestClickOfAnOldClientInBothFormsIsOne(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	_, err := w.ann.ClickOld(w.ctx(), w.channel, w.root, "Take", nil)
	noError(t, err)
	w.desk.First(t, interactionFacts)
	var stored struct {
		Body struct {
			Value     json.RawMessage `json:"value"`
			Timestamp string          `json:"timestamp"`
		} `json:"body"`
	}
	noError(t, json.Unmarshal(w.desk.Accepted()[0].Payload, &stored))
	w.sendActivity(w.root, object{
		"type": "message", "id": "1700000000999", "replyToId": w.root,
		"value": string(stored.Body.Value), "timestamp": stored.Body.Timestamp,
	})
	w.waitDelivered()
	w.wantFacts(interactionFacts, 1)
}

func TestUnreadableClickOfAnOldClientIsPutIntoQuarantine(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.sendActivity(w.root, object{"type": "message", "id": "1700000001000", "value": []any{"nonsense"}})
	w.wantFacts(interactionFacts, 0)
	w.wantFacts(unreadableFacts, 1)
}

// If a card asks for it, Teams requests the card again each time that somebody looks at it. Our cards don't: sixty
// people who look cause no calls.
func TestCardsAreNotRefreshed(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	wantNoWords(t, string(w.fake.Message(w.channel, w.root).Cards[0]), `"refresh"`)
	calls := len(w.fake.Calls("activities.*"))
	for range 60 {
		_, err := w.ann.View(w.ctx(), w.channel, w.root)
		noError(t, err)
	}
	wantEqual(t, "calls", len(w.fake.Calls("activities.*"))-calls, 0)
}

// A refresh that Teams sends all the same is refused and does nothing, whatever button it names.
func TestRefreshDoesNothing(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	calls := len(w.fake.Calls("activities.*"))
	status, answer := w.sendActivity(w.root, object{
		"type": "invoke", "name": fact.InvokeCard, "replyToId": w.root,
		"value": object{
			"trigger": "automatic",
			"action": object{
				"type": "Action.Execute",
				"verb": "take",
				"data": object{"v": "take", "a": `{"v":1,"a":{"conversation":12}}`, "n": "x"},
			},
		},
	})
	wantEqual(t, "status", status, http.StatusOK)
	wantWords(t, answer, answerError)
	w.wantFacts(interactionFacts, 0)
	wantEqual(t, "calls", len(w.fake.Calls("activities.*"))-calls, 0)
}

// The action of a dialog is stored as it was submitted, even if the card has changed since. It is judged when it is
// applied.
func TestDialogSubmittedLate(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	wantDialog(t, "Resolve", w.press(w.ann, w.root, "Resolve"))
	w.mustSend(w.newCard())
	wantNoDialog(t, w.submit(client.Inputs{"t:note": "New cable"}))
	a := w.waitAction(interactionFacts)
	wantEqual(t, "verb", a.Verb, bridge.VerbResolve)
	wantEqual(t, "note", a.Args.Note, "New cable")
	wantEqual(t, "origin", a.Origin, bridge.OriginForm)
	wantEqual(t, "conversation", a.Args.Conversation, 12)
	wantEqual(t, "channel", a.Place.Channel, w.channel)
	w.wantFacts(interactionFacts, 1)
	w.wantNoProblems()
}

// If the answer to a dialog is lost, so that it is submitted twice, it is one action.
func TestDialogSubmittedTwiceIsOneAction(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.press(w.ann, w.root, "Resolve")
	w.mustSend(w.newCard())
	w.fake.Inject(teamsfake.Fault{Method: "event:invoke", Kind: teamsfake.FaultDrop, Times: 1})
	wantNoDialog(t, w.submit(client.Inputs{"t:note": "New cable"}))
	wantEqual(t, "note", w.waitAction(interactionFacts).Args.Note, "New cable")
	w.wantFacts(interactionFacts, 1)
	w.wantNoProblems()
}

// No message has both a text and a card, because Teams would show the mentions of only one of them.
func TestMessagesHaveATextOrACard(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	mentioned := []bridge.AgentRef{{ID: 1, Name: "Ann Lee", User: ann}}
	w.postLine(w.root, bridge.Line{
		Content: &bridge.AskLine{}, Mentions: mentioned, Text: "Hi",
		Verbs: []bridge.Verb{bridge.VerbSend, bridge.VerbKeep}, Args: bridge.Args{Message: 7},
	})
	w.postLine(w.root, bridge.Line{Content: bridge.LineAssigned, By: bridge.AgentRef{Name: "Ben Kim"}, Mentions: mentioned})

	for _, m := range w.fake.Thread(w.channel, w.root) {
		if m.Text != "" && len(m.Cards) > 0 {
			t.Errorf("got a text and a card in one message: %+v", m)
		}
	}
	w.wantNoProblems()
}

// The menu of a message in a thread of ours opens a verb's form.
func TestMenuInOurThread(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	card := w.choose(ann, w.replyAsAnn("in the customer's thread"), "resolveFromMessage")
	wantWords(t, card, "t:note")
	w.wantNoProblems()
}

// The menu of a message outside our threads says that there is no conversation.
func TestMenuElsewhere(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	message, err := w.ann.Post(teamsfake.Post{Channel: w.channel, Text: "our own chat"})
	noError(t, err)
	card := w.choose(ann, message, "resolveFromMessage")
	wantWords(t, card, "There is no conversation here.")
	w.wantNoProblems()
}
