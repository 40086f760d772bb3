package teams

import (
	"strings"
	"testing"
	"time"

	"parley/bridge"
)

// changeOfLife deletes a reply, or brings it back.
type changeOfLife struct {
	do    func(channel, id string) error
	event string // by which Teams reports it
	verb  bridge.Verb
}

func (w *world) deletion() changeOfLife {
	return changeOfLife{do: w.ann.Delete, event: EventDeleted, verb: bridge.VerbDelete}
}

func (w *world) restoration() changeOfLife {
	return changeOfLife{do: w.ann.Undelete, event: EventRestored, verb: restored}
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
