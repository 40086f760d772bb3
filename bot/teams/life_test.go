package teams

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/bot/teams/connector"
	"parley/bot/teams/fact"
	"parley/bot/teams/graph"
	"parley/bot/teams/organisation"
	"parley/bot/teams/teamsfake"
	"parley/bridge"
)

// talkLater is talk with a clock that later moves on, for Teams and for Parley.
func talkLater(t *testing.T) (w *world, d *desk, root string, p *teamsfake.Person, later func(time.Duration)) {
	t.Helper()
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	var mu sync.Mutex
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	d = newDesk()
	w = newWorld(t, d, func(o *Options, f *teamsfake.Options) { f.Clock, o.Now = clock, clock }).connect()
	d.Open(w.channel)
	return w, d, w.thread(d), w.fake.As(ann), func(by time.Duration) { mu.Lock(); defer mu.Unlock(); now = now.Add(by) }
}

// unheard does something of which Teams tells nobody.
func (w *world) unheard(do func() error) {
	w.t.Helper()
	id := w.fake.Inject(teamsfake.Fault{Method: "event:*", Kind: teamsfake.FaultLose})
	must(w.t, do())
	w.settled()
	w.fake.ClearFaults(id)
}

// replicas are the surface and another that knows only what is stored.
func (w *world) replicas() []*Surface {
	w.t.Helper()
	other, err := New(w.s.opt)
	must(w.t, err)
	return []*Surface{w.s, other}
}

// sweep has every replica read twice what was missed.
func (w *world) sweep(all []*Surface) {
	w.t.Helper()
	for range 2 {
		for _, s := range all {
			must(w.t, s.history.catchUp(within(w.t)))
		}
	}
}

// shown is a message as Graph shows it.
func (w *world) shown(root, id string) graph.Message {
	w.t.Helper()
	m, err := organisation.ReadPatiently(within(w.t), w.s.org, w.channel, func(ctx context.Context, group string) (graph.Message, error) {
		return w.s.org.Graph.Message(ctx, graph.Thread{Group: group, Channel: w.channel, Root: root}, id)
	})
	must(w.t, err)
	return m
}

// event is how Teams tells of a message as it is now, with a time of its own.
func (w *world) event(event, root, id string) connector.Activity {
	w.t.Helper()
	m := w.shown(root, id)
	a := w.s.org.ActivityOf(event, w.channel, &m)
	a.Timestamp = a.At().Add(40 * time.Millisecond).Format(time.RFC3339Nano)
	return a
}

// hears has the surface take what Teams tells.
func (w *world) hears(d *desk, a connector.Activity) {
	w.t.Helper()
	raw, err := json.Marshal(a)
	must(w.t, err)
	facts, err := w.s.intake.factsOf(within(w.t), &a, raw)
	must(w.t, err)
	must(w.t, d.Accept(within(w.t), facts...))
}

// verbs are what was told, in its order.
func (w *world) verbs(d *desk) (all []string) {
	w.t.Helper()
	for _, a := range w.told(d) {
		verb := string(a.Verb)
		if a.Restored {
			verb = "restored"
		}
		all = append(all, verb)
	}
	return all
}

// told is what Parley makes of all that was accepted, in its order.
func (w *world) told(d *desk) (all []bridge.Action) {
	w.t.Helper()
	for _, f := range d.Accepted() {
		actions, err := w.s.Decode(f.Payload)
		must(w.t, err)
		all = append(all, actions...)
	}
	return all
}

