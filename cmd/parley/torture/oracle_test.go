package torture

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// The oracle plays an agent who clicks the buttons by which Parley asks what to do with a reply. These tests check
// which questions it answers, and what it records of its clicks.

// reply is the marker outbound-c001-2.
func reply() Marker {
	return Marker{Kind: Outbound, Conversation: 1, Number: 2}
}

// A line of Parley's is about the only reply that it names. The new text of that reply may stand beside it.
func TestReplyAskedAbout(t *testing.T) {
	t.Parallel()
	none := Marker{}
	for _, tt := range []struct {
		name string
		line string
		want Marker
	}{
		{name: "one reply", line: "not sent: outbound-c001-2", want: reply()},
		{name: "a reply twice, and its new text", line: "not sent: outbound-c001-2 (corrected: edited-c001-3) outbound-c001-2", want: reply()},
		{name: "two replies", line: "outbound-c001-2 outbound-c001-4", want: none},
		{name: "also a customer's message", line: "outbound-c001-2 inbound-c001-1", want: none},
		{name: "an internal message", line: "internal-c001-3", want: none},
		{name: "new text alone", line: "edited-c001-3", want: none},
		{name: "no marker", line: "nothing", want: none},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := replyAskedAbout(Post{Markers: MarkersIn(tt.line)}); got != tt.want {
				t.Errorf("%q is about %v, want %v", tt.line, got, tt.want)
			}
		})
	}
}

// The oracle's agent answers a question about a reply in the thread of its customer, and in no other.
func TestAnswerQuestionsInOwnThread(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		customer int // whose thread has the line
		want     int // clicks
	}{
		{name: "the thread of the reply", customer: 1, want: 1},
		{name: "another customer's thread", customer: 2, want: 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			t.Cleanup(srv.Close)
			o := newOracle()
			o.platform = Client{Slack: srv.URL}.Platform()

			inbound := Marker{Kind: Inbound, Conversation: tt.customer, Number: 1}
			line := Post{ID: "11", Markers: []Marker{reply()}, Buttons: map[string]string{verbSend: "b:send:"}}
			got, err := o.answerQuestions(t.Context(), Observation{Threads: []Thread{
				{Root: "1", Posts: []Post{{ID: "2", Author: "U1", Markers: []Marker{reply()}}}},
				{Root: "10", Posts: []Post{{ID: "10", CustomerName: "Dora", Markers: []Marker{inbound}}, line}},
			}})

			if err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("clicks: got %d, want %d", got, tt.want)
			}
		})
	}
}

// After a click about a reply, the customer may receive it later than others. The customer may receive it once more
// only if nobody could tell whether it had been sent, and the click asked for another attempt.
func TestRecordClick(t *testing.T) {
	t.Parallel()
	const root = "1"
	send, sendAgain, markAsSent := "b1", "b2", "b3"
	for _, tt := range []struct {
		name      string
		buttons   map[string]string // of the question
		button    string            // which is clicked
		isUnclear bool              // nobody can tell whether the reply was sent
		want      Clicks
	}{
		{
			name:    "send",
			buttons: map[string]string{verbSend: send},
			button:  send,
			want:    Clicks{Sends: 1},
		},
		{
			name:    "send again what failed for certain",
			buttons: map[string]string{verbSendAgain: sendAgain},
			button:  sendAgain,
			want:    Clicks{Sends: 1},
		},
		{
			name:      "send again what is unclear",
			buttons:   map[string]string{verbSendAgain: sendAgain, verbMarkAsSent: markAsSent},
			button:    sendAgain,
			isUnclear: true,
			want:      Clicks{Sends: 1, Resends: 1},
		},
		{
			name:      "mark as sent",
			buttons:   map[string]string{verbSendAgain: sendAgain, verbMarkAsSent: markAsSent},
			button:    markAsSent,
			isUnclear: true,
			want:      Clicks{Sends: 1},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newOracle()
			post := Post{Buttons: tt.buttons}
			o.recordClick(question{thread: Thread{Root: root}, post: post, reply: reply()}, tt.button)

			got := o.expectation.Clicks[reply()]
			if wasSent := tt.button != markAsSent; got.SentAt.IsZero() == wasSent {
				t.Errorf("the time of the last click that sends is %v; it sent %t", got.SentAt, wasSent)
			}
			got.SentAt = time.Time{}
			if got != tt.want {
				t.Errorf("clicks: got %+v, want %+v", got, tt.want)
			}
			if !o.expectation.ActedIn[root] {
				t.Error("the thread doesn't count as one in which the agent acted")
			}
			if got := o.unclear[reply()]; got != tt.isUnclear {
				t.Errorf("unclear: got %t, want %t", got, tt.isUnclear)
			}
			if got, want := o.asked[reply()], !tt.isUnclear; got != want {
				t.Errorf("asked: got %t, want %t", got, want)
			}
		})
	}
}

// A chat refuses a click on a button that has gone since it was seen. The oracle gets ErrClickIgnored, and goes on.
func TestClickOnRemovedButton(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusConflict) }))
	t.Cleanup(srv.Close)
	for _, tt := range []struct {
		name   string
		client Client
	}{
		{name: "Slack", client: Client{Slack: srv.URL}},
		{name: "Teams", client: Client{Teams: srv.URL}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.client.Platform().Click(t.Context(), "U1", "1", "send")
			if !errors.Is(err, ErrClickIgnored) {
				t.Errorf("got %v, want %v", err, ErrClickIgnored)
			}
		})
	}
}
