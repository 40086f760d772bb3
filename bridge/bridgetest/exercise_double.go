package bridgetest

import (
	"strings"
	"testing"
	"time"

	"parley/bridge"
)

// exerciseDouble checks how a surface handles a thread that was opened twice. That happens if the answer to the first
// attempt to post its root (its first message) is lost, so that the engine tries again. The second root must say that it may
// be a duplicate. A PostDouble for the second root must find the first one, and must find nothing for a root without a
// duplicate.
func exerciseDouble(t *testing.T, s Stage) {
	p := s.post(bridge.PostRoot, "", "two roots")
	p.Facts.ID, p.Facts.Subject = 78, "two roots"
	first, err := s.Surface.Send(newContext(t), p) // the engine would not get this answer
	if err != nil {
		t.Fatal(err)
	}

	p.Attempt, p.Unsure = 2, true
	second := s.send(t, p)
	findDouble := func(token, root string) bridge.Sent {
		p := s.post(bridge.PostDouble, "", token)
		p.Facts, p.Place.Message = sampleFacts(), root
		return s.send(t, p)
	}

	found := findDouble("two roots", second.Message)
	isExpected := s.Blind || found.Message == first.Message // a blind surface can't search
	if s.Blind != found.Blind || !isExpected {
		t.Errorf("the duplicate of %s is %+v, want %s", second.Message, found, first.Message)
	}

	found = findDouble("root", s.openRoot(t))
	if s.Blind != found.Blind || found.Message != "" {
		t.Errorf("a root without a duplicate has the duplicate %+v", found)
	}

	card := s.post(bridge.PostCard, second.Message, "card")
	for _, unsure := range []bool{true, false} {
		card.Unsure, card.FirstAttemptAt = unsure, card.FirstAttemptAt.Add(time.Second)
		s.send(t, card)
		shown := s.Shown(t, second.Message)
		if len(shown) == 0 || strings.Contains(shown[0].Text, "may be shown twice") != unsure {
			t.Errorf("want a card that says that it may be shown twice: %v; got %+v", unsure, shown)
		}
	}
}
