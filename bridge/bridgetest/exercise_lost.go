package bridgetest

import (
	"errors"
	"strings"
	"testing"

	"parley/bridge"
	"parley/channels"
)

// This part of the suite for surfaces (see ExerciseSurface) checks failures: a deleted thread, a closed channel, and a lost
// answer, after which the engine doesn't know whether its post was made.

// exerciseThreadLost checks that posts into a thread whose root (first message) was deleted fail with ErrThreadLost or
// ErrMessageGone, and that a new thread can be opened.
func exerciseThreadLost(t *testing.T, s Stage) {
	root := s.openRoot(t)
	s.Vanish(t, root)
	for _, kind := range []bridge.PostKind{bridge.PostSaid, bridge.PostLine, bridge.PostCard} {
		_, err := s.Surface.Send(newContext(t), s.post(kind, root, "lost "+string(kind)))
		if !errors.Is(err, bridge.ErrThreadLost) && !errors.Is(err, bridge.ErrMessageGone) {
			t.Errorf("%s: %v", kind, err)
		}
		if channels.ClassOf(err) == channels.Ambiguous {
			t.Errorf("%s is ambiguous: %v", kind, err)
		}
	}

	newRoot := s.send(t, s.post(bridge.PostRoot, "", "root again")).Message
	s.postSaid(t, newRoot, "said", "in the new thread")
	got := s.Shown(t, newRoot)
	if newRoot == root || len(got) != 2 {
		t.Errorf("the new thread shows %+v", got)
	}
}

// exerciseClosed checks that posts into a closed channel fail with ErrChannelClosed, and with a text and a hint for admins.
func exerciseClosed(t *testing.T, s Stage) {
	root := s.openRoot(t)
	s.Close(t)
	for _, kind := range []bridge.PostKind{bridge.PostRoot, bridge.PostSaid} {
		thread := root
		if kind == bridge.PostRoot {
			thread = ""
		}

		_, err := s.Surface.Send(newContext(t), s.post(kind, thread, "closed "+string(kind)))
		if !errors.Is(err, bridge.ErrChannelClosed) || channels.ClassOf(err) == channels.Ambiguous {
			t.Errorf("%s: %v", kind, err)
		}

		var failure *channels.SendError
		hasTexts := errors.As(err, &failure) && failure.Text != "" && failure.Hint != ""
		if !hasTexts {
			t.Errorf("%s: lacks a text or a hint for admins: %v", kind, err)
		}
	}
}

// exerciseLostAnswers checks Reconcile after lost answers. It must find a post if and only if it was made. Posts that it
// doesn't find are sent again, so that in the end the thread shows each post once.
func exerciseLostAnswers(t *testing.T, s Stage) {
	root := s.openRoot(t)
	for _, kind := range []bridge.PostKind{bridge.PostSaid, bridge.PostLine, bridge.PostRoot} {
		for _, failure := range []string{FailLostAfter, FailLostBefore} {
			s.loseAnswer(t, root, kind, failure)
		}
	}

	want := 5 // the root and four posts
	if s.Blind {
		want += 2 // the two posts that were made but could not be found
	}
	if n := len(s.Shown(t, root)); n != want {
		t.Errorf("%d messages in the thread, want %d: %+v", n, want, s.Shown(t, root))
	}
}

// loseAnswer makes one post whose answer gets lost, reconciles it, and sends it again if it was not found. A post that is
// sent again must say that it may be a duplicate, except a customer's message on a surface that isn't blind.
func (s Stage) loseAnswer(t *testing.T, root string, kind bridge.PostKind, failure string) {
	t.Helper()
	name := string(kind) + " " + failure
	p := s.post(kind, root, "token "+name)
	if kind == bridge.PostRoot {
		p = s.post(kind, "", "token "+name)
		p.Facts.ID, p.Facts.Subject = 77, name
	}
	if p.Said != nil {
		p.Said = makeSaid(name)
	}
	if p.Line != nil {
		p.Line.By.Name = name
	}

	s.Fail(t, failure, kind)
	_, err := s.Surface.Send(newContext(t), p)
	_ = checkFailure(t, err, channels.Ambiguous)
	p.Attempt = 2
	outcome, sent, err := s.Surface.Reconcile(newContext(t), p)
	canBeFound := failure == FailLostAfter && !s.Blind
	if canBeFound {
		if outcome != channels.Landed || sent.Message == "" {
			t.Fatalf("%s: reconciled %v %+v, %v", name, outcome, sent, err)
		}
	} else {
		if outcome != channels.Absent || sent.Blind != s.Blind {
			t.Fatalf("%s: reconciled %v %+v, %v", name, outcome, sent, err)
		}
		p.Unsure = kind != bridge.PostSaid || s.Blind
		sent = s.send(t, p)
	}

	thread := root
	if kind == bridge.PostRoot {
		thread = sent.Message
	}
	s.checkShownOnce(t, name, thread, sent.Message, p.Unsure)
}

// checkShownOnce checks that a thread shows a message once, and whether the message says that it may be a duplicate. name
// names the case in failures.
func (s Stage) checkShownOnce(t *testing.T, name, thread, message string, unsure bool) {
	t.Helper()
	shown := s.Shown(t, thread)
	found := 0
	for _, m := range shown {
		if m.ID != message {
			continue
		}
		found++
		if says := strings.Contains(m.Text, "may be shown twice"); says != unsure {
			t.Errorf("%s: says that it may be shown twice: %v, want %v: %q", name, says, unsure, m.Text)
		}
	}
	if found != 1 {
		t.Errorf("%s: %d messages have the id %s: %+v", name, found, message, shown)
	}
}

// exerciseNothing checks that Reconcile doesn't find a post that was never made.
func exerciseNothing(t *testing.T, s Stage) {
	root := s.openRoot(t)
	s.postSaid(t, root, "another", "another")
	for range 2 {
		if outcome, _, _ := s.Surface.Reconcile(newContext(t), s.post(bridge.PostSaid, root, "never")); outcome == channels.Landed {
			t.Error("what was never posted has landed")
		}
	}
}
