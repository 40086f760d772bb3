package bridgetest

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand"
	"reflect"
	"slices"
	"strings"
	"testing"

	"parley/bridge"
	"parley/channels"
)

// This part of the suite for surfaces (see ExerciseSurface) checks the direction from the chat to the engine. A person
// types, edits, deletes or clicks. The surface passes a fact, the stored bytes of that event, to the engine, for which a Desk
// stands in. Decode turns the fact into actions: "!resolve new cable" becomes the verb "resolve" with a note.

// waitForAction waits for an action with a verb on a message, and returns the first one.
func (s Stage) waitForAction(t *testing.T, verb bridge.Verb, message string) bridge.Action {
	t.Helper()
	var found bridge.Action
	s.Desk.Wait(t, fmt.Sprintf("%s of %s", verb, message), func() bool {
		for _, f := range s.Desk.Accepted() {
			if f.Quarantine != "" {
				continue
			}

			for _, a := range s.decode(t, f) {
				if a.Verb == verb && a.Place.Message == message {
					found = a
					return true
				}
			}
		}

		return false
	})

	return found
}

// decode decodes a fact. It checks that decoding is deterministic and doesn't modify the fact, and that the fact has a valid
// id and an order key.
func (s Stage) decode(t *testing.T, f channels.Fact) []bridge.Action {
	t.Helper()
	stored := bytes.Clone(f.Payload)
	first, err1 := s.Surface.Decode(f.Payload)
	second, err2 := s.Surface.Decode(stored)
	isSame := reflect.DeepEqual(first, second) && bytes.Equal(stored, f.Payload)
	if errors.Join(err1, err2) != nil || !isSame {
		t.Fatalf("fact %s decodes to %+v, %v and %+v, %v", f.ExternalID, first, err1, second, err2)
	}

	const maxID = 500 // bytes that the engine accepts
	hasID := f.ExternalID != "" && len(f.ExternalID) <= maxID
	if !hasID || f.OrderKey == "" {
		t.Errorf("fact %q with the order key %q", f.ExternalID, f.OrderKey)
	}

	return first
}

// exerciseSpeech checks the action for each kind of text that a person can type.
func exerciseSpeech(t *testing.T, s Stage) {
	root := s.openRoot(t)
	tests := []struct {
		typed  string
		verb   bridge.Verb
		text   string
		marker bridge.Marker
	}{
		{"On our way", bridge.VerbSay, "On our way", bridge.MarkNone},
		{"note: he is angry", bridge.VerbNote, "he is angry", bridge.MarkNote},
		{"// he is angry", bridge.VerbNote, "he is angry", bridge.MarkNote},
		{"Note: in capitals", bridge.VerbNote, "in capitals", bridge.MarkNote},
		{"!frobnicate it", bridge.VerbUnknown, "", bridge.MarkBang},
		{"!!important", bridge.VerbSay, "!important", bridge.MarkNone},
		{"resolve", bridge.VerbSay, "resolve", bridge.MarkLone},
	}
	for _, tt := range tests {
		id := s.Say(t, root, tt.typed)
		a := s.waitForAction(t, tt.verb, id)
		hasText := tt.text == "" || tt.text == a.Text
		if !hasText || a.Marker != tt.marker {
			t.Errorf("%q became %+v", tt.typed, a)
		}

		isAgents := string(a.Actor.ID) == s.Agent && a.Actor.Kind == bridge.ActorPerson
		isInThread := a.Place.Channel == s.Channel && a.Place.Thread == root
		if !isAgents || !isInThread {
			t.Errorf("%q was said by %+v at %+v", tt.typed, a.Actor, a.Place)
		}
		if a.Order == "" || !a.OwnThread {
			t.Errorf("%q was said by %+v at %+v, order %q, own thread %v", tt.typed, a.Actor, a.Place, a.Order, a.OwnThread)
		}
	}

	verb := s.waitForAction(t, bridge.VerbResolve, s.Say(t, root, "!resolve new cable"))
	if verb.Args.Note != "new cable" {
		t.Errorf("!resolve became %+v", verb)
	}

	a := s.waitForAction(t, bridge.VerbSay, s.Say(t, root, s.Mention(s.Other)+" have a look"))
	if !slices.Equal(a.Mentions, []string{s.Other}) {
		t.Errorf("a mention became %+v", a)
	}
}

