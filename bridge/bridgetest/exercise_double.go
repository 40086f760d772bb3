package bridgetest

import (
	"strings"
	"testing"
	"time"

	"parley/bridge"
)

// exerciseDouble checks how a thread is found that was opened twice, since the answer to the first attempt got lost.
// Asked about the second root (a thread's first message), the surface must find the first one. The second must still
// say that it may be one of two. For a root that is there once, the surface must find nothing.
func exerciseDouble(t *testing.T, s Stage) {
	p := s.post(bridge.PostRoot, "", "two roots")
	p.Facts.ID, p.Facts.Subject = 78, "two roots"
	first, err := s.Surface.Send(newContext(t), p) // and the answer is lost
	if err != nil {
		t.Fatal(err)
	}

	p.Attempt, p.Unsure = 2, true
	second := s.send(t, p)
	seek := func(token, root string) bridge.Sent {
		p := s.post(bridge.PostDouble, "", token)
		p.Facts, p.Place.Message = sampleFacts(), root
		return s.send(t, p)
	}

	found := seek("two roots", second.Message)
	isRight := s.Blind || found.Message == first.Message // a blind surface can't look
	if s.Blind != found.Blind || !isRight {
		t.Errorf("beside %s, %+v is found, not %s", second.Message, found, first.Message)
	}

	found = seek("root", s.openRoot(t))
	if s.Blind != found.Blind || found.Message != "" {
		t.Errorf("beside a root that is there once, %+v is found", found)
	}

	card := s.post(bridge.PostCard, second.Message, "card")
	for _, unsure := range []bool{true, false} {
		card.Unsure, card.FirstAttemptAt = unsure, card.FirstAttemptAt.Add(time.Second)
		s.send(t, card)
		shown := s.Shown(t, second.Message)
		if len(shown) == 0 || strings.Contains(shown[0].Text, "may be shown twice") != unsure {
			t.Errorf("a card says that it may be shown twice: want %v: %+v", unsure, shown)
		}
	}
}
