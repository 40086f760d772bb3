package bridgetest

import (
	"errors"
	"strings"
	"testing"

	"parley/bridge"
	"parley/channels"
)

// This part of the suite checks what a surface makes of failures: a thread that was deleted, a channel that was
// closed, and an answer that got lost, so that the engine can't tell whether its post was made.

// exerciseThreadLost checks that a post into a thread whose root is gone fails with ErrThreadLost or ErrMessageGone,
// and that a new thread can be opened.
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

// exerciseClosed checks that a post into a closed channel fails with ErrChannelClosed, a text and a hint for admins.
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

		var se *channels.SendError
		if !errors.As(err, &se) {
			t.Errorf("%s: nothing to tell admins: %v", kind, err)
		} else if se.Text == "" || se.Hint == "" {
			t.Errorf("%s: nothing to tell admins: %+v", kind, se)
		}
	}
}

// exerciseLostAnswers checks Reconcile after a lost answer: it must find the post if it was made, and only then. The
// suite then sends again what wasn't found, and the thread must show each post once. A blind surface finds nothing.
func exerciseLostAnswers(t *testing.T, s Stage) {
	root := s.openRoot(t)
	for _, kind := range []bridge.PostKind{bridge.PostSaid, bridge.PostLine, bridge.PostRoot} {
		for _, failure := range []string{FailLostAfter, FailLostBefore} {
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
			if failure == FailLostBefore || s.Blind {
				p.Unsure = kind != bridge.PostSaid || s.Blind
				if outcome != channels.Absent || sent.Blind != s.Blind {
					t.Fatalf("%s: reconciled %v %+v, %v", name, outcome, sent, err)
				}
				sent = s.send(t, p)
			} else if outcome != channels.Landed || sent.Message == "" {
				t.Fatalf("%s: reconciled %v %+v, %v", name, outcome, sent, err)
			}

			thread := root
			if kind == bridge.PostRoot {
				thread = sent.Message
			}

			found := 0
			for _, m := range s.Shown(t, thread) {
				if m.ID == sent.Message {
					found++
					if says := strings.Contains(m.Text, "may be shown twice"); says != p.Unsure {
						t.Errorf("%s: says that it may be shown twice: %v, want %v: %q", name, says, p.Unsure, m.Text)
					}
				}
			}
			if found != 1 {
				t.Errorf("%s: %d messages have its id: %+v", name, found, s.Shown(t, thread))
			}
		}
	}

	want := 5 // the root and four posts
	if s.Blind {
		want += 2 // the two that were posted before the answer was lost, once more
	}
	if n := len(s.Shown(t, root)); n != want {
		t.Errorf("%d messages in the thread, want %d: %+v", n, want, s.Shown(t, root))
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
