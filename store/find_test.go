package store_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/storetest"
)

// findAll returns the conversations that have these words, for somebody who may read all conversations.
func findAll(t *testing.T, pool *pgxpool.Pool, words string) []store.ConversationID {
	t.Helper()
	return must(store.FindConversations(t.Context(), pool, store.Reader{}, words, maxListed, 0))(t)
}

// newCorrespondence makes five conversations with four customers. The last customer, Noura, is the same person as
// Tomás.
func newCorrespondence(t *testing.T) *pgxpool.Pool {
	t.Helper()
	pool := storetest.Reused(t)
	account := channelAccount(t, pool, "a")
	exec(t, pool, `INSERT INTO contacts (id, name) VALUES (1, 'x')`)

	exec(t, pool, `
		INSERT INTO identities (id, account_id, key, name, contact_id)
		VALUES
			(11, $1, 'ann.lee@shop.example', 'Ann O''Brien-Lee', 1),
			(12, $1, '+491715550100', 'Tomás Núñez', 1),
			(13, $1, '76000247060', '', 1),
			(14, $1, 'wa-77', 'نورة', 1)`, account)
	exec(t, pool, `
		INSERT INTO conversations (id, account_id, identity_id, status, subject, participants, last_at, created_at)
		VALUES
			(1, $1, 11, 'open', 'Broken lamp, order 2024-0042',
				'[{"key":"ann.lee@shop.example"},{"key":"lucia@casa.example","name":"Lucía"}]', now(), now()),
			(2, $1, 11, 'closed', 'Invoice for 100% wool', '[]', now(), now()),
			(3, $1, 12, 'resolved', 'Mail from info@müller.example', '[]', now(), now()),
			(4, $1, 13, 'snoozed', '', '[{"key":"uli@xn--bcher-kva.example","name":"Ulrike"}]', now(), now()),
			(5, $1, 14, 'open', '王芳 asks <Order 4711>', '[]', now(), now())`, account)

	exec(t, pool, `UPDATE identities SET same_as = 12 WHERE id = 14`)
	return pool
}

// A search finds conversations by subject, name, address and number. It finds beginnings of words, and copes with all
// signs that are typed.
// Requirement R-110: Find by name, address, number, subject and words of messages.
// Requirement R-111: Three letters, from the start of a word.
// Requirement R-112: Find in everything one may read, whatever became of it.
func TestFind(t *testing.T) {
	t.Parallel()
	pool := newCorrespondence(t)
	type ids = []store.ConversationID
	tests := []struct {
		name  string
		words string
		want  ids
	}{
		{name: "word of a subject", words: "lamp", want: ids{1}},
		{name: "beginning of a word in capitals", words: "LAM", want: ids{1}},
		{name: "end of a word", words: "amp", want: nil},
		{name: "word in angle brackets", words: "4711", want: ids{5}},
		{name: "words with angle brackets", words: "<Order 4711>", want: ids{5}},
		{name: "two words of a subject", words: "lamp order", want: ids{1}},
		{name: "words of two subjects", words: "lamp invoice", want: nil},

		{name: "name", words: "ann", want: ids{2, 1}},
		{name: "name and subject", words: "ann inv", want: ids{2}},
		{name: "name with an apostrophe", words: "o'brien", want: ids{2, 1}},
		{name: "address", words: "ann.lee@shop.example", want: ids{2, 1}},
		{name: "beginning of a domain", words: "shop.exam", want: ids{2, 1}},
		{name: "address whose domain has letters beyond ASCII", words: "Uli@Bücher.example", want: ids{4}},
		{name: "such a domain, and a word of the name", words: "Ulrike bücher.example", want: ids{4}},
		{name: "such an address in a subject", words: "info@müller.example", want: ids{3}},
		{name: "another participant without the accent", words: "lucia", want: ids{1}},
		{name: "name without accents", words: "tomas nunez", want: ids{3}},
		{name: "name with an accent", words: "Núñez", want: ids{3}},

		{name: "international number with blanks", words: "+49 171 5550100", want: ids{3}},
		{name: "number with 00 and signs", words: "0049 (171) 555-0100", want: ids{3}},
		{name: "national number", words: "0171/5550100", want: ids{3}},
		{name: "beginning of a national number", words: "171555", want: ids{3}},
		{name: "end of a number", words: "5550100", want: nil},
		{name: "order number", words: "2024-0042", want: ids{1}},
		{name: "part of an order number", words: "0042", want: ids{1}},
		{name: "beginning of a number without a plus", words: "76000", want: ids{4}},

		{name: "Arabic name, of one person with two identities", words: "نور", want: ids{5, 3}},
		{name: "Chinese name", words: "王芳", want: ids{5}},
		{name: "number with a percent sign", words: "100%", want: ids{2}},

		{name: "percent sign alone", words: "%", want: nil},
		{name: "apostrophe alone", words: "'", want: nil},
		{name: "quote alone", words: `"`, want: nil},
		{name: "SQL", words: `\'); DROP TABLE conversations; --`, want: nil},
		{name: "or of PostgreSQL's queries", words: "lamp' | 'ann", want: ids{1}},
		{name: "not of PostgreSQL's queries", words: "lamp & !ann", want: ids{1}},
		{name: "other signs of PostgreSQL's queries", words: "a:* <-> (", want: ids{5, 2, 1}},
		{name: "bytes that are no text", words: "lamp\x00\xff", want: ids{1}},
		{name: "nothing", words: "", want: nil},
		{name: "blanks", words: "   ", want: nil},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := findAll(t, pool, tt.words); !slices.Equal(got, tt.want) {
				t.Errorf("%q finds %v, want %v", tt.words, got, tt.want)
			}
		})
	}
}

