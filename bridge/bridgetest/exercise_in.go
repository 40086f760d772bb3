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

// This part of the suite checks the way from the chat to the engine. A person types, edits, deletes or clicks; the
// surface hands the engine a fact, the stored bytes of that event; and Decode turns the fact into actions, each with
// a verb such as "say" or "resolve".

// waitForAction waits for a fact that decodes to a verb about a message, and returns the first such action.
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

// decode decodes a fact, and checks that decoding it again gives the same and doesn't change the fact.
func (s Stage) decode(t *testing.T, f channels.Fact) []bridge.Action {
	t.Helper()
	stored := bytes.Clone(f.Payload)
	first, err1 := s.Surface.Decode(f.Payload)
	second, err2 := s.Surface.Decode(stored)
	isSame := reflect.DeepEqual(first, second) && bytes.Equal(stored, f.Payload)
	if errors.Join(err1, err2) != nil || !isSame {
		t.Fatalf("fact %s decodes to %+v, %v and %+v, %v", f.ExternalID, first, err1, second, err2)
	}

	const maxID = 500 // bytes that the engine takes
	hasID := f.ExternalID != "" && len(f.ExternalID) <= maxID
	if !hasID || f.OrderKey == "" {
		t.Errorf("fact %q with the order key %q", f.ExternalID, f.OrderKey)
	}

	return first
}

// exerciseSpeech checks which verb, text and marker the engine gets for what a person types.
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

// exerciseChanges checks that an edit and a deletion name the message, and that a later edit has a later version. The
// same version may come twice in a row.
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

// exerciseOwnPosts checks that Parley's own posts don't come back as words of a person.
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

// exerciseOrder checks that messages are ordered as they were typed, and that all facts of a thread have one order
// key.
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

// countActions counts the actions in all facts that were accepted; some facts have none.
func (s Stage) countActions(t *testing.T) (n int) {
	t.Helper()
	for _, f := range s.Desk.Accepted() {
		n += len(s.decode(t, f))
	}
	return n
}

// exerciseGap checks that what happened while the surface was offline comes once, after it is connected again, and
// that what it had accepted before doesn't come again.
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

	if s.Blind {
		if n := s.countActions(t) - before; n != 0 {
			t.Errorf("%d facts came of what can't be read", n)
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

	want := 2 // the message and the edit
	if s.FindsDeleted {
		s.waitForAction(t, bridge.VerbDelete, deleted)
		want++
	}

	for i := range 2 {
		if n := s.countActions(t) - before; n != want {
			t.Errorf("%d facts came after gap %d, want %d", n, i, want)
		}
		s.Offline(t, func() {})
	}
}

// exerciseConfirm checks that Confirm reads a message again, as the engine asks before some replies leave. If the
// message has changed without an event, the surface must hand in the change before Confirm returns.
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

// exerciseBadInput checks that Decode returns the same for the same bytes, even if they are no good fact.
func exerciseBadInput(t *testing.T, s Stage) {
	root := s.openRoot(t)
	s.waitForAction(t, bridge.VerbSay, s.Say(t, root, "a good one"))
	good := s.Desk.Accepted()[0].Payload
	const ( // enough to meet each field of a fact, and few enough to be fast
		depth   = 100_000 // of nested lists: more than a parser takes
		cuts    = 60      // of a good fact
		spoiled = 300     // good facts with some other bytes
		changes = 5       // of bytes in each, at most
	)

	bad := [][]byte{
		nil,
		{},
		[]byte("riddle"),
		[]byte(`{}`),
		[]byte(`[]`),
		[]byte(`null`),
		[]byte("\xff\xfe"),
		bytes.Repeat([]byte("["), depth),
	}
	for n := 1; n < len(good); n += max(1, len(good)/cuts) {
		bad = append(bad, good[:n])
	}

	random := rand.New(rand.NewSource(1))
	for range spoiled {
		b := bytes.Clone(good)
		for range 1 + random.Intn(changes) {
			b[random.Intn(len(b))] = byte(random.Intn(math.MaxUint8 + 1))
		}
		bad = append(bad, b)
	}

	for _, raw := range bad {
		first, err1 := s.Surface.Decode(raw)
		second, err2 := s.Surface.Decode(raw)
		if (err1 == nil) != (err2 == nil) || !reflect.DeepEqual(first, second) {
			t.Errorf("%.60q: decoded as %+v, %v, then as %+v, %v", raw, first, err1, second, err2)
		}
	}
}
