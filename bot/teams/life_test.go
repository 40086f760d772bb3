package teams

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/bot/teams/connector"
	"parley/bot/teams/fact"
	"parley/bot/teams/graph"
	"parley/bot/teams/organisation"
	"parley/bridge"
)

// changeOfLife deletes a reply, or brings it back.
type changeOfLife struct {
	do    func(channel, id string) error
	event string // by which Teams tells of it
	verb  bridge.Verb
}

func (w *world) deletion() changeOfLife {
	return changeOfLife{do: w.ann.Delete, event: fact.EventDeleted, verb: bridge.VerbDelete}
}

func (w *world) restoration() changeOfLife {
	return changeOfLife{do: w.ann.Undelete, event: fact.EventRestored, verb: restored}
}

// A reply that was deleted, came back and was deleted again while Teams told nobody is told of each time, once, whatever replica reads
// it, and though Teams tells of it a moment later.
func TestChangesOfWhichTeamsToldNobody(t *testing.T) {
	t.Parallel()
	w := newClockedWorld(t)
	id := w.typeAsAnn("hello").Place.Message
	all := w.replicas()
	want := []bridge.Verb{bridge.VerbSay}
	for _, change := range []changeOfLife{w.deletion(), w.restoration(), w.deletion(), w.restoration()} {
		w.withoutEvents(func() error { return change.do(w.channel, id) })
		w.advance(5 * time.Minute)
		w.catchUpTwice(all)
		for range 2 {
			w.takeEvent(w.eventOf(change.event, w.root, id))
		}
		w.advance(5 * time.Minute)
		w.catchUpTwice(all)
		want = append(want, change.verb)
		w.wantVerbs(want...)
	}
}

// A deletion of which Teams tells again after the reply came back deletes nothing. Nor does an old return bring back what was deleted
// since.
func TestOldChangesThatAreToldAgain(t *testing.T) {
	t.Parallel()
	w := newClockedWorld(t)
	id := w.typeAsAnn("hello").Place.Message
	var told []connector.Activity
	for _, change := range []changeOfLife{w.deletion(), w.restoration(), w.deletion()} {
		w.withoutEvents(func() error { return change.do(w.channel, id) })
		told = append(told, w.eventOf(change.event, w.root, id))
		w.advance(time.Second)
		for _, a := range told {
			w.takeEvent(a)
		}
	}
	w.wantVerbs(bridge.VerbSay, bridge.VerbDelete, restored, bridge.VerbDelete)
}

// What came back in the moments in which Graph may be late is told when they are over, though nothing in its thread has changed since.
func TestReplyThatCameBackAtOnce(t *testing.T) {
	t.Parallel()
	w := newClockedWorld(t)
	id := w.typeAsAnn("hello").Place.Message
	noError(t, w.ann.Delete(w.channel, id))
	w.waitDelivered()
	w.advance(5 * time.Second)
	w.withoutEvents(func() error { return w.ann.Undelete(w.channel, id) })
	all := w.replicas()
	w.catchUpTwice(all)
	w.wantVerbs(bridge.VerbSay, bridge.VerbDelete)
	w.advance(5 * time.Minute)
	w.catchUpTwice(all)
	w.wantVerbs(bridge.VerbSay, bridge.VerbDelete, restored)
}

// A reply that came back with other words is back with those. That it was edited isn't told besides.
func TestReplyThatCameBackWithOtherWords(t *testing.T) {
	t.Parallel()
	w := newClockedWorld(t)
	id := w.typeAsAnn("hello").Place.Message
	noError(t, w.ann.Delete(w.channel, id))
	w.waitDelivered()
	w.advance(5 * time.Minute)
	w.withoutEvents(func() error { return w.ann.Undelete(w.channel, id) })
	w.advance(time.Minute)
	w.withoutEvents(func() error { return w.ann.Edit(w.channel, id, "good morning") })
	w.advance(5 * time.Minute)
	w.catchUpTwice(w.replicas())
	a := w.waitAction(fact.RestoredID(w.channel, id, 1))
	wantEqual(t, "text", a.Text, "good morning")
	wantEqual(t, "thread", a.Place.Thread, w.root)
	wantEqual(t, "origin", a.Origin, bridge.OriginCatchUp)
	w.wantVerbs(bridge.VerbSay, bridge.VerbDelete, restored)
}

// What Graph shows in the moments after Teams told of a deletion, or of a return, is no news.
func TestGraphIsBehindTeams(t *testing.T) {
	t.Parallel()
	w := newClockedWorld(t)
	id := w.typeAsAnn("hello").Place.Message
	want := []bridge.Verb{bridge.VerbSay}
	for _, change := range []changeOfLife{w.deletion(), w.restoration()} {
		w.advance(5 * time.Minute)
		before := w.messageOfGraph(w.root, id)
		noError(t, change.do(w.channel, id))
		w.waitDelivered()
		w.advance(3 * time.Second)
		for _, s := range w.replicas() {
			unclear, err := s.history.storeMissing(w.ctx(), []organisation.Shown{{
				Message:     &before,
				At:          organisation.PlaceOf(w.channel, &before),
				InOurThread: true,
			}})
			noError(t, err)
			wantEqual(t, "it is unclear", unclear, true)
		}
		want = append(want, change.verb)
		w.wantVerbs(want...)
	}
}

