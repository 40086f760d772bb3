package teams

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/bot/teams/connector"
	"parley/bot/teams/fact"
	"parley/bot/teams/graph"
	"parley/bot/teams/organisation"
	"parley/bot/teams/teamsfake"
	"parley/bridge"
)

// withoutEvents does something of which Teams tells nobody.
func (w *world) withoutEvents(do func() error) {
	w.t.Helper()
	id := w.fake.Inject(teamsfake.Fault{Method: "event:*", Kind: teamsfake.FaultLose})
	must(w.t, do())
	w.waitDelivered()
	w.fake.ClearFaults(id)
}

// newReplicas returns the surface, and another one that knows only what is stored.
func (w *world) newReplicas() []*Surface {
	w.t.Helper()
	other, err := New(w.surface.opt)
	must(w.t, err)
	return []*Surface{w.surface, other}
}

// catchUpTwice has every replica read twice what was missed.
func (w *world) catchUpTwice(all []*Surface) {
	w.t.Helper()
	for range 2 {
		for _, s := range all {
			must(w.t, s.history.catchUp(w.ctx()))
		}
	}
}

// messageOfGraph is a message as Graph shows it.
func (w *world) messageOfGraph(root, id string) graph.Message {
	w.t.Helper()
	m, err := organisation.ReadPatiently(w.ctx(), w.surface.org, w.channel, func(ctx context.Context, group string) (graph.Message, error) {
		return w.surface.org.Graph.Message(ctx, graph.Thread{Group: group, Channel: w.channel, Root: root}, id)
	})
	must(w.t, err)
	return m
}

// eventOf is how Teams tells of a message as it is now, with a time that differs from Graph's.
func (w *world) eventOf(event, root, id string) connector.Activity {
	w.t.Helper()
	m := w.messageOfGraph(root, id)
	a := w.surface.org.ActivityOf(event, w.channel, &m)
	a.Timestamp = a.At().Add(40 * time.Millisecond).Format(time.RFC3339Nano)
	return a
}

// takeEvent has the surface take what Teams tells.
func (w *world) takeEvent(a connector.Activity) {
	w.t.Helper()
	raw, err := json.Marshal(a)
	must(w.t, err)
	facts, err := w.surface.intake.factsOf(w.ctx(), &a, raw)
	must(w.t, err)
	must(w.t, w.desk.Accept(w.ctx(), facts...))
}

// wantVerbs checks the verbs of all that was accepted, in its order. "restored" is an edit that brings a message back.
func (w *world) wantVerbs(want ...string) {
	w.t.Helper()
	var got []string
	for _, a := range w.acceptedActions() {
		verb := string(a.Verb)
		if a.Restored {
			verb = "restored"
		}
		got = append(got, verb)
	}
	wantList(w.t, "accepted verbs", got, want)
}

// acceptedActions is what Parley makes of all that was accepted, in its order.
func (w *world) acceptedActions() (all []bridge.Action) {
	w.t.Helper()
	for _, f := range w.desk.Accepted() {
		actions, err := w.surface.Decode(f.Payload)
		must(w.t, err)
		all = append(all, actions...)
	}
	return all
}

// A reply that was deleted, came back and was deleted again while Teams told nobody is told of each time, once, whatever replica reads
// it, and though Teams tells of it a moment later.
func TestUndeletedUnheard(t *testing.T) {
	t.Parallel()
	w := newClockedTalk(t)
	id := w.annTypes("hello").Place.Message
	all := w.newReplicas()
	want := []string{"say"}
	for range 2 {
		for _, step := range []struct {
			do    func(channel, id string) error
			event string
			verb  string
		}{
			{do: w.ann.Delete, event: fact.EventDeleted, verb: "delete"},
			{do: w.ann.Undelete, event: fact.EventRestored, verb: "restored"},
		} {
			w.withoutEvents(func() error { return step.do(w.channel, id) })
			w.later(5 * time.Minute)
			w.catchUpTwice(all)
			for range 2 {
				w.takeEvent(w.eventOf(step.event, w.root, id))
			}
			w.later(5 * time.Minute)
			w.catchUpTwice(all)
			want = append(want, step.verb)
			w.wantVerbs(want...)
		}
	}
}

// A deletion of which Teams tells again after the reply came back deletes nothing. Nor does an old return bring back what was deleted
// since.
func TestOldDeletion(t *testing.T) {
	t.Parallel()
	w := newClockedTalk(t)
	id := w.annTypes("hello").Place.Message
	var old []connector.Activity
	for _, step := range []struct {
		do    func(channel, id string) error
		event string
	}{
		{do: w.ann.Delete, event: fact.EventDeleted},
		{do: w.ann.Undelete, event: fact.EventRestored},
		{do: w.ann.Delete, event: fact.EventDeleted},
	} {
		w.withoutEvents(func() error { return step.do(w.channel, id) })
		old = append(old, w.eventOf(step.event, w.root, id))
		w.later(time.Second)
		for _, a := range old {
			w.takeEvent(a)
		}
	}
	w.wantVerbs("say", "delete", "restored", "delete")
}