// exerciseChanges checks that actions for edits and deletions identify the message, and that a later edit has a greater
// version. A surface may report the same version several times in a row.
func exerciseChanges(t *testing.T, s Stage) {
	root := s.openRoot(t)
	id := s.Say(t, root, "Hi Kin")
	s.waitForAction(t, bridge.VerbSay, id)
	versions := []string{}
	for i, text := range []string{"Hi Kim", "note: Hi Kim"} {
		s.Edit(t, id, text)
		s.Desk.Wait(t, "the edit", func() bool {
			versions = nil
			for _, f := range s.Desk.Accepted() {
				for _, a := range s.decode(t, f) {
					if a.Verb == bridge.VerbEdit && a.Place.Message == id {
						versions = append(versions, a.Version+" "+a.Text+" "+string(a.Marker))
					}
				}
			}

			versions = slices.Compact(versions)
			return len(versions) == i+1
		})
	}

	hasTexts := strings.Contains(versions[0], "Hi Kim") && strings.HasSuffix(versions[1], string(bridge.MarkNote))
	if !hasTexts || !slices.IsSorted(versions) {
		t.Errorf("edits: %q", versions)
	}

	s.Delete(t, id)
	if a := s.waitForAction(t, bridge.VerbDelete, id); a.Place.Channel != s.Channel {
		t.Errorf("a deletion: %+v", a)
	}
}

// exerciseOwnPosts checks that Parley's own posts are not reported as texts of a person.
func exerciseOwnPosts(t *testing.T, s Stage) {
	root := s.openRoot(t)
	s.postSaid(t, root, "said", "our own")
	s.send(t, s.post(bridge.PostLine, root, "line"))
	s.send(t, s.post(bridge.PostCard, root, "card"))
	s.waitForAction(t, bridge.VerbSay, s.Say(t, root, "somebody's"))
	for _, f := range s.Desk.Accepted() {
		for _, a := range s.decode(t, f) {
			if a.Actor.Kind == bridge.ActorPerson && a.Text != "somebody's" {
				t.Errorf("our own post came back as %+v", a)
			}
		}
	}
}

// exerciseOrder checks that Action.Order increases as messages are typed, and that all facts of a thread have the same order
// key, so that the engine applies them in sequence.
func exerciseOrder(t *testing.T, s Stage) {
	root := s.openRoot(t)
	var ids, orders []string
	const messages = 6
	for i := range messages {
		ids = append(ids, s.Say(t, root, fmt.Sprint("message ", i)))
	}

	for _, id := range ids {
		orders = append(orders, s.waitForAction(t, bridge.VerbSay, id).Order)
	}

	if !slices.IsSorted(orders) || len(slices.Compact(slices.Clone(orders))) != len(ids) {
		t.Errorf("orders %q", orders)
	}

	keys := map[string]bool{}
	for _, f := range s.Desk.Accepted() {
		keys[f.OrderKey] = true
	}

	if len(keys) != 1 {
		t.Errorf("a thread has the order keys %v", keys)
	}
}

// countActions returns the number of actions in all accepted facts. A fact may have none.
func (s Stage) countActions(t *testing.T) int {
	t.Helper()
	n := 0
	for _, f := range s.Desk.Accepted() {
		n += len(s.decode(t, f))
	}
	return n
}

// exerciseGap checks that events which happened while the surface was offline are reported once when it is connected again,
// and that earlier events are not reported again.
func exerciseGap(t *testing.T, s Stage) {
	root := s.openRoot(t)
	edited, deleted := s.Say(t, root, "known before"), s.Say(t, root, "deleted meanwhile")
	s.waitForAction(t, bridge.VerbSay, edited)
	s.waitForAction(t, bridge.VerbSay, deleted)
	before := s.countActions(t)
	var missed string
	s.Offline(t, func() {
		missed = s.Say(t, root, "missed")
		s.Edit(t, edited, "known, edited")
		s.Delete(t, deleted)
	})

	if s.Blind { // missed events can't be found
		if n := s.countActions(t) - before; n != 0 {
			t.Errorf("%d actions came of what can't be read", n)
		}
		s.waitForAction(t, bridge.VerbSay, s.Say(t, root, "connected again"))
		return
	}

	a := s.waitForAction(t, bridge.VerbSay, missed)
	isMissed := a.Origin == bridge.OriginCatchUp && a.Text == "missed"
	isAgents := string(a.Actor.ID) == s.Agent && a.Place.Thread == root
	if !isMissed || !isAgents {
		t.Errorf("what was missed: %+v", a)
	}
	if a := s.waitForAction(t, bridge.VerbEdit, edited); a.Text != "known, edited" {
		t.Errorf("the edit that was missed: %+v", a)
	}

	want := 2 // the new message and the edit
	if s.FindsDeleted {
		s.waitForAction(t, bridge.VerbDelete, deleted)
		want++
	}

	for i := range 2 {
		if n := s.countActions(t) - before; n != want {
			t.Errorf("%d actions came after gap %d, want %d", n, i, want)
		}
		s.Offline(t, func() {})
	}
}

