package teams

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
)

// newPost makes a post in the conversation's thread. The surface tells posts of one kind apart by their token.
func (w *world) newPost(kind bridge.PostKind, token string) bridge.Post {
	return bridge.Post{
		Kind: kind, Token: token, Attempt: 1, FirstAttemptAt: time.Now(),
		Place: bridge.Place{Channel: w.channel, Thread: w.root}, Facts: sampleFacts(),
	}
}

// newRoot makes the first post of a new thread.
func (w *world) newRoot(token, channel string) bridge.Post {
	p := w.newPost(bridge.PostRoot, token)
	p.Place = bridge.Place{Channel: channel}
	return p
}

// newSaid makes a customer's message, whose text ends with the token.
func (w *world) newSaid(root, token string) bridge.Post {
	p := w.newPost(bridge.PostSaid, token)
	p.Place.Thread, p.Said = root, &bridge.Said{MessageID: 1, From: sampleFacts().Contact, Text: "Help " + token}
	return p
}

// newCard makes a post that changes the card of the conversation's root.
func (w *world) newCard() bridge.Post {
	p := w.newPost(bridge.PostCard, "card")
	p.Place = bridge.Place{Channel: w.channel, Message: w.root}
	return p
}

// newWhisper makes a post that only one person sees.
func (w *world) newWhisper(to bridge.SurfaceUser) bridge.Post {
	p := w.newPost(bridge.PostEphemeral, "whisper")
	p.To, p.Line = to, &bridge.Line{Content: &bridge.RefusedLine{Why: bridge.InWords("There is a reason.")}, Verb: bridge.VerbTake}
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
func (w *world) mustSendAll(p bridge.Post) {
	w.t.Helper()
	for more := true; more; p.Part++ {
		more = w.mustSend(p).More
	}
}

// mustFail sends a post, which has to fail with words for people.
func (w *world) mustFail(p bridge.Post) *channels.SendError {
	w.t.Helper()
	_, err := w.surface.Send(w.ctx(), p)
	se := wantSendError(w.t, err)
	if se.Text == "" {
		w.t.Fatalf("got error %v without words for people, want some", err)
	}
	return se
}

// wantSendError checks that an error is one of Send, and returns it for closer looks.
func wantSendError(t *testing.T, err error) *channels.SendError {
	t.Helper()
	var se *channels.SendError
	if !errors.As(err, &se) {
		t.Fatalf("got error %v, want a *channels.SendError", err)
	}
	return se
}

// wantReconciled checks what Reconcile finds of a post, and returns where.
func (w *world) wantReconciled(p bridge.Post, want channels.Outcome) bridge.Sent {
	w.t.Helper()
	outcome, sent, err := w.surface.Reconcile(w.ctx(), p)
	noError(w.t, err)
	wantEqual(w.t, "outcome of Reconcile", outcome, want)
	return sent
}

// openThread opens a thread of the conversation in Customers, and returns its root. The desk knows the thread as ours.
func (w *world) openThread() string {
	w.t.Helper()
	sent := w.mustSend(w.newRoot("root", w.channel))
	w.desk.Own(w.channel, sent.Message)
	w.desk.mu.Lock()
	defer w.desk.mu.Unlock()
	w.desk.root = bridge.Place{Channel: w.channel, Thread: sent.Message, Message: sent.Message}
	return sent.Message
}

// postLine posts a line in a thread, and returns its id. The desk knows it as ours.
func (w *world) postLine(root string, l bridge.Line) string {
	w.t.Helper()
	p := w.newPost(bridge.PostLine, "line "+string(l.Kind()))
	p.Place.Thread, p.Line = root, &l
	sent := w.mustSend(p)
	w.desk.Own(w.channel, sent.Message)
	return sent.Message
}

// fileWith is a file of a customer's message.
func fileWith(name, contentType string, content []byte) channels.File {
	return channels.File{
		Name: name, ContentType: contentType, SizeBytes: int64(len(content)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil },
	}
}

// wantReport checks which condition of the surface was told last, and with which words.
func (w *world) wantReport(want channels.ConditionStatus, words ...string) {
	w.t.Helper()
	got, _ := w.desk.lastReport()
	wantEqual(w.t, "status that was told last", got.Status, want)
	wantWords(w.t, got.Text, words...)
}

// wantReports checks how often a condition was told so far.
func (w *world) wantReports(want int) {
	w.t.Helper()
	if last, got := w.desk.lastReport(); got != want {
		w.t.Errorf("conditions were told %d times, want %d; the last is %+v", got, want, last)
	}
}

// wantClosed checks that a post fails because its channel is closed, and returns the failure.
func (w *world) wantClosed(p bridge.Post) *channels.SendError {
	w.t.Helper()
	se := w.mustFail(p)
	if !errors.Is(se, bridge.ErrChannelClosed) {
		w.t.Errorf("the post %s fails with %v, want that its channel is closed", p.Token, se)
	}
	return se
}