// TestUndeletedUnheard: a reply that was deleted, came back and was deleted again while Teams
// told nobody is told of each time, once: whatever replica reads it, and though Teams tells
// of it a moment later.
func TestUndeletedUnheard(t *testing.T) {
	t.Parallel()
	w, d, root, p, later := talkLater(t)
	id := typed(t, w, d, p, root, "hello").Place.Message
	all := w.replicas()
	want := []string{"say"}
	for range 2 {
		for _, step := range []struct {
			do          func(channel, id string) error
			event, verb string
		}{{p.Delete, fact.EventDeleted, "delete"}, {p.Undelete, fact.EventRestored, "restored"}} {
			w.unheard(func() error { return step.do(w.channel, id) })
			later(5 * time.Minute)
			w.sweep(all)
			for range 2 {
				w.hears(d, w.event(step.event, root, id))
			}
			later(5 * time.Minute)
			w.sweep(all)
			want = append(want, step.verb)
			if got := w.verbs(d); !slices.Equal(got, want) {
				t.Fatalf("told: %v, want %v", got, want)
			}
		}
	}
}

// TestOldDeletion: a deletion of which Teams tells again, after the reply came back, deletes
// nothing; nor does an old return bring back what was deleted since.
func TestOldDeletion(t *testing.T) {
	t.Parallel()
	w, d, root, p, later := talkLater(t)
	id := typed(t, w, d, p, root, "hello").Place.Message
	var old []connector.Activity
	for _, do := range []func(channel, id string) error{p.Delete, p.Undelete, p.Delete} {
		w.unheard(func() error { return do(w.channel, id) })
		event := fact.EventRestored
		if !w.shown(root, id).DeletedAt.IsZero() {
			event = fact.EventDeleted
		}
		old = append(old, w.event(event, root, id))
		later(time.Second)
		for _, a := range old {
			w.hears(d, a)
		}
	}
	if got := w.verbs(d); !slices.Equal(got, []string{"say", "delete", "restored", "delete"}) {
		t.Errorf("told: %v", got)
	}
}

// TestUndeletedAtOnce: what came back in the moments in which Graph may be late is told when
// they are over, though nothing in its thread has changed since.
func TestUndeletedAtOnce(t *testing.T) {
	t.Parallel()
	w, d, root, p, later := talkLater(t)
	id := typed(t, w, d, p, root, "hello").Place.Message
	must(t, p.Delete(w.channel, id))
	w.settled()
	later(5 * time.Second)
	w.unheard(func() error { return p.Undelete(w.channel, id) })
	all := w.replicas()
	for _, want := range [][]string{{"say", "delete"}, {"say", "delete", "restored"}} {
		w.sweep(all)
		if got := w.verbs(d); !slices.Equal(got, want) {
			t.Errorf("told: %v, want %v", got, want)
		}
		later(5 * time.Minute)
	}
}

// TestUndeletedAndEditedUnheard: a reply that came back with other words is back with those,
// and that it was edited isn't told besides.
func TestUndeletedAndEditedUnheard(t *testing.T) {
	t.Parallel()
	w, d, root, p, later := talkLater(t)
	id := typed(t, w, d, p, root, "hello").Place.Message
	must(t, p.Delete(w.channel, id))
	w.settled()
	later(5 * time.Minute)
	w.unheard(func() error { return p.Undelete(w.channel, id) })
	later(time.Minute)
	w.unheard(func() error { return p.Edit(w.channel, id, "good morning") })
	later(5 * time.Minute)
	w.sweep(w.replicas())
	if a := w.accepted(d, fact.RestoredID(w.channel, id, 1)); a.Text != "good morning" || a.Place.Thread != root || a.Origin != bridge.OriginCatchUp {
		t.Errorf("%+v", a)
	}
	if got := w.verbs(d); !slices.Equal(got, []string{"say", "delete", "restored"}) {
		t.Errorf("told: %v", got)
	}
}

// TestGraphLate: what Graph shows in the moments after Teams told of a deletion, or of a
// return, is no news.
func TestGraphLate(t *testing.T) {
	t.Parallel()
	w, d, root, p, later := talkLater(t)
	id := typed(t, w, d, p, root, "hello").Place.Message
	want := []string{"say"}
	for _, step := range []struct {
		do   func(channel, id string) error
		verb string
	}{{p.Delete, "delete"}, {p.Undelete, "restored"}} {
		later(5 * time.Minute)
		before := w.shown(root, id)
		must(t, step.do(w.channel, id))
		w.settled()
		later(3 * time.Second)
		for _, s := range w.replicas() {
			if unclear, err := s.history.storeMissing(within(t), w.channel, []graph.Message{before}, true); !unclear || err != nil {
				t.Errorf("after a %s it is clear: %v", step.verb, err)
			}
		}
		want = append(want, step.verb)
	}
	if got := w.verbs(d); !slices.Equal(got, want) {
		t.Errorf("told: %v, want %v", got, want)
	}
}

