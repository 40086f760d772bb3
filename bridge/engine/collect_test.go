package engine_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels/channelstest"
)

// sendMails has somebody open conversations in the mailbox, one a mail; the texts are "NAME 1 words" …
func (w *world) sendMails(name string, n int, from func(i int) string) {
	w.t.Helper()
	const together = 50
	for done := 0; done < n; done += together {
		var events []channelstest.Event
		for i := done + 1; i <= min(done+together, n); i++ {
			w.serial++
			events = append(events, channelstest.Event{Type: "message", ID: fmt.Sprintf("%s-%d", name, i), From: from(i), Subject: fmt.Sprint(name, " ", i),
				Text: fmt.Sprint(name, " ", i, " words")})
		}
		if status := w.postEvents(mail, events...); status != 200 {
			w.t.Fatalf("the webhook answered %d, want 200", status)
		}
	}
}

func allFrom(address string) func(int) string { return func(int) string { return address } }

func (w *world) countConversations(kind string) int {
	return w.count(`SELECT count(*) FROM conversations WHERE CASE WHEN collects IS NOT NULL THEN 'collecting' ELSE kind END = $1`, kind)
}

// Who opens very many conversations gets some, and one thread for all the rest: nothing is lost,
// and an agent may make a conversation of each.
func TestManySubjectsOfOneSender(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.sendMails("Offer", 14, allFrom("eve@flood.test"))
	var collecting string
	for i := 1; i <= 14; i++ {
		at := w.waitThread(fmt.Sprintf("Offer %d words", i))
		switch {
		case i == 11:
			collecting = at
		case i > 11 && at != collecting, i < 11 && at == collecting:
			t.Errorf("mail %d is shown in thread %s; those above the limit in %s", i, at, collecting)
		}
	}
	if all, collect := w.countConversations("customer"), w.countConversations("collecting"); all != 10 || collect != 1 {
		t.Fatalf("%d conversations and %d collecting threads, want ten and one", all, collect)
	}
	w.waitCard(collecting, "Very many new conversations")

	w.chat.Say("ann", support, collecting, "Hello?")
	w.waitLine(collecting, bridge.LineInside)
	w.chat.Press(t, "ann", w.waitShown("Offer 12 words"), bridge.VerbPromote)
	w.eventually("it is a conversation", func() bool { return w.countConversations("customer") == 11 })
	own := w.waitCardWith("| Offer 12 | Ann").ID
	w.chat.Say("ann", support, own, "No, thank you")
	w.provider.WaitTexts(t, "No, thank you")
	w.customerSends(mail, channelstest.Event{From: "eve@flood.test", Subject: "Re: Offer 12", Text: "Why not?", References: []string{"Offer-12"}})
	if at := w.waitThread("Why not?"); at != own {
		t.Errorf("the answer to the conversation of mail 12 is in thread %s, want %s", at, own)
	}

	w.customerSends(mail, channelstest.Event{From: "eve@flood.test", Subject: "Re: Offer 13", Text: "Nobody answers", References: []string{"Offer-13"}})
	if at := w.waitThread("Nobody answers"); at != collecting {
		t.Errorf("what follows a collected mail is in thread %s, want %s", at, collecting)
	}
	w.customerSends(mail, channelstest.Event{From: "kim@flood.test", Subject: "Broken lamp", Text: "It is dark"})
	if at := w.waitThread("It is dark"); at == collecting {
		t.Error("the mail of somebody else is collected")
	}
	w.advance(5 * time.Minute)
	w.customerSends(mail, channelstest.Event{From: "eve@flood.test", Subject: "Re: Offer 13", Text: "Nobody answers still", References: []string{"Offer-13"}})
	if at := w.waitThread("Nobody answers still"); at == collecting {
		t.Error("after a while nothing is opened")
	}
}

// A thread may collect mails of several people. Nothing that is typed or submitted there reaches
// any of them; what is said in the conversation of a mail reaches who wrote that mail.
func TestRepliesBesideCollectedMails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.sendMails("Offer", 12, allFrom("eve@flood.test"))
	w.sendMails("Prize", 12, allFrom("mallory@other.test"))
	collecting := w.waitThread("Offer 11 words")
	for _, text := range []string{"Offer 12 words", "Prize 11 words", "Prize 12 words"} {
		if at := w.waitThread(text); at != collecting {
			t.Fatalf("%q is in thread %s, the others in %s", text, at, collecting)
		}
	}

	typed := w.chat.Say("ann", support, collecting, "Please stop")
	w.waitFate(typed, "inside")
	if buttons := w.waitLineVerbs(collecting, bridge.LineInside); len(buttons) > 0 {
		t.Errorf("what was typed there can be sent: buttons %v, want none", buttons)
	}
	number := w.count(`SELECT id FROM conversations WHERE collects IS NOT NULL`)
	for verb, text := range map[bridge.Verb]string{bridge.VerbReply: "From a form", bridge.VerbSay: "Said in a form"} {
		w.chat.Submit("ann", support, collecting, bridgetest.Button{Verb: verb, Args: bridge.Args{Conversation: bridge.ConversationID(number)}}, text)
	}
	w.chat.Say("ann", support, collecting, "!close")
	w.waitWhisper("ann", "opened very many conversations")
	w.waitDrained()
	if sent := w.provider.Sent(); len(sent) > 0 {
		t.Fatalf("customers got %+v, want none", sent)
	}

	collected := w.waitShown("Prize 11 words")
	for range 2 { // the second click changes nothing
		w.chat.Press(t, "ann", collected, bridge.VerbPromote)
		w.eventually("it is a conversation", func() bool { return w.countConversations("customer") == 21 })
		w.waitDrained()
	}
	if got := w.waitOutcome(collected, bridge.OutcomePromoted); buttonVerbs(got) != "" {
		t.Errorf("the mail that was promoted: %q has the buttons %s, want none", got.Text, buttonVerbs(got))
	}
	own := w.waitCardWith("| Prize 11 | Ann").ID
	if got, want := w.customerTexts(own), []string{"Prize 11 words"}; !slices.Equal(got, want) {
		t.Errorf("its thread begins with %q, want %q", got, want)
	}
	w.chat.Say("ann", support, own, "No, thank you")
	sent := w.waitSent(1)
	if got := sent[0]; got.Text != "No, thank you" || !slices.Equal(got.To, []string{"mallory@other.test"}) || len(got.Cc)+len(got.Also) > 0 {
		t.Errorf("sent %+v", got)
	}
	w.waitDrained()
	w.waitSent(1)
}

