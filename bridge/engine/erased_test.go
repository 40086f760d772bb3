package engine_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/engine"
	"parley/channels/channelstest"
	"parley/store"
	"parley/store/erase"
)

// eraseOptions returns what contacts are erased with here.
func (w *world) eraseOptions() erase.Options {
	w.t.Helper()
	return erase.Options{Pool: w.pool, Sealer: must(store.NewSealer(store.NewMasterKey()))(w.t), Ask: engine.ErasePosts}
}

// contactOf returns the number of the contact who has this address.
func (w *world) contactOf(address string) store.ContactID {
	w.t.Helper()
	return store.ContactID(w.count(`SELECT contact_id FROM identities WHERE key = $1`, address))
}

// finishErasure goes on with an erasure until it is done, and waits until nothing more is under way.
func (w *world) finishErasure(o erase.Options, id string) erase.Certificate {
	w.t.Helper()
	c := w.runErasure(o, id)
	w.waitDrained()
	return c
}

// runErasure goes on with an erasure until it is done.
func (w *world) runErasure(o erase.Options, id string) (c erase.Certificate) {
	w.t.Helper()
	w.eventually("the contact is erased", func() bool {
		var err error
		c, err = erase.Run(w.t.Context(), o, id)
		if err != nil && !errors.Is(err, erase.ErrWaiting) && !errors.Is(err, erase.ErrInChats) {
			w.t.Fatal(err)
		}
		return err == nil
	})
	return c
}

// beginErasure begins to erase the contact who has this address.
func (w *world) beginErasure(address string) (o erase.Options, id string) {
	w.t.Helper()
	o = w.eraseOptions()
	return o, must(erase.Begin(w.t.Context(), o, []store.ContactID{w.contactOf(address)}, "ann@acme.test"))(w.t)
}

// erase erases the contact who has this address.
func (w *world) erase(address string) erase.Certificate {
	w.t.Helper()
	return w.finishErasure(w.beginErasure(address))
}

// wantNowhere checks that no row of the database and no post holds a word.
func (w *world) wantNowhere(words ...string) {
	w.t.Helper()
	for _, word := range words {
		for _, post := range w.postsWith(word) {
			w.t.Errorf("%q is left in a post: %s", word, post)
		}
	}
	w.wantNotStored(words...)
}

// wantNotStored checks that no row of the database holds a word.
func (w *world) wantNotStored(words ...string) {
	w.t.Helper()
	tables := strings.Fields(w.text(`SELECT string_agg(tablename, ' ') FROM pg_tables WHERE schemaname = 'public'`))
	for _, word := range words {
		for _, table := range tables { // bytes are shown as hexadecimal digits
			const row = `SELECT left(t::text, 600) FROM %s AS t WHERE position($1 IN lower(t::text)) > 0 OR position($2 IN t::text) > 0 LIMIT 1`
			if left := w.text(fmt.Sprintf(row, table), word, hex.EncodeToString([]byte(word))); left != "" {
				w.t.Errorf("%q is left in %s: %s, want none", word, table, left)
			}
		}
	}
}

// postsWith returns the posts in the channel that hold a word.
func (w *world) postsWith(word string) []string {
	var list []string
	for _, m := range w.allMessages() {
		if strings.Contains(strings.ToLower(m.Plain()), word) {
			list = append(list, m.ID+" "+m.Text)
		}
	}
	return list
}

