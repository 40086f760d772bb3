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

// sendMails sends n mails that answer nothing, from the addresses that from returns. They say "NAME 1 words", "NAME 2 words" …
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

// allFrom lets all mails come from one address.
func allFrom(address string) func(int) string { return func(int) string { return address } }

// maxOpened is how many conversations a sender may open by mail before further mails are collected in one thread.
const maxOpened = 10

// countConversations counts those of a kind: store.KindCustomer, store.KindAutomatic, or "collecting".
func (w *world) countConversations(kind string) int {
	return w.count(`SELECT count(*) FROM conversations WHERE CASE WHEN collects IS NOT NULL THEN 'collecting' ELSE kind END = $1`, kind)
}

// Somebody's mails open maxOpened conversations; all further mails are collected in one thread. Nothing is lost,
// and an agent may make a conversation of each collected mail.
func TestManySubjectsOfOneSender(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	const mails = maxOpened + 4
	w.sendMails("Offer", mails, allFrom("eve@flood.test"))
	collecting := w.waitThread(fmt.Sprintf("Offer %d words", maxOpened+1))
	for i := 1; i <= mails; i++ {
		at := w.waitThread(fmt.Sprintf("Offer %d words", i))
		wantEqual(t, fmt.Sprintf("mail %d is collected", i), at == collecting, i > maxOpened)
	}
	wantEqual(t, "conversations", w.countConversations("customer"), maxOpened)
	wantEqual(t, "collecting threads", w.countConversations("collecting"), 1)
	w.waitCard(collecting, "Very many new conversations")

	// Nothing typed there reaches anybody; an agent makes a conversation of one mail, which goes on by itself.
	w.chat.Say("ann", support, collecting, "Hello?")
	w.waitLine(collecting, bridge.LineInside)
	w.chat.Press(t, "ann", w.waitShown("Offer 12 words"), bridge.VerbPromote)
	w.eventually("it is a conversation", func() bool { return w.countConversations("customer") == maxOpened+1 })
	own := w.waitCardWith("| Offer 12 | Ann").ID
	w.chat.Say("ann", support, own, "No, thank you")
	w.provider.WaitTexts(t, "No, thank you")
	w.customerSends(mail, channelstest.Event{From: "eve@flood.test", Subject: "Re: Offer 12", Text: "Why not?", References: []string{"Offer-12"}})
	if at := w.waitThread("Why not?"); at != own {
		t.Errorf("the answer to the conversation of mail 12 is in thread %s, want %s", at, own)
	}

	// What follows a collected mail stands beside it, what others write doesn't, and after a while the sender may open conversations again.
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
		t.Error("after a while the sender's mail is still collected")
	}
}

// A thread may collect mails of several people. Nothing that is typed or submitted there reaches
// any of them; what is said in the conversation of a mail reaches who wrote that mail.
func TestRepliesBesideCollectedMails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.sendMails("Offer", maxOpened+2, allFrom("eve@flood.test"))
	w.sendMails("Prize", maxOpened+2, allFrom("mallory@other.test"))
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
		w.eventually("it is a conversation", func() bool { return w.countConversations("customer") == 2*maxOpened+1 })
		w.waitDrained()
	}
	wantButtons(t, "the mail that was promoted", w.waitOutcome(collected, bridge.OutcomePromoted))
	own := w.waitCardWith("| Prize 11 | Ann").ID
	if got, want := w.customerTexts(own), []string{"Prize 11 words"}; !slices.Equal(got, want) {
		t.Errorf("its thread begins with %q, want %q", got, want)
	}
	w.chat.Say("ann", support, own, "No, thank you")
	sent := w.waitSent(1)[0]
	wantEqual(t, "the answer", sent.Text, "No, thank you")
	wantSentTo(t, sent, []string{"mallory@other.test"}, nil)
	wantList(t, "whom else it went to", sent.Also, nil)
	w.waitDrained()
	w.waitSent(1) // and no more
}

