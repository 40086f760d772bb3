package twilio

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
)

// This file has what tests do and check in a world. harness_test.go makes the world.

// annWrites lets Ann write a text, and returns the id of her message.
func (w *world) annWrites(text string) string {
	w.t.Helper()
	return w.annSends(twiliofake.Message{Text: text})
}

// annSends lets Ann send any message, and returns its id.
func (w *world) annSends(m twiliofake.Message) string {
	w.t.Helper()
	sid, err := w.ann.Send(m)
	noError(w.t, err)
	return sid
}

// pngMedia is a picture to send with a message.
func pngMedia(content string) []twiliofake.Media {
	return []twiliofake.Media{{ContentType: "image/png", Content: []byte(content)}}
}

// loadMemory returns what the channel remembers about its looks at Twilio's lists.
func (w *world) loadMemory() *memory {
	w.t.Helper()
	m, err := w.base.loadMemory(w.t.Context())
	noError(w.t, err)
	return &m
}

// poll looks at Twilio's lists once, and reports whether there is more to take. It fails the test if that fails.
func (w *world) poll(m *memory) (hasMore bool) {
	w.t.Helper()
	hasMore, err := w.base.pollOnce(w.t.Context(), m)
	noError(w.t, err)
	return hasMore
}

// outbound makes a message to Ann.
func (w *world) outbound(id int64, text string) channels.Outbound {
	return channels.Outbound{
		DeliveryID:     id,
		ConversationID: 1,
		MessageID:      id,
		Attempt:        channels.Attempt{Number: 1},
		To:             []channels.Party{{Key: annPhone}},
		Text:           text,
	}
}

// send makes one attempt to send a message.
func (w *world) send(o channels.Outbound) (channels.Receipt, error) {
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	return w.channel.Send(ctx, o)
}

// mustSend makes one attempt to send a message, and fails the test if that fails.
func (w *world) mustSend(o channels.Outbound) channels.Receipt {
	w.t.Helper()
	r, err := w.send(o)
	if err != nil {
		w.t.Fatalf("sending %q: %v", o.Text, err)
	}
	return r
}

// mustSendAll sends all parts of a message.
func (w *world) mustSendAll(o channels.Outbound) {
	w.t.Helper()
	for w.mustSend(o).More {
		o.Attempt.Part++
	}
}

// loseAnswer sends a message whose answer is lost after Twilio took it.
func (w *world) loseAnswer(o channels.Outbound) {
	w.t.Helper()
	w.fake.AddFault(twiliofake.Fault{Route: "POST /Messages", Kind: twiliofake.FaultDropAfter})
	w.wantSendFails("an answer that is lost", o, channels.Ambiguous)
}

// wantAnnGot waits until Twilio is done, and checks the texts that Ann's phone shows.
func (w *world) wantAnnGot(want ...string) {
	w.t.Helper()
	w.waitSettled()
	if got := w.ann.Texts(); !slices.Equal(got, want) {
		w.t.Errorf("Ann's phone shows %q, want %q", got, want)
	}
}

// waitSettled waits until Twilio is done with everything that was sent.
func (w *world) waitSettled() {
	w.t.Helper()
	w.wait("Twilio is done", func() bool {
		return !slices.ContainsFunc(w.fake.Messages(), func(m twiliofake.Stored) bool { return m.Status == "queued" || m.Status == "sent" })
	})
}

// wantClass checks that err is a *SendError of a class and has words for people, and returns it.
func wantClass(t *testing.T, tried string, err error, want channels.Class) *channels.SendError {
	t.Helper()
	var se *channels.SendError
	if !errors.As(err, &se) {
		t.Fatalf("%s: got the error %v, want a *SendError", tried, err)
	}
	if se.Text == "" {
		t.Errorf("%s: the error %+v has no words for people", tried, se)
	}
	wantEqual(t, tried+": class of the error", se.Class, want)
	return se
}

// wantSendFails checks that a message is refused with an error of a class.
func (w *world) wantSendFails(tried string, o channels.Outbound, want channels.Class) *channels.SendError {
	w.t.Helper()
	_, err := w.send(o)
	return wantClass(w.t, tried, err, want)
}

// noError ends the test if something failed.
func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantEqual checks a value. what names the value in the error.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

// wantText checks that a text contains words.
func wantText(t *testing.T, what, text, words string) {
	t.Helper()
	if !strings.Contains(text, words) {
		t.Errorf("%s: got %q, want %q in it", what, text, words)
	}
}

// wantNoAnswers checks that Parley's answers to callbacks had nothing that Twilio sends to the customer.
func (w *world) wantNoAnswers() {
	w.t.Helper()
	if a := w.fake.Answers(); len(a) > 0 {
		w.t.Errorf("callbacks answered %q, which went to customers", a)
	}
}

// lastForm returns the form of the last request to send a message.
func (w *world) lastForm() url.Values {
	w.t.Helper()
	var form url.Values
	for _, r := range w.fake.Requests() {
		if r.Method == http.MethodPost && strings.HasSuffix(r.Path, "/Messages.json") {
			var err error
			if form, err = url.ParseQuery(string(r.Body)); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	return form
}

// publicFile is a file with an address that Twilio can fetch.
func publicFile(t *testing.T, name, kind, content string) channels.File {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = io.WriteString(w, content)
	}))
	t.Cleanup(srv.Close)
	return channels.File{
		Name:        name,
		ContentType: kind,
		SizeBytes:   int64(len(content)),
		Link:        func() (string, error) { return srv.URL + "/" + name, nil },
	}
}