// What came back in the moments in which Graph may be late is told when they are over, though nothing in its thread has changed since.
func TestUndeletedAtOnce(t *testing.T) {
	t.Parallel()
	w := newClockedTalk(t)
	id := w.annTypes("hello").Place.Message
	must(t, w.ann.Delete(w.channel, id))
	w.waitDelivered()
	w.later(5 * time.Second)
	w.withoutEvents(func() error { return w.ann.Undelete(w.channel, id) })
	all := w.newReplicas()
	w.catchUpTwice(all)
	w.wantVerbs("say", "delete")
	w.later(5 * time.Minute)
	w.catchUpTwice(all)
	w.wantVerbs("say", "delete", "restored")
}

// A reply that came back with other words is back with those. That it was edited isn't told besides.
func TestUndeletedAndEditedUnheard(t *testing.T) {
	t.Parallel()
	w := newClockedTalk(t)
	id := w.annTypes("hello").Place.Message
	must(t, w.ann.Delete(w.channel, id))
	w.waitDelivered()
	w.later(5 * time.Minute)
	w.withoutEvents(func() error { return w.ann.Undelete(w.channel, id) })
	w.later(time.Minute)
	w.withoutEvents(func() error { return w.ann.Edit(w.channel, id, "good morning") })
	w.later(5 * time.Minute)
	w.catchUpTwice(w.newReplicas())
	a := w.waitAction(fact.RestoredID(w.channel, id, 1))
	wantEqual(t, "text", a.Text, "good morning")
	wantEqual(t, "thread", a.Place.Thread, w.root)
	wantEqual(t, "origin", a.Origin, bridge.OriginCatchUp)
	w.wantVerbs("say", "delete", "restored")
}

// What Graph shows in the moments after Teams told of a deletion, or of a return, is no news.
func TestGraphLate(t *testing.T) {
	t.Parallel()
	w := newClockedTalk(t)
	id := w.annTypes("hello").Place.Message
	for _, step := range []struct {
		do   func(channel, id string) error
		want []string
	}{
		{do: w.ann.Delete, want: []string{"say", "delete"}},
		{do: w.ann.Undelete, want: []string{"say", "delete", "restored"}},
	} {
		w.later(5 * time.Minute)
		before := w.messageOfGraph(w.root, id)
		must(t, step.do(w.channel, id))
		w.waitDelivered()
		w.later(3 * time.Second)
		for _, s := range w.newReplicas() {
			unclear, err := s.history.storeMissing(w.ctx(), w.channel, []graph.Message{before}, true)
			must(t, err)
			wantEqual(t, "it is unclear", unclear, true)
		}
		w.wantVerbs(step.want...)
	}
}

// A reply that Graph doesn't show yet isn't deleted, and leaves when Graph shows it. One that came back just now isn't deleted because
// Graph doesn't know yet.
func TestConfirmLate(t *testing.T) {
	t.Parallel()
	w := newClockedTalk(t)
	a := w.annTypes("hello")
	unseen := teamsfake.Fault{Method: "graph.reply", Kind: teamsfake.FaultHTTP, Status: http.StatusNotFound, Code: "NotFound"}
	w.fake.Inject(unseen)
	w.wantAskedAgain("not shown yet", a)
	w.fake.ClearFaults()
	w.wantConfirmed("shown", a, bridge.Unchanged)
	w.later(time.Hour)
	for _, do := range []func(channel, id string) error{w.ann.Delete, w.ann.Undelete} {
		must(t, do(w.channel, a.Place.Message))
		w.waitDelivered()
	}
	w.fake.Inject(unseen)
	w.wantAskedAgain("not shown since it is back", a)
	w.later(time.Hour)
	w.wantConfirmed("not shown for an hour", a, bridge.Gone)
	w.wantVerbs("say", "delete", "restored", "delete")
}

// An edit of which Graph tells just before Teams does is one version, though their times differ. The next edit is another.
func TestEditTwoWays(t *testing.T) {
	t.Parallel()
	w := newClockedTalk(t)
	a := w.annTypes("hello")
	w.later(time.Minute)
	w.withoutEvents(func() error { return w.ann.Edit(w.channel, a.Place.Message, "*good* morning, <@"+ben+">") })
	w.wantConfirmed("it was edited", a, bridge.Changed)
	for _, text := range []string{"*good* morning, <@" + ben + ">", "good morning, <@" + ben + ">"} {
		w.later(time.Second)
		must(t, w.ann.Edit(w.channel, a.Place.Message, text))
		w.waitDelivered()
	}
	var digests []string
	for _, a := range w.acceptedActions() {
		if a.Verb == bridge.VerbEdit {
			_, digest, _ := strings.Cut(a.Version, ":")
			digests = append(digests, digest)
		}
	}
	if len(digests) != 3 || digests[0] == "" || digests[0] != digests[1] || digests[1] == digests[2] {
		t.Errorf("got the digests %q of the versions, want twice the same and another one", digests)
	}
}

// What can't be stored of a text is no change of it.
func TestConfirmOddText(t *testing.T) {
	t.Parallel()
	w := newClockedTalk(t)
	a := w.annTypes("hello")
	m := w.messageOfGraph(w.root, a.Place.Message)
	m.EditedAt, m.Body = w.surface.org.Now(), graph.Body{ContentType: "text", Content: "good\x00 morning"}
	for text, want := range map[string]bridge.Confirmation{"good morning": bridge.Unchanged, "good evening": bridge.Changed} {
		got, err := w.surface.history.compareText(w.ctx(), a.Place, &m, text)
		must(t, err)
		wantEqual(t, text+" is", got, want)
	}
}