// Threads in which several customers' mails are sorted lose what the erased one wrote, and nothing of the others:
// what an agent made a conversation of, what was silenced, and the words that such a thread remembers as its last.
//
func TestEraseFromSharedThreads(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.sendMails("Prize", 12, allFrom("mallory@other.test"))
	w.sendMails("Zebra", 13, allFrom("eve@flood.test"))
	collecting := w.waitThread("Zebra 11 words")
	if at := w.waitThread("Prize 11 words"); at != collecting {
		t.Fatalf("the mails of the other sender are collected in the thread %s, want %s", at, collecting)
	}
	w.customerSends(mail, channelstest.Event{From: "mallory@other.test", Subject: "Prize sale", Text: "Prize sale now", Automatic: "list"})
	w.customerSends(mail, channelstest.Event{From: "eve@flood.test", Subject: "Zebra sale", Text: "Zebra sale now", Automatic: "list"})
	daily := w.waitThread("Zebra sale now")
	w.chat.Press(t, "ann", w.waitShown("Zebra 12 words"), bridge.VerbPromote)
	w.chat.Say("ann", support, w.waitCardWith("| Zebra 12 | Ann").ID, "No, thank you")
	w.provider.WaitTexts(t, "No, thank you")
	w.chat.Press(t, "ann", w.waitShown("Zebra sale now"), bridge.VerbSilence)
	w.eventually("the sender is silenced", func() bool { return w.count(`SELECT count(*) FROM log_entries WHERE what = 'silenced'`) == 1 })
	human := w.chat.Say("ben", support, collecting, "Who are they?")
	w.waitLine(collecting, bridge.LineInside)
	w.waitDrained()

	others := w.postsWith("prize")
	c := w.erase("eve@flood.test")
	w.wantNowhere("zebra", "eve@flood")
	if left := w.postsWith("prize"); !slices.Equal(left, others) {
		t.Errorf("of the other customer's posts\n%s\nis left\n%s", strings.Join(others, "\n"), strings.Join(left, "\n"))
	}
	for _, at := range []string{collecting, daily} {
		i := slices.IndexFunc(c.Threads, func(th erase.Thread) bool { return th.Message == at })
		if i < 0 {
			t.Fatalf("the certificate names the threads %+v, want %s among them", c.Threads, at)
		}
		if c.Threads[i].Erased == 0 {
			t.Errorf("by the certificate nothing was erased in the thread %s", at)
		}
		wantEqual(t, "posts left in the thread "+at, c.Threads[i].Left, 0)
		wantEqual(t, "posts by colleagues in the thread "+at, c.Threads[i].ByColleagues, 0)
	}
	if w.chat.Get(support, human).Deleted {
		t.Error("what a colleague wrote in the shared thread was deleted")
	}
	wantNoWords(t, "the card of the shared thread", w.chat.Get(support, collecting).Text, "Erased")
	w.chat.Press(t, "ann", w.waitShown("Prize 12 words"), bridge.VerbPromote)
	w.waitCardWith("| Prize 12 | Ann")
}

// Who was in copy of another customer's conversation, and wrote there last, goes from its card, from what it remembers
// and from its thread; its customer's words stay, and get replies: also one that waits in its hold while the other is erased.
//
func TestEraseFromCopies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	w.customerSends(mail, channelstest.Event{ID: "lamp", From: "kim@shop.test", Name: "Kim", Subject: "Broken lamp", Text: "It is dark", Cc: []string{"eve@zebra.test"}})
	at := w.waitThread("It is dark")
	w.customerSends(mail, channelstest.Event{ID: "zebra-answer", From: "eve@zebra.test", Subject: "Re: Broken lamp", Text: "My zebra is afraid", References: []string{"lamp"}, Cc: []string{"kim@shop.test"}})
	if other := w.waitThread("My zebra is afraid"); other != at {
		t.Fatalf("the answer is in thread %s, want %s", other, at)
	}
	w.waitDrained()
	held := w.reply(at, "Here is light")
	w.waitFate(held, "waiting")
	w.waitDrainedBut(1)
	c := w.runErasure(w.beginErasure("eve@zebra.test"))
	w.waitDrainedBut(1)
	w.wantNowhere("afraid")
	w.exec(`DELETE FROM events WHERE external_id = 'message:lamp'`) // what Kim wrote is Kim's, also where it names the other
	w.wantNowhere("zebra")
	if len(c.Threads) != 1 {
		t.Fatalf("the certificate names the threads %+v, want one", c.Threads)
	}
	wantEqual(t, "the thread in the certificate", c.Threads[0].Message, at)
	wantEqual(t, "posts left there", c.Threads[0].Left, 0)
	if c.Threads[0].Erased == 0 {
		t.Error("by the certificate nothing was erased there")
	}
	w.waitCard(at, "| Kim | Broken lamp |")
	w.waitShown("It is dark")
	w.advance(time.Hour)
	w.waitFate(held, "out")
	sent := w.waitSent(1)[0]
	wantSentTo(t, sent, []string{"kim@shop.test"}, nil)
	wantList(t, "whom else it went to", sent.Also, nil)
	w.waitDrained()
	w.wantNowhere("zebra")
}

