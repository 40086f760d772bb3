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

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// eraseOptions returns the options with which contacts are erased here.
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

// wantNowhere checks that no row of the database and no post has any of these words, in upper or lower case.
func (w *world) wantNowhere(words ...string) {
	w.t.Helper()
	for _, word := range words {
		for _, post := range w.postsWith(word) {
			w.t.Errorf("%q is left in a post: %s", word, post)
		}
	}
	w.wantNotStored(words...)
}

// wantNotStored checks that no row of the database has any of these words.
func (w *world) wantNotStored(words ...string) {
	w.t.Helper()
	const row = `SELECT left(t::text, 600) FROM %s AS t WHERE position($1 IN lower(t::text)) > 0 OR position($2 IN t::text) > 0 LIMIT 1`
	for _, word := range words {
		for _, table := range w.tableNames() { // bytes are shown as hexadecimal digits
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

// newSharedThreads makes a world in which mails of two senders, Prize and Zebra, are in the same two threads. Mails
// beyond the limit of new conversations are in the collecting thread, automatic mails in the daily thread. It returns
// both threads.
func newSharedThreads(t *testing.T) (w *world, collecting, daily string) {
	t.Helper()
	w = newWorld(t, options{})
	w.advanceToMorning()
	w.sendMails("Prize", maxOpened+2, allFrom("mallory@other.test"))
	w.sendMails("Zebra", maxOpened+3, allFrom("eve@flood.test"))
	collecting = w.waitThread("Zebra 11 words")
	if at := w.waitThread("Prize 11 words"); at != collecting {
		t.Fatalf("the mails of the other sender are collected in the thread %s, want %s", at, collecting)
	}
	w.customerSends(mail, channelstest.Event{From: "mallory@other.test", Subject: "Prize sale", Text: "Prize sale now", Automatic: "list"})
	w.customerSends(mail, channelstest.Event{From: "eve@flood.test", Subject: "Zebra sale", Text: "Zebra sale now", Automatic: "list"})
	return w, collecting, w.waitThread("Zebra sale now")
}

// wantErasedIn checks that the certificate lists the thread, with something erased there and nothing left.
func wantErasedIn(t *testing.T, c erase.Certificate, thread string) {
	t.Helper()
	i := slices.IndexFunc(c.Threads, func(th erase.Thread) bool { return th.Message == thread })
	if i < 0 {
		t.Fatalf("the certificate names the threads %+v, want %s among them", c.Threads, thread)
	}
	if c.Threads[i].Erased == 0 {
		t.Errorf("by the certificate nothing was erased in the thread %s, want what the customer wrote", thread)
	}
	wantEqual(t, "posts left in the thread "+thread, c.Threads[i].Left, 0)
	wantEqual(t, "posts by colleagues in the thread "+thread, c.Threads[i].ByColleagues, 0)
}

// An erasure removes a customer's mails from the threads that several customers share. That includes mails that an agent
// made a conversation of or silenced, and the last words that the thread itself remembers.
// Requirement R-276: Erase and export a person.
func TestEraseFromSharedThreads(t *testing.T) {
	t.Parallel()
	w, collecting, daily := newSharedThreads(t)
	w.chat.Press(t, "ann", w.waitShown("Zebra 12 words"), bridge.VerbPromote)
	w.reply(w.waitCardWith("| Zebra 12 | Ann").ID, "No, thank you")
	w.provider.WaitTexts(t, "No, thank you")
	w.chat.Press(t, "ann", w.waitShown("Zebra sale now"), bridge.VerbSilence)
	w.eventually("the sender is silenced", func() bool { return w.count(`SELECT count(*) FROM log_entries WHERE what = 'silenced'`) == 1 })
	w.waitDrained()

	c := w.erase("eve@flood.test")
	w.wantNowhere("zebra", "eve@flood")
	wantErasedIn(t, c, collecting)
	wantErasedIn(t, c, daily)
}

// In threads that several customers share, an erasure leaves the posts of other customers and colleagues. Agents can
// still take mails out of these threads.
// Requirement R-276: Erase and export a person.
func TestEraseLeavesOthersInSharedThreads(t *testing.T) {
	t.Parallel()
	w, collecting, _ := newSharedThreads(t)
	human := w.chat.Say("ben", support, collecting, "Who are they?")
	w.waitLine(collecting, bridge.LineInside)
	w.waitDrained()
	others := w.postsWith("prize")

	w.erase("eve@flood.test")
	wantList(t, "posts of the other customer", w.postsWith("prize"), others)
	wantEqual(t, "whether what a colleague wrote was deleted", w.chat.Get(support, human).Deleted, false)
	wantNoWords(t, "the card of the shared thread", w.chat.Get(support, collecting).Text, "Erased")
	w.chat.Press(t, "ann", w.waitShown("Prize 12 words"), bridge.VerbPromote)
	w.waitCardWith("| Prize 12 | Ann")
}

// Eve was in copy of Kim's conversation and wrote there last. Erasing Eve removes her from the conversation's card, its
// stored fields and its thread. Kim's words stay, and Kim still gets replies, even one that was in its hold (waiting, so
// that it could be taken back) during the erasure.
// Requirement R-276: Erase and export a person.
func TestEraseFromCopies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	w.customerSends(mail, channelstest.Event{
		ID: "lamp", From: "kim@shop.test", Name: "Kim", Cc: []string{"eve@zebra.test"},
		Subject: "Broken lamp", Text: "It is dark",
	})
	at := w.waitThread("It is dark")
	w.customerSends(mail, channelstest.Event{
		ID: "zebra-answer", From: "eve@zebra.test", Cc: []string{"kim@shop.test"}, References: []string{"lamp"},
		Subject: "Re: Broken lamp", Text: "My zebra is afraid",
	})
	wantEqual(t, "the thread of what she wrote", w.waitThread("My zebra is afraid"), at)
	w.waitDrained()

	held := w.replyInHold(at, "Here is light")
	w.waitDrainedBut(1)

	c := w.runErasure(w.beginErasure("eve@zebra.test"))
	w.waitDrainedBut(1)
	w.wantNowhere("afraid")
	w.exec(`DELETE FROM events WHERE external_id = 'message:lamp'`) // Kim's own mail stays Kim's, although it names Eve
	w.wantNowhere("zebra")
	wantEqual(t, "threads in the certificate", len(c.Threads), 1)
	wantErasedIn(t, c, at)
	w.waitCard(at, "| Kim | Broken lamp |")
	w.waitShown("It is dark")

	w.advance(time.Hour)
	w.waitFate(held, "out")
	sent := w.waitSent(1)[0]
	wantSentTo(t, sent, []string{"kim@shop.test"}, nil)
	wantList(t, "other addresses of whom it went to", sent.Also, nil)
	w.waitDrained()
	w.wantNowhere("zebra")
}

// What a contact writes during the erasure counts as written by a stranger. It may answer an erased conversation, and may
// have been accepted before or after the erasure was asked for. A new conversation begins with it, replies reach the
// stranger, and nothing of the erased conversations is left.
// Requirement R-276: Erase and export a person.
func TestWrittenWhileErased(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerSends(mail, channelstest.Event{ID: "lamp-1", From: "eve@shop.test", Subject: "Zebra lamp", Text: "The zebra is dark"})
	w.customerSends(chat, channelstest.Event{ID: "zebra-chat", From: "zed", Text: "A zebra in the chat"})
	erased := []string{w.waitThread("The zebra is dark"), w.waitThread("A zebra in the chat")}
	w.reply(erased[0], "Which one?")
	w.provider.WaitTexts(t, "Which one?")
	w.waitDrained()
	w.exec(`UPDATE identities SET contact_id = $1 WHERE key = 'zed'`, w.contactOf("eve@shop.test")) // one person

	w.stops[0]() // so that what arrives is accepted, and waits to be applied
	answer := func(id, text string) channelstest.Event {
		return channelstest.Event{ID: id, From: "eve@shop.test", Subject: "Re: lamp", Text: text, References: []string{"lamp-1"}}
	}
	w.journalMessages(mail, answer("waits", "Accepted before"))
	o, id := w.beginErasure("eve@shop.test")
	w.journalMessages(mail, answer("later", "Accepted after"))
	w.journalMessages(chat, channelstest.Event{ID: "later-chat", From: "zed", Text: "Chatted after"})
	w.startReplica()
	before, after, chatted := w.waitThread("Accepted before"), w.waitThread("Accepted after"), w.waitThread("Chatted after")
	w.waitDrained()
	w.finishErasure(o, id)

	w.wantNowhere("zebra")
	for _, thread := range []string{before, after, chatted} {
		if slices.Contains(erased, thread) {
			t.Errorf("what came meanwhile is in the thread %s, want none of the erased ones, %q", thread, erased)
		}
		wantNoWords(t, "the card of what came meanwhile", w.chat.Get(support, thread).Text, "Erased")
	}

	for _, text := range []string{"Accepted before", "Accepted after", "Chatted after"} {
		w.waitShown(text)
	}

	w.reply(after, "Hello, stranger")
	w.reply(chatted, "Hello there")
	sent := w.waitSent(3)
	i := slices.IndexFunc(sent, func(m channelstest.Sent) bool { return m.Text == "Hello, stranger" })
	if i < 0 {
		t.Fatalf("customers got %q, want the reply to the mail among them", w.sentTexts())
	}
	wantList(t, "whom the reply went to", sent[i].To, []string{"eve@shop.test"})
}

// If a reply form was open while its customer was erased, handing it in sends nothing, and its recipients aren't stored
// again.
// Requirement R-276: Erase and export a person.
func TestOldFormOfTheErased(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerSends(mail, channelstest.Event{ID: "lamp", From: "zebra@shop.test", Subject: "Lamp", Text: "It is dark"})
	at := w.waitThread("It is dark")
	form := formOf(bridge.VerbReply)
	form.Form = "f1"
	form.Args.ReplyArgs = bridge.ReplyArgs{
		To:    []string{"zebra@shop.test", "mia.zebra@shop.test"},
		Shown: bridge.RecipientsMark([]string{"zebra@shop.test"}, nil),
	}
	w.erase("zebra@shop.test")
	w.chat.Submit("ann", support, at, form, "Here is light")
	w.waitDrained()
	w.exec(`DELETE FROM events WHERE payload LIKE '%Here is light%'`) // Ann's text is deleted with other old events
	w.wantNowhere("zebra")
	wantEqual(t, "replies that left", len(w.provider.Sent()), 0)
}