// Two replicas take the floods of several people at the same time: all mails are kept, each is
// shown once, those of each sender in their order, above the limit in one thread.
func TestFloodsOnTwoReplicas(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{engines: 2})
	const size = 40 // mails of a sender
	senders := map[string]string{"Offer": "eve@flood.test", "Prize": "mallory@other.test", "Loan": "trudy@third.test"}
	const together = 5 // mails of each sender in one request
	for from := 1; from <= size; from += together {
		var events []channelstest.Event
		for name, address := range senders {
			for i := from; i < from+together; i++ {
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
	wantEqual(t, "messages, with the lamp's", w.count(`SELECT count(*) FROM messages`), len(senders)*size+1)
	wantEqual(t, "events in quarantine", w.count(`SELECT count(*) FROM quarantine`), 0)
	wantEqual(t, "conversations, with the lamp's", w.countConversations("customer"), len(senders)*maxOpened+1)
	wantEqual(t, "collecting threads", w.countConversations("collecting"), 1)
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
		for i := maxOpened + 1; i <= size; i++ {
			want = append(want, fmt.Sprintf("%s %d words", name, i))
		}
		wantList(t, "collected mails of "+name, shown[name], want)
	}
}

// The senders of one domain share a limit; those of a public provider, and colleagues, don't.
func TestManySendersOfOneDomain(t *testing.T) {
	t.Parallel()
	const maxOfDomain, more = 50, 11 // conversations that a domain may open, and mails beyond them
	for name, tt := range map[string]struct {
		from      string // of the mail of a number
		collected bool   // the mails beyond the limit
	}{
		"one domain":     {from: "n%[1]d@mail%[1]d.flood.test", collected: true},
		"public":         {from: "n%[1]d.%[1]d@gmail.com", collected: false},
		"its own domain": {from: "n%[1]d.%[1]d@acme.test", collected: false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, began := newWorld(t, options{}), time.Now()
			send := func(from, to int) {
				var events []channelstest.Event
				for i := from; i < to; i++ {
					events = append(events, channelstest.Event{Type: "message", ID: fmt.Sprint(i), From: fmt.Sprintf(tt.from, i), Via: "help@acme.test", Subject: "Hi", Text: fmt.Sprint("words ", i)})
				}
				w.postEvents(mail, events...)
				w.eventually("they are kept", func() bool { return w.count(`SELECT count(*) FROM messages`) == to })
			}
			send(0, maxOfDomain+1)
			before := w.countConversations("customer")
			send(maxOfDomain+1, maxOfDomain+more)
			after, collecting := w.countConversations("customer"), w.countConversations("collecting")
			if !tt.collected {
				wantEqual(t, "conversations, one a mail", after, maxOfDomain+more)
				wantEqual(t, "collecting threads", collecting, 0)
				return
			}
			regained := int(time.Since(began) / (20 * time.Second)) // conversations that may be opened on a slow machine meanwhile
			if before < maxOfDomain {
				t.Errorf("%d conversations of one domain, want at least %d", before, maxOfDomain)
			}
			if most := max(before, maxOfDomain+regained); after > most {
				t.Errorf("%d conversations of one domain, want at most %d", after, most)
			}
			if collecting == 0 {
				t.Error("no thread collects the other mails of the domain")
			}
		})
	}
}

// Where it is switched off, and in chats, nothing is collected.
func TestNothingIsCollected(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"collect_floods": "off"}})
	const mails, chatters = 2 * maxOpened, 2 * maxOpened
	w.sendMails("Offer", mails, allFrom("eve@flood.test"))
	for i := range chatters {
		w.customerWrites(fmt.Sprint("kim", i), "Hello")
	}
	w.eventually("all are conversations", func() bool { return w.countConversations("customer") == mails+chatters })
}

// While a stranger's thousands of subjects wait at the surface's limit, what known customers say
// waits for a few posts and no more.
func TestFloodKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	size := 1500
	const mostPosts = 20 // for which words of known customers may wait
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
		if got := must(strconv.Atoi(n))(t); got > mostPosts {
			t.Errorf("words of known customers waited for %s posts, want at most %d", slots, mostPosts)
		}
	}
}
