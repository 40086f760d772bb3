package bridgetest

import (
	"bytes"
	"fmt"
	"math/rand"
	"reflect"
	"slices"
	"strings"
	"testing"

	"parley/bridge"
	"parley/channels"
)

// action waits for the first fact, after those before, that decodes to a verb about a
// message, and checks that decoding is pure.
func (s Stage) action(t *testing.T, verb bridge.Verb, message string) bridge.Action {
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

func (s Stage) decode(t *testing.T, f channels.Fact) []bridge.Action {
	t.Helper()
	stored := bytes.Clone(f.Payload)
	first, err := s.Surface.Decode(f.Payload)
	again, errAgain := s.Surface.Decode(stored)
	if err != nil || errAgain != nil || !reflect.DeepEqual(first, again) || !bytes.Equal(stored, f.Payload) {
		t.Fatalf("fact %s decodes to %+v, %v and %+v, %v", f.ExternalID, first, err, again, errAgain)
	}
	if f.ExternalID == "" || len(f.ExternalID) > 500 || f.OrderKey == "" {
		t.Errorf("fact %q with the order key %q", f.ExternalID, f.OrderKey)
	}
	return first
}

// exerciseSpeech: what a person types is what the engine gets.
func exerciseSpeech(t *testing.T, s Stage) {
	root := s.root(t)
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
		a := s.action(t, tt.verb, id)
		if a.Marker != tt.marker || tt.text != "" && a.Text != tt.text {
			t.Errorf("%q became %+v", tt.typed, a)
		}
		if a.Actor.ID != s.Agent || a.Actor.Kind != bridge.ActorPerson || a.Place.Channel != s.Channel || a.Place.Thread != root || a.Order == "" || !a.OwnThread {
			t.Errorf("%q was said by %+v at %+v, order %q, own thread %v", tt.typed, a.Actor, a.Place, a.Order, a.OwnThread)
		}
	}
	verb := s.action(t, bridge.VerbResolve, s.Say(t, root, "!resolve new cable"))
	if verb.Args.Note != "new cable" {
		t.Errorf("!resolve became %+v", verb)
	}
	a := s.action(t, bridge.VerbSay, s.Say(t, root, s.Mention(s.Other)+" have a look"))
	if !slices.Equal(a.Mentions, []string{s.Other}) {
		t.Errorf("a mention became %+v", a)
	}
}

// exerciseChanges: an edit and a deletion name the message; a later edit has a later version. One version that is told
// twice counts once.
func exerciseChanges(t *testing.T, s Stage) {
	root := s.root(t)
	id := s.Say(t, root, "Hi Kin")
	s.action(t, bridge.VerbSay, id)
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
	if !slices.IsSorted(versions) || !strings.Contains(versions[0], "Hi Kim") || !strings.HasSuffix(versions[1], string(bridge.MarkNote)) {
		t.Errorf("edits: %q", versions)
	}
	s.Delete(t, id)
	if a := s.action(t, bridge.VerbDelete, id); a.Place.Channel != s.Channel {
		t.Errorf("a deletion: %+v", a)
	}
}

// exerciseOwnPosts: our own posts never come back as somebody's words.
func exerciseOwnPosts(t *testing.T, s Stage) {
	root := s.root(t)
	s.say(t, root, "said", "our own")
	s.send(t, s.post(bridge.PostLine, root, "line"))
	s.send(t, s.post(bridge.PostCard, root, "card"))
	s.action(t, bridge.VerbSay, s.Say(t, root, "somebody's"))
	for _, f := range s.Desk.Accepted() {
		for _, a := range s.decode(t, f) {
			if a.Actor.Kind == bridge.ActorPerson && a.Text != "somebody's" {
				t.Errorf("our own post came back as %+v", a)
			}
		}
	}
}