// exerciseConfirm checks that Confirm detects edits and deletions whose events were missed. The engine calls it before it
// sends some replies. The surface must report the change as a fact before Confirm returns.
func exerciseConfirm(t *testing.T, s Stage) {
	root := s.openRoot(t)
	ids := []string{s.Say(t, root, "stays"), s.Say(t, root, "changes"), s.Say(t, root, "goes")}
	for _, id := range ids {
		s.waitForAction(t, bridge.VerbSay, id)
	}

	confirm := func(id, text string) bridge.Confirmation {
		t.Helper()
		got, err := s.Surface.Confirm(newContext(t), bridge.Place{Channel: s.Channel, Thread: root, Message: id}, text)
		if err != nil {
			t.Fatalf("confirm %q: %v", text, err)
		}
		return got
	}
	if s.Blind {
		s.Offline(t, func() {
			s.Edit(t, ids[1], "changed")
			if got := confirm(ids[1], "changes"); got != bridge.Unchanged {
				t.Errorf("what can't be read is %v", got)
			}
		})
		return
	}

	s.Offline(t, func() {
		s.Edit(t, ids[1], "changed")
		s.Delete(t, ids[2])

		if got := confirm(ids[0], "stays"); got != bridge.Unchanged {
			t.Errorf("unchanged: %v", got)
		}
		if got := confirm(ids[1], "changes"); got != bridge.Changed {
			t.Errorf("changed: %v", got)
		}
		if got := confirm(ids[2], "goes"); got != bridge.Gone {
			t.Errorf("gone: %v", got)
		}
		if a := s.waitForAction(t, bridge.VerbEdit, ids[1]); a.Text != "changed" {
			t.Errorf("the edit: %+v", a)
		}

		s.waitForAction(t, bridge.VerbDelete, ids[2])

		if got := confirm(ids[1], "changed"); got != bridge.Unchanged {
			t.Errorf("an edit that is known: %v", got)
		}
	})
}

// exerciseBadInput checks that Decode neither panics nor depends on anything but its input if a fact is damaged.
func exerciseBadInput(t *testing.T, s Stage) {
	root := s.openRoot(t)
	s.waitForAction(t, bridge.VerbSay, s.Say(t, root, "a good one"))
	for _, raw := range damagedFacts(s.Desk.Accepted()[0].Payload) {
		first, err1 := s.Surface.Decode(raw)
		second, err2 := s.Surface.Decode(raw)
		if (err1 == nil) != (err2 == nil) || !reflect.DeepEqual(first, second) {
			t.Errorf("%.60q: decoded as %+v, %v, then as %+v, %v", raw, first, err1, second, err2)
		}
	}
}

// damagedFacts returns inputs for Decode that are no facts: truncated and randomly modified copies of a valid fact, and other
// bytes. The numbers are large enough to hit each field of a fact, and small enough to be fast.
func damagedFacts(valid []byte) [][]byte {
	const (
		depth          = 100_000 // of nested lists, more than a parser accepts
		truncations    = 60
		modifications  = 300
		maxBytesChange = 5 // in one modified copy
	)

	damaged := [][]byte{
		nil,
		{},
		[]byte("riddle"),
		[]byte(`{}`),
		[]byte(`[]`),
		[]byte(`null`),
		[]byte("\xff\xfe"),
		bytes.Repeat([]byte("["), depth),
	}
	for n := 1; n < len(valid); n += max(1, len(valid)/truncations) {
		damaged = append(damaged, valid[:n])
	}

	random := rand.New(rand.NewSource(1))
	for range modifications {
		b := bytes.Clone(valid)
		for range 1 + random.Intn(maxBytesChange) {
			b[random.Intn(len(b))] = byte(random.Intn(math.MaxUint8 + 1))
		}
		damaged = append(damaged, b)
	}
	return damaged
}
