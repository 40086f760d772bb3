package site_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
	"parley/channels/emulator"
	"parley/cmd/parley/site/sitetest"
	"parley/store/storetest"
)

// holdFirstRead is a script that tells a page of a change, and holds the answer when the page reads itself again,
// until goOn is called. reads counts how often the page has read itself.
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

// mariaWrites lets the customer's first mail come: conversation 1.
func mariaWrites(s *inboxSite) {
	s.T.Helper()
	s.receive("support-mail", channelstest.Event{
		From:    "maria@customer.test",
		Name:    "Maria Rossi",
		Cc:      []string{"paolo@customer.test"},
		Subject: "Where is my lamp?",
		Text:    "Hello,\n\nI ordered a lamp two weeks ago. Where is it?\n\nMaria",
		HTML:    "<p>Hello</p>",
		Files:   []channelstest.File{{Name: "order.pdf", Type: "application/pdf", Content: []byte("%PDF-1.4")}},
	})
}

// mariaAdds lets another message of the customer come.
func mariaAdds(s *inboxSite, text string) {
	s.T.Helper()
	s.receive("support-mail", channelstest.Event{
		From:         "maria@customer.test",
		Name:         "Maria Rossi",
		Cc:           []string{"paolo@customer.test"}, // without, a reply that was begun before would be refused: he gets none any more
		Conversation: 1,
		Text:         text,
	})
}

// addNote writes a note on the page of a conversation.
func addNote(b *sitetest.Browser, text string) {
	b.Press(".say summary")
	b.Write("#note", text)
	b.Press(".say details button, details.say button")
}

// In a browser the lists and the conversation bring themselves up to date, and fit on a phone, in both themes.
// Requirement R-274: An inbox in the browser.
func TestInboxInBrowser(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	b := s.Browser("ben@acme.test")
	b.Open("/inbox?list=unassigned")
	b.Shows("Nothing is here.")
	b.Looks("inbox-none")

	mariaWrites(s)
	b.Shows("Maria Rossi")
	storetest.Exec(t, s.Pool, `UPDATE conversations
		SET traits = jsonb_build_object('name', $1::text, 'urgent', 'now', 'sentiment', 'frustrated', 'was', 'negative'),
		tags = '{Escalated,Follow-up Required,Billing,VIP Customer}' || ARRAY(SELECT $2 || n FROM generate_series(1, 16) AS n)`,
		"Rossi & Söhne "+strings.Repeat("Leuchten", 5), strings.Repeat("langer", 8)+" Tag ")
	b.Shows("Looks urgent")
	b.Looks("inbox-list")
	b.Press(".row a")
	b.Shows("I ordered a lamp two weeks ago.")

	addNote(b, "The depot was closed on Friday.")
	b.Shows("The depot was closed on Friday.")
	mariaAdds(s, "مرحبا، هل من أخبار؟ "+strings.Repeat("verylongword", 20))
	b.Shows("مرحبا")
	b.Looks("inbox-thread")
}

// A reply that Ben is typing stays while the page brings itself up to date. Keys are enough to send it.
// Requirement R-274: An inbox in the browser.
func TestInboxKeepsWhatIsTyped(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	mariaWrites(s)
	b := s.Browser("ben@acme.test")
	b.Open("/inbox/1")
	b.Press("#reply")
	b.Keys("It comes ")
	mariaAdds(s, "Any news?")
	b.Shows("Any news?")
	if typed := b.Value("document.querySelector('#reply').value"); typed != "It comes " {
		t.Errorf("after the page was brought up to date, the reply is %q, want %q as it was typed", typed, "It comes ")
	}

	b.Press("#reply")
	b.Keys("on Monday.")
	b.Value(`(document.querySelector('#reply').dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', ctrlKey: true, bubbles: true, ` +
		`cancelable: true})), '')`)
	b.Shows("Sent")
	b.Shows("Ben Osei")
	if got, want := s.provider.Texts(), []string{"It comes on Monday."}; !slices.Equal(got, want) {
		t.Errorf("the customer got %q, want %q", got, want)
	}
}

// The page says what is wrong with a form.
// Requirement R-274: An inbox in the browser.
func TestInboxRefusalInBrowser(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	mariaWrites(s)
	b := s.Browser("ben@acme.test")
	b.Open("/inbox/1")
	b.Write("#other", "one fine day")
	b.Press("button[value=snooze]")
	b.Until("it says what is wrong", "document.querySelector('.problem')")
	b.Looks("inbox-refused")
}

// While an act waits, the page says so. It says how the act ended as soon as that is known.
// Requirement R-274: An inbox in the browser.
func TestInboxShowsWhatBecameOfAnAct(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	mariaWrites(s)
	b := s.Browser("ben@acme.test")
	b.Open("/inbox/1")
	s.desk.result.Store(&bridge.ActResult{State: bridge.ActWaits})
	addNote(b, "It leaves tomorrow.")
	b.Shows("will be done in a moment")
	b.Shows("It leaves tomorrow.")

	s.desk.result.Store(&bridge.ActResult{State: bridge.ActRefused, Why: "It is resolved."}) // which changes nothing else
	b.Shows("That was not done. It is resolved.")
	if text := b.Text(); strings.Contains(text, "in a moment") {
		t.Errorf("the page says that the note waits, want only that it was refused:\n%s", text)
	}
}

