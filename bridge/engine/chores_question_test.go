package engine

import (
	"slices"
	"strings"
	"testing"

	"parley/bridge/analysis"
	"parley/store"
)

// A model is asked about a customer's burst. Beside that it gets the earlier messages of that conversation only: no
// notes, no replies that didn't leave, and nothing that came later.
func TestWhatAModelGets(t *testing.T) {
	t.Parallel()
	const in, out, note = store.DirectionIn, store.DirectionOut, store.DirectionNote
	latest := []store.Message{ // the newest first
		{EventID: 9, ConversationID: 1, Direction: in, Text: "later"},
		{EventID: 8, ConversationID: 2, Direction: in, Text: "another customer's"},
		{EventID: 8, ConversationID: 1, Direction: in, Text: "second", MessagePlace: store.MessagePlace{AccountID: 7}},
		{EventID: 7, ConversationID: 1, Direction: note, Fate: store.FateInside, Text: "a remark"},
		{EventID: 7, ConversationID: 1, Direction: in, Automatic: "auto-reply", Text: "a machine's"},
		{EventID: 6, ConversationID: 1, Direction: in, Text: "first", MessagePlace: store.MessagePlace{AccountID: 7}},
		{EventID: 5, ConversationID: 2, Direction: out, Fate: store.FateOut, Text: "another's answer"},
		{EventID: 5, ConversationID: 1, Direction: out, Fate: store.FateOut, Text: "answer"},
		{EventID: 5, ConversationID: 1, Direction: out, Fate: store.FateWaiting, Text: "held"},
		{EventID: 5, ConversationID: 1, Direction: out, Fate: store.FateFailed, Text: "failed"},
		{EventID: 4, ConversationID: 1, Direction: in, Text: "before"},
	}

	var q preparedQuestion
	account := q.addMessages(claimedBurst{store.Burst{ConversationID: 1, FirstEvent: 6, LastEvent: 8}, &store.BurstMaterial{Latest: latest}})
	if account != 7 {
		t.Errorf("the burst came to account %d, want 7", account)
	}

	var burst, before []string
	for _, m := range q.Burst {
		burst = append(burst, m.Text)
	}
	for _, m := range q.Before {
		before = append(before, m.Text)
	}
	if want := []string{"first", "second"}; !slices.Equal(burst, want) {
		t.Errorf("the burst is %q, want %q", burst, want)
	}
	if want := []string{"before", "answer"}; !slices.Equal(before, want) {
		t.Errorf("what was exchanged before is %q, want %q", before, want)
	}
}

// A model gets only the beginning and the end of a very long message. Otherwise checking an answer would read all of it:
// a summary of two hundred mails of 200 kB would keep a core busy for a minute.
func TestLongMessageIsCut(t *testing.T) {
	t.Parallel()
	const maxBytes = 20 << 10
	long := "It began on Monday. " + strings.Repeat("ä", 1<<20) + " Please call me."
	said, ok := messageExchanged(&store.Message{Direction: store.DirectionIn, Subject: long, Text: long,
		MessageExtras: store.MessageExtras{Files: make([]store.FileRef, 1000)}})
	if !ok {
		t.Fatal("the message was not exchanged, want that it was")
	}

	for _, text := range []string{said.Subject, said.Text} {
		if len(text) > maxBytes {
			t.Errorf("got %d bytes, want at most %d", len(text), maxBytes)
		}
		if !strings.HasPrefix(text, "It began on Monday. ") || !strings.HasSuffix(text, " Please call me.") {
			t.Errorf("got “%.30s … %s”, want its beginning and its end", text, text[len(text)-30:])
		}
		if strings.ToValidUTF8(text, "") != text {
			t.Error("a character was cut in two")
		}
	}
	if len(said.Files) >= 1000 {
		t.Errorf("got the names of %d files, want fewer", len(said.Files))
	}
}

// A text of a customer that is too long to be translated is cut. The cut leaves no part of a card number, which nothing would
// recognise and mask before it is sent to a model.
func TestCutLeavesNoPartOfANumber(t *testing.T) {
	t.Parallel()
	const card = "4111 1111 1111 1111"
	const after = " is my card. The rest is cut."
	for visible := range len(card) + 2 {
		before := strings.Repeat("ä", analysis.MostDraft-1-visible)
		rows := []store.Message{{Direction: store.DirectionIn, Text: before + card + after}}
		words := customerWords(rows, Ask{Task: analysis.Translate})
		want := before + "…"
		if visible >= len(card) {
			want = before + (card + after)[:visible] + "…"
		}
		if words != want {
			t.Errorf("cut behind %d characters of the number: the text ends with %q, want %q", visible, words[len(before):], want[len(before):])
		}
	}

	whole := strings.Repeat("a", analysis.MostDraft-len(card)) + card
	if words := customerWords([]store.Message{{Direction: store.DirectionIn, Text: whole}}, Ask{}); words != whole {
		t.Errorf("a text of %d characters was cut to %d", len(whole), len(words))
	}
}