// Two replicas take the floods of several people at the same time: all mails are kept, each is
// shown once, those of each sender in their order, above the limit in one thread.
func TestFloodsOnTwoReplicas(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{engines: 2})
	const size, limit = 40, 10
	senders := map[string]string{"Offer": "eve@flood.test", "Prize": "mallory@other.test", "Loan": "trudy@third.test"}
	for from := 1; from <= size; from += 5 {
		var events []channelstest.Event
		for name, address := range senders {
			for i := from; i < from+5; i++ {
				events = append(events, channelstest.Event{Type: "message", ID: fmt.Sprintf("%s-%d", name, i), From: address, Subject: fmt.Sprint(name, " ", i),
					Text: fmt.Sprintf("%s %d words", name, i)})
			}
		}
		if status := w.postEvents(mail, events...); status != 200 {
			t.Fatalf("the webhook answered %d, want 200", status)
		}
	}
	w.customerSends(mail, channelstest.Event{From: "kim@known.test", Subject: "Broken lamp", Text: "It is dark"})
	lamp := w.waitThread("It is dark")
	for name := range senders {
		w.waitShown(fmt.Sprintf("%s %d words", name, size))
	}
	w.waitDrained()
	if kept, bad := w.count(`SELECT count(*) FROM messages`), w.count(`SELECT count(*) FROM quarantine`); kept != 3*size+1 || bad != 0 {
		t.Errorf("%d messages were kept, want %d; %d events in quarantine", kept, 3*size+1, bad)
	}
	if all, collect := w.countConversations("customer"), w.countConversations("collecting"); all != 3*limit+1 || collect != 1 {
		t.Fatalf("%d conversations and %d collecting threads, want %d and one", all, collect, 3*limit+1)
	}
	collecting := w.waitThread(fmt.Sprintf("Offer %d words", size))
	if lamp == collecting {
		t.Error("the mail of somebody else is collected")
	}
	words := regexp.MustCompile(`(Offer|Prize|Loan) \d+ words`)
	shown := map[string][]string{}
	for _, m := range w.chat.Messages(support, collecting) {
		for _, text := range words.FindAllString(m.Plain(), -1) {
			name, _, _ := strings.Cut(text, " ")
			shown[name] = append(shown[name], text)
		}
	}
	for name := range senders {
		var want []string
		for i := limit + 1; i <= size; i++ {
			want = append(want, fmt.Sprintf("%s %d words", name, i))
		}
		if !slices.Equal(shown[name], want) {
			t.Errorf("collected are %q, want %q", shown[name], want)
		}
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
			w, began := newWorld(t, options{}), time.Now()
			write := func(from, to int) {
				var events []channelstest.Event
				for i := from; i < to; i++ {
					events = append(events, channelstest.Event{Type: "message", ID: fmt.Sprint(i), From: fmt.Sprintf(tt.from, i, i), Via: tt.via, Subject: "Hi", Text: fmt.Sprint("words ", i)})
				}
				w.postEvents(mail, events...)
				w.eventually("they are kept", func() bool { return w.count(`SELECT count(*) FROM messages`) == to })
			}
			write(0, 51)
			before := w.countConversations("customer")
			write(51, 61)
			after, collecting := w.countConversations("customer"), w.countConversations("collecting")
			allowed := 50 + int(time.Since(began)/(20*time.Second)) // a slow machine gives one back meanwhile
			switch {
			case !tt.collected && (after != 61 || collecting > 0), tt.collected && (before < 50 || after > max(before, allowed) || collecting == 0):
				t.Errorf("%d and %d conversations, of a domain at most %d, %d collecting threads", before, after, allowed, collecting)
			}
		})
	}
}

// Where it is switched off, and in chats, nothing is collected.
func TestNothingIsCollected(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"collect_floods": "off"}})
	w.sendMails("Offer", 20, allFrom("eve@flood.test"))
	for i := range 20 {
		w.customerWrites(fmt.Sprint("kim", i), "Hello")
	}
	w.eventually("all are conversations", func() bool { return w.countConversations("customer") == 40 })
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
		known = append(known, w.customerSends(mail, channelstest.Event{From: name + "@known.test", Subject: "Order", Text: name + " orders"}))
		w.waitThread(name + " orders")
	}
	w.sendMails("Offer", size, allFrom("eve@flood.test"))
	for i, name := range []string{"kim", "lou", "max"} {
		if name == "max" {
			w.eventually("all of the flood is kept", func() bool { return w.count(`SELECT count(*) FROM messages WHERE text LIKE 'Offer %'`) == size })
		}
		w.customerSends(mail, channelstest.Event{From: name + "@known.test", Subject: "Re: Order", Text: name + " waits", References: []string{known[i]}})
		w.waitShown(name + " waits")
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
