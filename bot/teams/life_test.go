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
	event string // by which Teams reports it
	verb  bridge.Verb
}

func (w *world) deletion() changeOfLife {
	return changeOfLife{do: w.ann.Delete, event: fact.EventDeleted, verb: bridge.VerbDelete}
}

func (w *world) restoration() changeOfLife {
	return changeOfLife{do: w.ann.Undelete, event: fact.EventRestored, verb: restored}
}

// If a reply is deleted and brought back several times, and Teams reports none of that, Parley finds each change by
// reading and stores it once. It doesn't matter how many replicas read, or that Teams reports the change later, twice.
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

// If Teams reports an old change again, the reply doesn't change: an old deletion doesn't delete a reply that came back
// since, and an old restoration doesn't bring back one that was deleted since.
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

// Graph may be late for some moments. If a reply came back in these moments, Parley finds that afterwards, even if
// nothing else in the thread has changed since.
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

// A reply that came back with other words is restored with those words. The edit isn't stored as a second change.
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

// Just after Teams reported a deletion or a restoration, Graph may still show the state before. Parley doesn't take
// that for another change.
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

// A reply that Graph doesn't show yet isn't taken for deleted. It may leave when Graph shows it.
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

// A reply that came back just now isn't taken for deleted because Graph doesn't show it yet. If Graph still doesn't
// show it an hour later, it was deleted.
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

// editDigests returns the digests of the texts of all edits that were accepted. A digest is a part of an edit's
// version.
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

// An edit that is found with Graph just before Teams reports it is one version, although the two give different times.
// The next edit is another version.
func TestEditToldByGraphAndByTeamsIsOneVersion(t *testing.T) {
	t.Parallel()
	const firstEdit, secondEdit = "*good* morning, <@" + ben + ">", "good morning, <@" + ben + ">"
	w := newClockedWorld(t)
	a := w.typeAsAnn("hello")
	w.advance(time.Minute)
	w.withoutEvents(func() error { return w.ann.Edit(w.channel, a.Place.Message, firstEdit) })
	w.wantConfirmed("edited", a, bridge.Changed) // this stores the edit
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

// A character that can't be stored, such as NUL, doesn't make a text count as changed.
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

// An edited text that looks like a command may leave if its author says so. A reply that became a note by the edit may
// not.
func TestConfirmEditedText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bridge.Confirmation{"!wow, great": bridge.Unchanged, "note: great": bridge.Changed} {
		w := newClockedWorld(t)
		a := w.typeAsAnn("hello")
		w.advance(time.Minute)
		w.withoutEvents(func() error { return w.ann.Edit(w.channel, a.Place.Message, text) })
		w.wantConfirmed("edited", a, bridge.Changed) // this stores the edit
		a.Text = strings.TrimPrefix(text, "note: ")
		w.wantConfirmed(text, a, want)
	}
}