// exerciseOrder: the surface's order is that of typing, and all of a thread has one key.
func exerciseOrder(t *testing.T, s Stage) {
	root := s.root(t)
	var ids, orders []string
	for i := range 6 {
		ids = append(ids, s.Say(t, root, fmt.Sprint("message ", i)))
	}
	for _, id := range ids {
		orders = append(orders, s.action(t, bridge.VerbSay, id).Order)
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

// told counts what all that was accepted says; some facts say nothing.
func (s Stage) told(t *testing.T) (n int) {
	t.Helper()
	for _, f := range s.Desk.Accepted() {
		n += len(s.decode(t, f))
	}
	return n
}

// exerciseGap: what was missed comes after the reconnect, each once; what was known does not
// come again.
func exerciseGap(t *testing.T, s Stage) {
	root := s.root(t)
	known, gone := s.Say(t, root, "known before"), s.Say(t, root, "deleted meanwhile")
	s.action(t, bridge.VerbSay, known)
	s.action(t, bridge.VerbSay, gone)
	before := s.told(t)
	var missed string
	s.Offline(t, func() {
		missed = s.Say(t, root, "missed")
		s.Edit(t, known, "known, edited")
		s.Delete(t, gone)
	})
	if s.Blind {
		if n := s.told(t) - before; n != 0 {
			t.Errorf("%d facts came of what can't be read", n)
		}
		s.action(t, bridge.VerbSay, s.Say(t, root, "connected again"))
		return
	}
	if a := s.action(t, bridge.VerbSay, missed); a.Origin != bridge.OriginCatchUp || a.Text != "missed" || a.Actor.ID != s.Agent || a.Place.Thread != root {
		t.Errorf("what was missed: %+v", a)
	}
	if a := s.action(t, bridge.VerbEdit, known); a.Text != "known, edited" {
		t.Errorf("the edit that was missed: %+v", a)
	}
	want := 2
	if s.FindsDeleted {
		s.action(t, bridge.VerbDelete, gone)
		want = 3
	}
	for i := range 2 {
		if n := s.told(t) - before; n != want {
			t.Errorf("%d facts came after gap %d, want %d", n, i, want)
		}
		s.Offline(t, func() {})
	}
}

// exerciseConfirm: a message is read again; what changed unseen is passed on first.
func exerciseConfirm(t *testing.T, s Stage) {
	root := s.root(t)
	ids := []string{s.Say(t, root, "stays"), s.Say(t, root, "changes"), s.Say(t, root, "goes")}
	for _, id := range ids {
		s.action(t, bridge.VerbSay, id)
	}
	confirm := func(id, text string) bridge.Confirmation {
		t.Helper()
		got, err := s.Surface.Confirm(within(t), bridge.Place{Channel: s.Channel, Thread: root, Message: id}, text)
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
		if a := s.action(t, bridge.VerbEdit, ids[1]); a.Text != "changed" {
			t.Errorf("the edit: %+v", a)
		}
		s.action(t, bridge.VerbDelete, ids[2])
		if got := confirm(ids[1], "changed"); got != bridge.Unchanged {
			t.Errorf("an edit that is known: %v", got)
		}
	})
}

// exerciseBadInput: whatever the bytes are, decoding ends the same way each time.
func exerciseBadInput(t *testing.T, s Stage) {
	root := s.root(t)
	s.action(t, bridge.VerbSay, s.Say(t, root, "a good one"))
	good := s.Desk.Accepted()[0].Payload
	bad := [][]byte{nil, {}, []byte("riddle"), []byte(`{}`), []byte(`[]`), []byte(`null`), {0xff, 0xfe}, bytes.Repeat([]byte("["), 100_000)}
	for n := 1; n < len(good); n += max(1, len(good)/60) {
		bad = append(bad, good[:n])
	}
	random := rand.New(rand.NewSource(1))
	for range 300 {
		b := bytes.Clone(good)
		for range 1 + random.Intn(5) {
			b[random.Intn(len(b))] = byte(random.Intn(256))
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
