package teams

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/bridge"
)

// withoutEvents does something of which Teams tells nobody.
func (w *world) withoutEvents(do func() error) {
	w.t.Helper()
	id := w.fake.Inject(teamsfake.Fault{Method: "event:*", Kind: teamsfake.FaultLose})
	noError(w.t, do())
	w.waitDelivered()
	w.fake.ClearFaults(id)
}

// replyUnheard lets Ann reply in the conversation's thread, of which Teams tells nobody. It returns the reply's id.
func (w *world) replyUnheard(text string) (id string) {
	w.t.Helper()
	return w.replyUnheardIn(w.root, text)
}

// replyUnheardIn does so in another thread.
func (w *world) replyUnheardIn(root, text string) (id string) {
	w.t.Helper()
	w.withoutEvents(func() (err error) {
		id, err = w.ann.Reply(w.channel, root, text)
		return err
	})
	return id
}

// stopServing has Teams bring nothing to the surface any more.
func (w *world) stopServing() { w.fake.Activities.SetEndpoint("http://127.0.0.1:1/nobody") }

// failGraph has Graph answer a method with a status, from now on. "graph.*" stands for all methods.
func (w *world) failGraph(method string, status int) (fault int) {
	code := strings.ReplaceAll(http.StatusText(status), " ", "") // such as NotFound
	return w.fake.Inject(teamsfake.Fault{Method: method, Kind: teamsfake.FaultHTTP, Status: status, Code: code})
}

// catchUp has the surface look for what it may have missed, as it does when it runs.
func (w *world) catchUp() error {
	w.t.Helper()
	return w.surface.history.catchUp(w.ctx())
}

// catchUpTwice has every replica look twice for what it may have missed.
func (w *world) catchUpTwice(replicas []*Surface) {
	w.t.Helper()
	for range 2 {
		for _, s := range replicas {
			noError(w.t, s.history.catchUp(w.ctx()))
		}
	}
}

// replicas returns the surface, and another one that knows only what is stored.
func (w *world) replicas() []*Surface {
	w.t.Helper()
	return []*Surface{w.surface, w.restartedSurface()}
}

// messageOfGraph is a message as Graph shows it now.
func (w *world) messageOfGraph(root, id string) Message {
	w.t.Helper()
	m, err := w.surface.org.ReadMessage(w.ctx(), bridge.Place{Channel: w.channel, Thread: root}, id)
	noError(w.t, err)
	return m
}

// decodeFromGraph returns what Parley makes of a message that only Graph tells of.
func (w *world) decodeFromGraph(m Message) bridge.Action {
	w.t.Helper()
	p, _, err := w.surface.org.PayloadOf(w.ctx(), "", Shown{
		Message:     &m,
		At:          OrganisationPlaceOf(w.channel, &m),
		InOurThread: true,
	})
	noError(w.t, err)
	actions := w.decode(p.Fact("m:x", "x"))
	if len(actions) == 0 {
		w.t.Fatalf("%+v is decoded as no action, want one", m)
	}
	return actions[0]
}

// eventOf is how Teams tells of a message as it is now, with a time that differs from Graph's.
func (w *world) eventOf(event, root, id string) Activity {
	w.t.Helper()
	m := w.messageOfGraph(root, id)
	a := w.surface.org.ActivityOf(event, w.channel, &m)
	a.Timestamp = a.At().Add(40 * time.Millisecond).Format(time.RFC3339Nano)
	return a
}

// takeEvent has the surface take what Teams tells.
func (w *world) takeEvent(a Activity) {
	w.t.Helper()
	raw, err := json.Marshal(a)
	noError(w.t, err)
	facts, err := w.surface.door.factsOf(w.ctx(), &a, raw)
	noError(w.t, err)
	noError(w.t, w.desk.Accept(w.ctx(), facts...))
}

// restored stands for the verb of an edit that brings a message back, in wantVerbs.
const restored bridge.Verb = "restored"

// wantVerbs checks the verbs of all that was accepted, in its order.
func (w *world) wantVerbs(want ...bridge.Verb) {
	w.t.Helper()
	var got []bridge.Verb
	for _, a := range w.acceptedActions() {
		if a.Restored {
			got = append(got, restored)
			continue
		}
		got = append(got, a.Verb)
	}
	wantList(w.t, "accepted verbs", got, want)
}

// wantConfirmed checks what Confirm finds of a reply before it leaves. when says in which state that is.
func (w *world) wantConfirmed(when string, a bridge.Action, want bridge.Confirmation) {
	w.t.Helper()
	got, err := w.surface.Confirm(w.ctx(), a.Place, a.Text)
	if err != nil {
		w.t.Errorf("%s: Confirm fails: %v", when, err)
	}
	if got != want {
		w.t.Errorf("%s: Confirm = %v, want %v", when, got, want)
	}
}