// TestConfirmLate: a reply that Graph doesn't show yet isn't deleted, and leaves when Graph
// shows it; one that came back just now isn't deleted because Graph doesn't know yet.
func TestConfirmLate(t *testing.T) {
	t.Parallel()
	w, d, root, p, later := talkLater(t)
	a := typed(t, w, d, p, root, "hello")
	waits := func(when string) {
		t.Helper()
		if got, err := w.s.Confirm(within(t), a.Place, a.Text); got != bridge.Unchanged || err == nil || !strings.Contains(err.Error(), "yet") {
			t.Errorf("%s: %v, %v", when, got, err)
		}
	}
	unseen := teamsfake.Fault{Method: "graph.reply", Kind: teamsfake.FaultHTTP, Status: http.StatusNotFound, Code: "NotFound"}
	w.fake.Inject(unseen)
	waits("not shown yet")
	w.fake.ClearFaults()
	if got, err := w.s.Confirm(within(t), a.Place, a.Text); got != bridge.Unchanged || err != nil {
		t.Errorf("shown: %v, %v", got, err)
	}
	later(time.Hour)
	for _, do := range []func(channel, id string) error{p.Delete, p.Undelete} {
		must(t, do(w.channel, a.Place.Message))
		w.settled()
	}
	w.fake.Inject(unseen)
	waits("not shown since it is back")
	later(time.Hour)
	if got, err := w.s.Confirm(within(t), a.Place, a.Text); got != bridge.Gone || err != nil {
		t.Errorf("not shown for an hour: %v, %v", got, err)
	}
	if got := w.verbs(d); !slices.Equal(got, []string{"say", "delete", "restored", "delete"}) {
		t.Errorf("told: %v", got)
	}
}

// TestEditTwoWays: an edit of which Graph tells just before Teams does is one version, though
// their times differ; the next is another.
func TestEditTwoWays(t *testing.T) {
	t.Parallel()
	w, d, root, p, later := talkLater(t)
	a := typed(t, w, d, p, root, "hello")
	later(time.Minute)
	w.unheard(func() error { return p.Edit(w.channel, a.Place.Message, "*good* morning, <@"+ben+">") })
	if got, err := w.s.Confirm(within(t), a.Place, a.Text); got != bridge.Changed || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	for _, text := range []string{"*good* morning, <@" + ben + ">", "good morning, <@" + ben + ">"} {
		later(time.Second)
		must(t, p.Edit(w.channel, a.Place.Message, text))
		w.settled()
	}
	var says []string
	for _, a := range w.told(d) {
		if a.Verb == bridge.VerbEdit {
			_, what, _ := strings.Cut(a.Version, ":")
			says = append(says, what)
		}
	}
	if len(says) != 3 || says[0] == "" || says[0] != says[1] || says[1] == says[2] {
		t.Errorf("the versions say %q", says)
	}
}

// TestConfirmOddText: what can't be stored of a text is no change of it.
func TestConfirmOddText(t *testing.T) {
	t.Parallel()
	w, d, root, p, _ := talkLater(t)
	a := typed(t, w, d, p, root, "hello")
	m := w.shown(root, a.Place.Message)
	m.EditedAt, m.Body = w.s.org.Now(), graph.Body{ContentType: "text", Content: "good\x00 morning"}
	for text, want := range map[string]bridge.Confirmation{"good morning": bridge.Unchanged, "good evening": bridge.Changed} {
		if got, err := w.s.history.compareText(within(t), a.Place, &m, text); got != want || err != nil {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}