// A change that comes while the page reads itself is shown, too, because the page reads itself again. The
// conversation can then be resolved, which is refused to somebody who hasn't seen the latest message.
// Requirement R-274: An inbox in the browser.
func TestInboxReadsAgainAfterChangeMeanwhile(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	mariaWrites(s)
	b := s.Browser("ben@acme.test")
	b.Open("/inbox/1")
	mariaAdds(s, "Fine, thank you!")
	b.Shows("Fine, thank you!")

	b.Value(holdFirstRead)
	b.Until("it reads the page", "window.goOn")
	b.Value("(bringUp('a change meanwhile'), window.goOn(), '')")
	b.Until("it reads the page again", "window.reads >= 2")
	b.Press("button[value=resolve]")
	b.Shows("It is resolved.")
	b.Looks("inbox-resolved")
}

// restartable serves the site by a server of which breakOff ends all connections. It answers that Parley is starting
// as long as starting is true.
func (s *inboxSite) restartable() (breakOff func(), starting *atomic.Bool) {
	starting = &atomic.Bool{}
	pages := s.Pages.Handler()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if starting.Load() {
			http.Error(w, "Parley is not ready yet", http.StatusServiceUnavailable)
			return
		}
		pages.ServeHTTP(w, r)
	}))
	s.T.Cleanup(server.Close)
	s.URL = server.URL
	return server.CloseClientConnections, starting
}

// While Parley starts, a page says that it isn't up to date, and afterwards it is again. When the session has ended,
// the page says so.
// Requirement R-274: An inbox in the browser.
func TestInboxFollowsAfterRestart(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	breakOff, starting := s.restartable()
	mariaWrites(s)
	b := s.Browser("ben@acme.test")
	b.Open("/inbox/1")

	starting.Store(true)
	breakOff()
	b.Shows("Not up to date. Parley can't be reached. Trying again.")
	b.Looks("inbox-stale")
	starting.Store(false)
	b.Until("the page is up to date", "!document.querySelector('#stale p')")
	mariaAdds(s, "Any news?")
	b.Shows("Any news?")

	storetest.Exec(t, s.Pool, "DELETE FROM site_sessions")
	breakOff()
	b.Shows("Not up to date. Nobody is signed in here. Reload the page, and sign in.")
}

// A page that can't be read again for once is read again a little later, though nothing else changes.
// Requirement R-274: An inbox in the browser.
func TestInboxTriesAgain(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	mariaWrites(s)
	b := s.Browser("ben@acme.test")
	b.Open("/inbox/1")
	mariaAdds(s, "Any news?")
	b.Shows("Any news?") // so the page's stream is open
	b.Value(`(() => {
		const read = window.fetch;
		window.fetch = (...request) => window.isBack ? read(...request) : Promise.reject(new TypeError('no network'));
		bringUp('a change');
		return '';
	})()`)
	b.Shows("Not up to date. Parley can't be reached. Trying again.")

	b.Value("(window.isBack = true, '')")

	b.Until("the page is up to date", "!document.querySelector('#stale p')")
}

// A page that shows results for digits leads to the conversation of that number once nothing has these digits any
// more. It never becomes a mixture of both pages.
// Requirement R-274: An inbox in the browser.
func TestInboxGoesWhereTheListLeads(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	s.receive("support-mail", channelstest.Event{
		From:    "maria@customer.test",
		Name:    "Maria Rossi",
		Subject: "Order 0001",
		Text:    "Where is it?",
	})
	b := s.Browser("ben@acme.test")
	b.Open("/inbox?words=0001")
	b.Until("the conversation is found", "document.querySelector('.row')")

	storetest.Exec(t, s.Pool, "DELETE FROM conversation_words")
	b.Value("(bringUp('a change'), '')")

	b.Until("the conversation is open", "location.pathname === '/inbox/1'")
}

// maxStreams is how many streams one agent may have open for one conversation.
const maxStreams = 8

// openStreams opens streams of conversation 1 for one agent. They are closed when the test ends.
func openStreams(t *testing.T, s *inboxSite, count int) []*http.Response {
	t.Helper()
	cookie := s.Visitor("ben@acme.test").Cookie()
	client := emulator.NewClient()
	client.Timeout = 0 // a stream stays open
	var streams []*http.Response
	for range count {
		r := must(http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodGet, s.URL+"/inbox/live?conversation=1", nil))(t)
		r.AddCookie(cookie)
		stream := must(client.Do(r))(t)
		t.Cleanup(func() { _ = stream.Body.Close() })
		streams = append(streams, stream)
	}
	return streams
}

// An agent may have only a few streams open for one conversation. Pages learn of changes by these streams.
func TestInboxStreamsAreFew(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	mariaWrites(s)
	for i, stream := range openStreams(t, s, maxStreams+1) {
		want := http.StatusOK
		if i >= maxStreams {
			want = http.StatusServiceUnavailable
		}
		if stream.StatusCode != want {
			t.Errorf("stream %d: status %d, want %d", i+1, stream.StatusCode, want)
		}
	}
}

// A stream tells of a change.
func TestInboxStreamTellsOfChange(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	mariaWrites(s)
	lines := bufio.NewScanner(openStreams(t, s, 1)[0].Body)
	waitForData := func(what string) {
		t.Helper()
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), "data: ") {
				return
			}
		}
		t.Fatalf("the stream ended before it told of %s: %v", what, lines.Err())
	}
	waitForData("how the conversation is at first")
	mariaAdds(s, "More")
	waitForData("the new message")
}

// Streams end in an orderly way when the engine stops.
func TestInboxStreamsEndWithEngine(t *testing.T) {
	t.Parallel()
	s := startInbox(t)
	mariaWrites(s)
	streams := openStreams(t, s, maxStreams)
	s.stop()
	for i, stream := range streams {
		if _, err := io.Copy(io.Discard, stream.Body); err != nil {
			t.Errorf("stream %d ended with %v, want an orderly end", i+1, err)
		}
	}
}
