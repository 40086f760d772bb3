package site_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
)

// holdFirstRead tells a page of a change, and lets its next reading of itself go on only at goOn.
const holdFirstRead = `(() => {
	const read = window.fetch;
	window.reads = 0;
	window.fetch = async (...request) => {
		window.reads++;
		const answer = await read(...request);
		if (window.reads === 1) await new Promise((go) => { window.goOn = go; });
		return answer;
	};
	bringUp('a change');
	return '';
})()`

// In a browser the page brings itself up to date, and what somebody types stays; keys are enough to answer; it fits
// on a phone, in both themes.
//
func TestInboxInBrowser(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	b := s.Browser("ben@acme.test")
	b.Open("/inbox?list=unassigned")
	b.Shows("Nothing is here.")
	b.Looks("inbox-none")
	s.writes("support-mail", channelstest.Event{From: "maria@customer.test", Name: "Maria Rossi", Cc: []string{"paolo@customer.test"}, Subject: "Where is my lamp?",
		Text: "Hello,\n\nI ordered a lamp two weeks ago. Where is it?\n\nMaria", Quoted: "On Monday you wrote: it is on its way.", HTML: "<p>Hello</p>",
		Files: []channelstest.File{{Name: "order.pdf", Type: "application/pdf", Content: []byte("%PDF-1.4")}}})
	b.Shows("Maria Rossi")
	b.Looks("inbox-list")
	b.Press(".row a")
	b.Shows("I ordered a lamp two weeks ago.")
	b.Press("#reply")
	b.Keys("It comes ")
	s.writes("support-mail", channelstest.Event{From: "maria@customer.test", Name: "Maria Rossi", Conversation: 1, Text: "مرحبا، هل من أخبار؟ " + strings.Repeat("verylongword", 20)})
	b.Shows("مرحبا")
	if typed := b.Value("document.querySelector('#reply').value"); typed != "It comes " {
		t.Errorf("what was typed is %q", typed)
	}
	b.Press("#reply")
	b.Keys("on Monday.")
	b.Value(`(document.querySelector('#reply').dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', ctrlKey: true, bubbles: true, cancelable: true})), '')`)
	b.Shows("Sent")
	b.Shows("Ben Osei")
	if got := s.provider.Texts(); len(got) != 1 || got[0] != "It comes on Monday." {
		t.Errorf("the customer got %q", got)
	}
	b.Press(".say summary")
	b.Write("#note", "The depot was closed on Friday.")
	b.Press(".say details button, details.say button")
	b.Shows("The depot was closed on Friday.")
	b.Write("#other", "one fine day")
	b.Press("button[value=snooze]")
	b.Until("it says what is wrong", "document.querySelector('.problem')")
	b.Looks("inbox-refused")
	b.Open("/inbox/1")
	b.Looks("inbox-thread")
	s.late.says.Store(&bridge.ActResult{State: bridge.ActWaits})
	b.Press(".say summary")
	b.Write("#note", "It leaves tomorrow.")
	b.Press(".say details button, details.say button")
	b.Shows("will be done in a moment")
	b.Shows("It leaves tomorrow.")
	s.late.says.Store(&bridge.ActResult{State: bridge.ActRefused, Why: "It is resolved."}) // which changes nothing else
	b.Shows("That was not done. It is resolved.")
	if text := b.Text(); strings.Contains(text, "in a moment") {
		t.Errorf("the page still says:\n%s", text)
	}
	s.late.says.Store(nil)
	s.writes("support-mail", channelstest.Event{From: "maria@customer.test", Name: "Maria Rossi", Conversation: 1, Text: "Fine, thank you!"})
	b.Shows("Fine, thank you!")
	b.Value(holdFirstRead)
	b.Until("it reads the page", "window.goOn")
	b.Value("(bringUp('a change meanwhile'), window.goOn(), '')")
	b.Until("it reads the page again", "window.reads >= 2")
	b.Press("button[value=resolve]") // what came meanwhile was shown
	b.Shows("It is resolved.")
	b.Looks("inbox-resolved")
}

// The streams by which pages learn of changes are few, and end with the process.
func TestInboxStreams(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	s.writes("support-mail", channelstest.Event{From: "kim@customer.test", Name: "Kim", Subject: "Lamp", Text: "Hello"})
	cookie := s.Visitor("ben@acme.test").Cookie()
	var open []*http.Response
	for range 9 {
		r, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodGet, s.URL+"/inbox/live?conversation=1", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.AddCookie(cookie)
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		open = append(open, a)
	}
	for i, a := range open {
		want := http.StatusOK
		if i == 8 {
			want = http.StatusServiceUnavailable
		}
		if a.StatusCode != want {
			t.Errorf("stream %d: %d", i, a.StatusCode)
		}
	}
	lines := bufio.NewScanner(open[0].Body)
	for stamps := 0; stamps < 2; {
		if !lines.Scan() {
			t.Fatalf("the stream ended: %v", lines.Err())
		}
		if strings.HasPrefix(lines.Text(), "data: ") {
			if stamps++; stamps == 1 {
				s.writes("support-mail", channelstest.Event{From: "kim@customer.test", Name: "Kim", Conversation: 1, Text: fmt.Sprint("More ", stamps)})
			}
		}
	}
	s.stop()
	for i, a := range open[:8] {
		rest := bufio.NewScanner(a.Body)
		for rest.Scan() { // ends because the process does
		}
		if rest.Err() != nil {
			t.Errorf("stream %d: %v", i, rest.Err())
		}
	}
}