// A conversation is found by its new subject, by the name that it was given, and by its customer's new name. It isn't
// found by the former ones any more.
// Requirement R-110: Find by name, address, number, subject and words of messages.
func TestFindAfterChanges(t *testing.T) {
	t.Parallel()
	pool := newCorrespondence(t)
	exec(t, pool, `UPDATE conversations SET subject = 'Desk' WHERE id = 1`)
	exec(t, pool, `UPDATE identities SET name = 'Zoe' WHERE id = 11`)
	exec(t, pool, `UPDATE conversations SET traits = '{"name": "Munich Lamps"}' WHERE id = 3`)
	exec(t, pool, `UPDATE conversations SET traits = '{"name": "Berlin Lamps", "intent": "order"}' WHERE id = 3`)

	tests := []struct {
		name  string
		words string
		want  []store.ConversationID
	}{
		{name: "former subject", words: "broken", want: nil},
		{name: "new subject and name", words: "desk zoe", want: []store.ConversationID{1}},
		{name: "new name", words: "zoe", want: []store.ConversationID{2, 1}},
		{name: "former name", words: "brien", want: nil},
		{name: "given name and customer's name", words: "berlin tomas", want: []store.ConversationID{3}},
		{name: "formerly given name", words: "munich", want: nil},
		{name: "what an analysis found", words: "intent order", want: nil},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := findAll(t, pool, tt.words); !slices.Equal(got, tt.want) {
				t.Errorf("%q finds %v, want %v", tt.words, got, tt.want)
			}
		})
	}
}

// A conversation is found by the words of its messages and notes, as they are now, and by its tags.
// Requirement R-110: Find by name, address, number, subject and words of messages.
// Requirement R-112: Find in everything one may read, whatever became of it.
// Requirement R-159: Tags in reports and searches.
func TestFindInMessages(t *testing.T) {
	t.Parallel()
	pool := newCorrespondence(t)
	exec(t, pool, `
		INSERT INTO messages (id, conversation_id, direction, fate, text, said_at, created_at)
		SELECT id, c, d, f, text, now(), now() FROM (VALUES
			(1, 1, 'in', 'in', 'The Übergröße squeaks, order 12.'), (2, 1, 'out', 'out', 'Please send it back.'),
			(3, 3, 'note', 'inside', 'He was promised a refund'), (4, 4, 'in', 'in', '退款什么时候到？'),
			(5, 2, 'in', 'in', 'squeaking old words'), (6, 2, 'in', 'in', 'gone soon')) AS m (id, c, d, f, text)`)
	exec(t, pool, `UPDATE messages SET text = 'newer words' WHERE id = 5`)
	exec(t, pool, `
		INSERT INTO messages (id, conversation_id, direction, fate, reason, text, said_at, created_at)
		VALUES (7, 3, 'out', 'dropped', 'confidential', 'secretword', now(), now())`)
	exec(t, pool, `UPDATE messages SET revision = '{"text": "corrected"}' WHERE id = 4`)
	exec(t, pool, `UPDATE messages SET revision = '{"text": "newer words", "deleted": true}' WHERE id = 5`)
	exec(t, pool, `INSERT INTO messages (id, conversation_id, direction, fate, text, said_at, created_at) VALUES (8, 4, 'in', 'in', '什么', now(), now())`)
	exec(t, pool, `DELETE FROM messages WHERE id = 6`)
	exec(t, pool, `UPDATE conversations SET tags = '{Escalated}' WHERE id = 5`)

	tests := []struct {
		name, words string
		want        []store.ConversationID
	}{
		{name: "customer's words", words: "squeaks ubergr", want: []store.ConversationID{1}},
		{name: "agent's word", words: "back", want: []store.ConversationID{1}},
		{name: "note", words: "refu", want: []store.ConversationID{3}},
		{name: "words of two messages", words: "squeaks back", want: nil},
		{name: "Chinese within a sentence", words: "什么", want: []store.ConversationID{4}},
		{name: "words that were changed", words: "squeaking", want: nil},
		{name: "what the customer deleted", words: "newer", want: nil},
		{name: "words that were deleted", words: "gone", want: nil},
		{name: "what a rule against data loss blocked", words: "secretword", want: nil},
		{name: "what the customer replaced", words: "退款", want: nil},
		{name: "what the customer corrected", words: "corrected", want: []store.ConversationID{4}},
		{name: "tag", words: "escal", want: []store.ConversationID{5}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := findAll(t, pool, tt.words); !slices.Equal(got, tt.want) {
				t.Errorf("%q finds %v, want %v", tt.words, got, tt.want)
			}
		})
	}
	if texts := must(store.FoundTexts(t.Context(), pool, "refund", []store.ConversationID{1, 3}))(t); len(texts) != 1 || texts[3] == "" {
		t.Errorf("found in %v, want the note of #3", texts)
	}
}
