package bridge_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels/channelstest"
)

// mails has somebody open conversations in the mailbox, one a mail; the texts are "NAME 1 words" …
func (w *world) mails(name string, n int, from func(i int) string) {
	w.t.Helper()
	const together = 50
	for done := 0; done < n; done += together {
		var events []channelstest.Event
		for i := done + 1; i <= min(done+together, n); i++ {
			w.serial++
			events = append(events, channelstest.Event{Type: "message", ID: fmt.Sprintf("%s-%d", name, i), From: from(i), Subject: fmt.Sprint(name, " ", i),
				Text: fmt.Sprint(name, " ", i, " words")})
		}
		if status := w.hook(mail, events...); status != 200 {
			w.t.Fatalf("the webhook answered %d", status)
		}
	}
}

func always(address string) func(int) string { return func(int) string { return address } }

func (w *world) conversationsOf(kind string) int {
	return w.count(`SELECT count(*) FROM conversations WHERE CASE WHEN collects IS NOT NULL THEN 'collecting' ELSE kind END = $1`, kind)
}

// Who opens very many conversations gets some, and one thread for all the rest: nothing is lost,
// and an agent may make a conversation of each.
func TestManySubjectsOfOneSender(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.mails("Offer", 14, always("eve@flood.test"))
	var collecting string
	for i := 1; i <= 14; i++ {
		at := w.thread(fmt.Sprintf("Offer %d words", i))
		switch {
		case i == 11:
			collecting = at
		case i > 11 && at != collecting, i < 11 && at == collecting:
			t.Errorf("mail %d is shown in thread %s; those above the limit in %s", i, at, collecting)
		}
	}
	if all, collect := w.conversationsOf("customer"), w.conversationsOf("collecting"); all != 10 || collect != 1 {
		t.Fatalf("%d conversations and %d collecting threads, want ten and one", all, collect)
	}
	w.card(collecting, "Very many new conversations")

	w.chat.Say("ann", support, collecting, "Hello?")
	w.line(collecting, bridge.LineInside)
	w.chat.Press(t, "ann", w.shown("Offer 12 words"), bridge.VerbPromote)
	w.eventually("it is a conversation", func() bool { return w.conversationsOf("customer") == 11 })
	own := w.shown("| Offer 12 | Ann").ID
	w.chat.Say("ann", support, own, "No, thank you")
	w.provider.WaitTexts(t, "No, thank you")
	w.customer(mail, channelstest.Event{From: "eve@flood.test", Subject: "Re: Offer 12", Text: "Why not?", References: []string{"Offer-12"}})
	if at := w.thread("Why not?"); at != own {
		t.Errorf("the answer to the conversation of mail 12 is in thread %s, want %s", at, own)
	}

	w.customer(mail, channelstest.Event{From: "eve@flood.test", Subject: "Re: Offer 13", Text: "Nobody answers", References: []string{"Offer-13"}})
	if at := w.thread("Nobody answers"); at != collecting {
		t.Errorf("what follows a collected mail is in thread %s, want %s", at, collecting)
	}
	w.customer(mail, channelstest.Event{From: "kim@flood.test", Subject: "Broken lamp", Text: "It is dark"})
	if at := w.thread("It is dark"); at == collecting {
		t.Error("the mail of somebody else is collected")
	}
	w.advance(5 * time.Minute)
	w.customer(mail, channelstest.Event{From: "eve@flood.test", Subject: "Re: Offer 13", Text: "Nobody answers still", References: []string{"Offer-13"}})
	if at := w.thread("Nobody answers still"); at == collecting {
		t.Error("after a while nothing is opened")
	}
}

// The senders of one domain share a limit; those of a public provider, and colleagues, don't.
func TestManySendersOfOneDomain(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		from      string
		via       string
		collected bool
	}{
		"one domain":     {"n%d@mail%d.flood.test", "help@acme.test", true},
		"public":         {"n%d.%d@gmail.com", "help@acme.test", false},
		"its own domain": {"n%d.%d@acme.test", "help@acme.test", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			write := func(from, to int) {
				var events []channelstest.Event
				for i := from; i < to; i++ {
					events = append(events, channelstest.Event{Type: "message", ID: fmt.Sprint(i), From: fmt.Sprintf(tt.from, i, i), Via: tt.via, Subject: "Hi", Text: fmt.Sprint("words ", i)})
				}
				w.hook(mail, events...)
				w.eventually("they are kept", func() bool { return w.count(`SELECT count(*) FROM messages`) == to })
			}
			write(0, 51)
			before := w.conversationsOf("customer")
			write(51, 61)
			after := w.conversationsOf("customer")
			if got := w.conversationsOf("collecting") > 0; got != tt.collected || tt.collected && after != before || !tt.collected && after != 61 {
				t.Errorf("%d and %d conversations, %d collecting threads", before, after, w.conversationsOf("collecting"))
			}
		})
	}
}

// Where it is switched off, and in chats, nothing is collected.
func TestNothingIsCollected(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"collect_floods": "off"}})
	w.mails("Offer", 20, always("eve@flood.test"))
	for i := range 20 {
		w.writes(fmt.Sprint("kim", i), "Hello")
	}
	w.eventually("all are conversations", func() bool { return w.conversationsOf("customer") == 40 })
}

// While a stranger's thousands of subjects wait at the surface's limit, what known customers say
// waits for a few posts and no more.
func TestFloodKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	size, patient := 1500, 20
	if os.Getenv("PARLEY_TEST_LONG") != "" {
		size = 10_000
	}
	w := newWorld(t, options{rate: 20})
	var known []string
	for _, name := range []string{"kim", "lou", "max"} {
		known = append(known, w.customer(mail, channelstest.Event{From: name + "@known.test", Subject: "Order", Text: name + " orders"}))
		w.thread(name + " orders")
	}
	w.mails("Offer", size, always("eve@flood.test"))
	for i, name := range []string{"kim", "lou", "max"} {
		if name == "max" {
			w.eventually("all of the flood is kept", func() bool { return w.count(`SELECT count(*) FROM messages WHERE text LIKE 'Offer %'`) == size })
		}
		w.customer(mail, channelstest.Event{From: name + "@known.test", Subject: "Re: Order", Text: name + " waits", References: []string{known[i]}})
		w.shown(name + " waits")
	}
	slots := w.text(`SELECT string_agg((SELECT count(*) FROM deliveries AS o WHERE o.kind <> 'reply' AND o.sent_at > d.created_at AND o.sent_at < d.sent_at)::text, ' ')
		FROM deliveries AS d
		JOIN messages AS m ON m.id = d.message_id
		WHERE d.kind = 'said' AND m.text LIKE '% waits'`)
	t.Logf("words of known customers waited for %s posts", slots)
	for n := range strings.FieldsSeq(slots) {
		if got, err := strconv.Atoi(n); err != nil || got > patient {
			t.Errorf("words of known customers waited for %s posts, want %d at most", slots, patient)
		}
	}
}