// What an agent typed about the contact in a team's channel goes from all that Parley keeps, and so does the line that asked who
// was meant, although it offered other customers' conversations. The agent's own message is the agent's.
//
func TestEraseFromTheChannel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "It is dark")
	w.customerWrites("zebra", "Where is it?")
	w.waitThread("It is dark")
	w.chat.Say("ben", support, w.waitThread("Where is it?"), "!take") // so that it isn't offered to ann
	w.waitCard(w.waitThread("Where is it?"), "Ben")
	w.waitDrained()
	typed := w.chat.Say("ann", support, "", "Call: „Zebra“, soon")
	line := w.waitLine(typed, bridge.LineTopLevel)
	if len(line.Buttons) == 0 {
		t.Fatal("no conversation is offered")
	}
	w.waitDrained()

	w.erase("zebra")
	w.wantNotStored("„zebra“")
	if !w.chat.Get(support, line.ID).Deleted {
		t.Error("the line that asked is left")
	}
	if w.chat.Get(support, typed).Deleted {
		t.Error("the agent's own message is gone")
	}
}

// What a contact writes while the erasure runs is a stranger's, whichever conversation it answers and whether it was
// accepted before or after the erasure was asked for: a new conversation begins with it, replies reach the stranger,
// and nothing of what was before is left.
//
func TestWrittenWhileErased(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerSends(mail, channelstest.Event{ID: "lamp-1", From: "eve@shop.test", Subject: "Zebra lamp", Text: "The zebra is dark"})
	w.customerSends(chat, channelstest.Event{ID: "zebra-chat", From: "zed", Text: "A zebra in the chat"})
	at, chatted := w.waitThread("The zebra is dark"), w.waitThread("A zebra in the chat")
	w.chat.Say("ann", support, at, "Which one?")
	w.provider.WaitTexts(t, "Which one?")
	w.waitDrained()
	w.exec(`UPDATE identities SET contact_id = $1 WHERE key = 'zed'`, w.contactOf("eve@shop.test")) // one person

	w.stops[0]() // so that what arrives is accepted, and waits to be applied
	w.journalMessages(mail, channelstest.Event{ID: "waits", From: "eve@shop.test", Subject: "Re: lamp", Text: "Accepted before", References: []string{"lamp-1"}})
	o, id := w.beginErasure("eve@shop.test")
	w.journalMessages(mail, channelstest.Event{ID: "later", From: "eve@shop.test", Subject: "Re: lamp", Text: "Accepted after", References: []string{"lamp-1"}})
	w.journalMessages(chat, channelstest.Event{ID: "later-chat", From: "zed", Text: "Chatted after"})
	w.startReplica()
	fresh := w.waitThread("Accepted before")
	again, chats := w.waitThread("Accepted after"), w.waitThread("Chatted after")
	w.waitDrained()
	w.finishErasure(o, id)
	w.wantNowhere("zebra")
	for _, other := range []string{fresh, again, chats} {
		if other == at || other == chatted {
			t.Errorf("what came meanwhile is in the thread %s, want none of the erased ones, %s and %s", other, at, chatted)
		}
		wantNoWords(t, "the card of what came meanwhile", w.chat.Get(support, other).Text, "Erased")
	}
	for _, text := range []string{"Accepted before", "Accepted after", "Chatted after"} {
		w.waitShown(text)
	}
	w.chat.Say("ann", support, again, "Hello, stranger")
	w.chat.Say("ann", support, chats, "Hello there")
	for _, sent := range w.waitSent(3) {
		if sent.Text == "Hello, stranger" && !slices.Equal(sent.To, []string{"eve@shop.test"}) {
			t.Errorf("the reply went to %q", sent.To)
		}
	}
}

// A form of a reply that was open while its customer was erased reaches nobody, and its recipients don't come back.
//
func TestOldFormOfTheErased(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerSends(mail, channelstest.Event{ID: "lamp", From: "zebra@shop.test", Subject: "Lamp", Text: "It is dark"})
	at := w.waitThread("It is dark")
	form := formOf(bridge.VerbReply)
	form.Form, form.Args.ReplyArgs = "f1", bridge.ReplyArgs{To: []string{"zebra@shop.test", "mia.zebra@shop.test"}, Shown: bridge.RecipientsMark([]string{"zebra@shop.test"}, nil)}
	w.erase("zebra@shop.test")
	w.chat.Submit("ann", support, at, form, "Here is light")
	w.waitDrained()
	w.exec(`DELETE FROM events WHERE payload LIKE '%Here is light%'`) // what Ann handed in goes with its days
	w.wantNowhere("zebra")
	if n := len(w.provider.Sent()); n > 0 {
		t.Errorf("%d replies left, want none", n)
	}
}
