package slack

import (
	"errors"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
)

// postRoot posts the card of a conversation in #support and returns its place.
func (w *world) postRoot() bridge.Place {
	w.t.Helper()
	sent := w.mustSend(bridge.Post{
		Kind: bridge.PostRoot, Token: "root", Attempt: 1, Place: bridge.Place{Channel: w.channel}, Facts: sampleFacts(),
	})
	return bridge.Place{Channel: w.channel, Thread: sent.Thread, Message: sent.Message}
}

// eveSaid is a message of a customer.
func eveSaid(text string) *bridge.Said {
	return &bridge.Said{MessageID: 7, From: bridge.PartyRef{Name: "Eve & Co", Address: "eve@example.org"}, At: when(), Text: text}
}

// newPost makes a post in a root's thread. The surface tells posts of one kind apart by their token.
func (w *world) newPost(kind bridge.PostKind, root bridge.Place, token string) bridge.Post {
	return bridge.Post{
		Kind: kind, Token: token, Attempt: 1, FirstAttemptAt: time.Now(), Place: bridge.Place{Channel: root.Channel, Thread: root.Message},
		Facts: sampleFacts(), Said: eveSaid("Hello"),
		Line: &bridge.Line{Content: bridge.LineReopened, Mentions: []bridge.AgentRef{{ID: 1, Name: "Ann", User: bridge.SurfaceUser(w.ann)}}},
	}
}

// newFilesPost makes a post of files in a root's thread.
func (w *world) newFilesPost(root bridge.Place, files ...channels.File) bridge.Post {
	p := w.newPost(bridge.PostFiles, root, "t1")
	p.Files = files
	return p
}

// mustSend sends one part of a post.
func (w *world) mustSend(p bridge.Post) bridge.Sent {
	w.t.Helper()
	sent, err := w.surface.Send(w.ctx(), p)
	noError(w.t, err)
	return sent
}

// mustSendAll sends all parts of a post, as the engine does.
func (w *world) mustSendAll(p bridge.Post) bridge.Sent {
	w.t.Helper()
	for {
		sent := w.mustSend(p)
		if !sent.More {
			return sent
		}
		p.Part, p.Progress = p.Part+1, sent.Progress
	}
}

// sendPatiently sends all parts of a post, as the engine does. Each time that the surface asks to wait, it
// calls onWait in place of waiting, and sends the same part again.
func (w *world) sendPatiently(p bridge.Post, onWait func()) bridge.Sent {
	w.t.Helper()
	for {
		sent, err := w.surface.Send(w.ctx(), p)
		if err != nil {
			se := wantSendError(w.t, err, channels.Retry)
			if se.Wait == 0 || sent.Progress == "" {
				w.t.Fatalf("got %v with the progress %q, want a time to wait and what was done so far", se, sent.Progress)
			}
			p.Progress = sent.Progress
			onWait()
			continue
		}
		if !sent.More {
			return sent
		}
		p.Part, p.Progress = p.Part+1, sent.Progress
	}
}

// wantReconciled checks what Reconcile finds of a post, and returns where.
func (w *world) wantReconciled(p bridge.Post, want channels.Outcome) bridge.Sent {
	w.t.Helper()
	outcome, sent, err := w.surface.Reconcile(w.ctx(), p)
	noError(w.t, err)
	wantEqual(w.t, "outcome of Reconcile", outcome, want)
	return sent
}

// waitInThread waits until Slack has so many messages in a thread, with its root.
func (w *world) waitInThread(root bridge.Place, number int) {
	w.t.Helper()
	noError(w.t, w.fake.WaitFor(w.ctx(), func() bool { return len(w.fake.Thread(w.channel, root.Message)) >= number }))
}

// wantSendError checks how an error of Send is classified, and returns it for closer looks.
func wantSendError(t *testing.T, err error, class channels.Class) *channels.SendError {
	t.Helper()
	var se *channels.SendError
	if !errors.As(err, &se) {
		t.Fatalf("got error %v, want one of class %s", err, class)
	}
	if se.Class != class {
		t.Fatalf("got error %v of class %s, want class %s", err, se.Class, class)
	}
	return se
}

// wantSendErrorIs checks also what the error says is gone.
func wantSendErrorIs(t *testing.T, err error, class channels.Class, gone error) {
	t.Helper()
	_ = wantSendError(t, err, class)
	if !errors.Is(err, gone) {
		t.Fatalf("got error %v, want one that is %v", err, gone)
	}
}
