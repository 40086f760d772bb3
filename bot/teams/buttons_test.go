package teams

import (
	"slices"
	"sync"
	"testing"

	"parley/bot/teams/teamsfake"
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

// If the answer to a dialog is lost, so that it is submitted twice, it is one action.
func TestDialogSubmittedTwiceIsOneAction(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.press(w.ann, w.root, "Resolve")
	w.mustSend(w.newCard())
	w.fake.Inject(teamsfake.Fault{Method: "event:invoke", Kind: teamsfake.FaultDrop, Times: 1})
	wantNoDialog(t, w.submit(teamsfake.Inputs{"t:note": "New cable"}))
	wantEqual(t, "note", w.waitAction(interactionFacts).Args.Note, "New cable")
	w.wantFacts(interactionFacts, 1)
	w.wantNoProblems()
}