// hideReplies has Graph show none of the replies.
func (w *world) hideReplies() { w.failGraph("graph.reply", http.StatusNotFound) }

// A reply that Graph doesn't show yet isn't deleted, and leaves when Graph shows it.
func TestConfirmReplyThatIsNotShownYet(t *testing.T) {
	t.Parallel()
	w := newClockedWorld(t)
	a := w.typeAsAnn("hello")
	w.hideReplies()
	w.wantNotShownYet("typed just now", a)
	w.fake.ClearFaults()
	w.wantConfirmed("shown", a, bridge.Unchanged)
	w.wantVerbs(bridge.VerbSay)
}

// A reply that came back just now isn't deleted because Graph doesn't know yet. If Graph doesn't show it for an hour, it is.
func TestConfirmReplyThatCameBackJustNow(t *testing.T) {
	t.Parallel()
	w := newClockedWorld(t)
	a := w.typeAsAnn("hello")
	w.advance(time.Hour)
	for _, change := range []changeOfLife{w.deletion(), w.restoration()} {
		noError(t, change.do(w.channel, a.Place.Message))
		w.waitDelivered()
	}
	w.hideReplies()
	w.wantNotShownYet("back just now", a)
	w.advance(time.Hour)
	w.wantConfirmed("not shown for an hour", a, bridge.Gone)
	w.wantVerbs(bridge.VerbSay, bridge.VerbDelete, restored, bridge.VerbDelete)
}

// editDigests are the digests of the texts of all edits that were accepted, which are a part of their versions.
func (w *world) editDigests() (digests []string) {
	w.t.Helper()
	for _, a := range w.acceptedActions() {
		if a.Verb == bridge.VerbEdit {
			_, digest, _ := strings.Cut(a.Version, ":")
			digests = append(digests, digest)
		}
	}
	return digests
}

// An edit of which Graph tells just before Teams does is one version, though their times differ. The next edit is another.
func TestEditToldByGraphAndByTeamsIsOneVersion(t *testing.T) {
	t.Parallel()
	const firstEdit, secondEdit = "*good* morning, <@" + ben + ">", "good morning, <@" + ben + ">"
	w := newClockedWorld(t)
	a := w.typeAsAnn("hello")
	w.advance(time.Minute)
	w.withoutEvents(func() error { return w.ann.Edit(w.channel, a.Place.Message, firstEdit) })
	w.wantConfirmed("edited", a, bridge.Changed) // by which the edit is stored
	for _, text := range []string{firstEdit, secondEdit} {
		w.advance(time.Second)
		noError(t, w.ann.Edit(w.channel, a.Place.Message, text))
		w.waitDelivered()
	}

	digests := w.editDigests()
	if len(digests) != 3 {
		t.Fatalf("got %d edits, want 3: %q", len(digests), digests)
	}
	wantEqual(t, "digest of the first edit, told by Teams", digests[1], digests[0])
	if digests[0] == "" {
		t.Error("the first edit has no digest")
	}
	if digests[2] == digests[1] {
		t.Errorf("the second edit has the digest of the first one, %q", digests[2])
	}
}

// What can't be stored of a text is no change of it.
func TestConfirmTextThatCannotBeStored(t *testing.T) {
	t.Parallel()
	w := newClockedWorld(t)
	a := w.typeAsAnn("hello")
	m := w.messageOfGraph(w.root, a.Place.Message)
	m.EditedAt, m.Body = w.surface.org.Now(), graph.Body{ContentType: "text", Content: "good\x00 morning"}
	for _, tt := range []struct {
		known string // the text that the engine has
		want  bridge.Confirmation
	}{
		{known: "good morning", want: bridge.Unchanged},
		{known: "good evening", want: bridge.Changed},
	} {
		got, err := w.surface.history.compareText(w.ctx(), organisation.Shown{Message: &m, At: a.Place}, tt.known)
		noError(t, err)
		if got != tt.want {
			t.Errorf("compareText(%q) = %v, want %v", tt.known, got, tt.want)
		}
	}
}

// A text that looks like a command leaves if its author says so, and one that became a note doesn't.
func TestConfirmEditedText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bridge.Confirmation{"!wow, great": bridge.Unchanged, "note: great": bridge.Changed} {
		w := newClockedWorld(t)
		a := w.typeAsAnn("hello")
		w.advance(time.Minute)
		w.withoutEvents(func() error { return w.ann.Edit(w.channel, a.Place.Message, text) })
		w.wantConfirmed("edited", a, bridge.Changed) // by which the edit is stored
		a.Text = strings.TrimPrefix(text, "note: ")
		w.wantConfirmed(text, a, want)
	}
}
