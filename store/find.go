package store

import (
	"context"
	"strings"
	"unicode"

	"golang.org/x/net/idna"

	"parley/store/internal/query"
)

// Agents search conversations by words, addresses and phone numbers. The newest conversations come first. There are three search
// strategies, because none is fast for all words. A strategy is used if the ones before it did not fill the page:
//
//   - findNewest tests the three hundred newest conversations. That is enough for words that many conversations have.
//   - findConversations collects all matches from the indexes of words (met), and sorts them. The indexes are asked only for those of
//     the words that are rare in a sample of the newest (narrow), because a frequent one costs as much as it has matches.
//   - If all words are frequent, or there are more than 5,000 matches, findConversations instead tests the latest 5,000 messages, and
//     the subjects and customers of as many conversations (late). There, "IS TRUE" keeps the planner from using the indexes of words.
const (
	findQuery = `
	WITH query AS (
		SELECT find_query($4) || find_query($5) || find_query($8) AS words
	)`
	// hasWords is true if all words occur in the conversation's own words, or all in one of its messages.
	hasWords = `(coalesce((
			SELECT (words @@ (SELECT words FROM query)) IS TRUE FROM conversation_words WHERE conversation_id = conversation.id), false)
		OR EXISTS (
			SELECT FROM message_words
			WHERE conversation_id = conversation.id AND (words @@ (SELECT words FROM query)) IS TRUE
			OFFSET 0))` // OFFSET 0: looked up one by one
	findNewest = findQuery + `
	SELECT conversation.id
	FROM (SELECT * FROM conversations ORDER BY id DESC LIMIT 300) AS conversation
	WHERE conversation.kind = 'customer' AND ` + readable + ` AND ` + hasWords + `
	ORDER BY conversation.id DESC
	LIMIT $6::int OFFSET $7::int`
	findConversations = findQuery + `, sample AS MATERIALIZED (
		(SELECT conversation_id AS id, words FROM message_words ORDER BY message_id DESC LIMIT 1000)
		UNION ALL
		(SELECT conversation_id AS id, words FROM conversation_words ORDER BY conversation_id DESC LIMIT 500)
	), word AS MATERIALIZED (
		SELECT part, word, (SELECT count(DISTINCT id) < 25 FROM sample WHERE (words @@ word) IS TRUE) AS rare
		FROM (
			SELECT part, ('''' || replace(replace(lexeme, '', '\'), '''', '''''') || ''':*')::tsquery AS word
			FROM (VALUES (1, $4), (2, $5), (3, $8)) AS given (part, text)
			CROSS JOIN LATERAL unnest(find_words(given.text)) AS found) AS words
	), narrow AS MATERIALIZED (
		SELECT coalesce(bool_and(part.rare), true) AS yes, coalesce(string_agg(part.words, ' | '), '')::tsquery AS words
		FROM (
			SELECT bool_or(rare) AS rare, '(' || string_agg(word::text, ' & ') FILTER (WHERE rare) || ')' AS words
			FROM word GROUP BY part) AS part
	), met AS MATERIALIZED (
		(SELECT conversation_id AS id FROM conversation_words
			WHERE (SELECT yes FROM narrow) AND words @@ (SELECT words FROM narrow) AND (words @@ (SELECT words FROM query)) IS TRUE LIMIT 5001)
		UNION ALL
		(SELECT conversation_id AS id FROM message_words
			WHERE (SELECT yes FROM narrow) AND words @@ (SELECT words FROM narrow) AND (words @@ (SELECT words FROM query)) IS TRUE LIMIT 5001)
	), few AS MATERIALIZED (
		SELECT count(*) <= 5000 AND (SELECT yes FROM narrow) AS yes FROM met
	), late AS (
		(SELECT id
			FROM (SELECT conversation_id AS id, words FROM conversation_words WHERE NOT (SELECT yes FROM few)
				ORDER BY conversation_id DESC LIMIT 5000) AS newest
			WHERE (words @@ (SELECT words FROM query)) IS TRUE)
		UNION ALL
		(SELECT id
			FROM (SELECT conversation_id AS id, words FROM message_words WHERE NOT (SELECT yes FROM few)
				ORDER BY message_id DESC LIMIT 5000) AS newest
			WHERE (words @@ (SELECT words FROM query)) IS TRUE)
	)
	SELECT conversation.id
	FROM (
		SELECT DISTINCT id
		FROM (SELECT id FROM met WHERE (SELECT yes FROM few) UNION ALL SELECT id FROM late) AS found
		ORDER BY id DESC
		OFFSET 0) AS newest
	CROSS JOIN LATERAL (
		SELECT conversation.id
		FROM conversations AS conversation
		WHERE conversation.id = newest.id AND conversation.kind = 'customer' AND ` + readable + `
		OFFSET 0) AS conversation
	ORDER BY newest.id DESC
	LIMIT $6::int OFFSET $7::int`
)

// FindConversations returns the ids of conversations in any status that r may read and that match text, the newest first.
// Each word of text must occur in the conversation's subject, tags, names, addresses or phone numbers, or each in one of its
// messages and notes, as a word or as the start of one. text has no operators: all characters except letters and digits separate
// words. A domain may be typed with its own letters: it is found by its form in ASCII, which addresses are stored with. Words that
// thousands of conversations have are looked for in the latest 5,000 messages.
func FindConversations(ctx context.Context, q Querier, r Reader, text string, limit, offset int) ([]ConversationID, error) {
	args := append(r.readableArguments(), plainText(text), phoneNumber(text), limit, offset, asciiDomains(text))
	ids, err := query.Column[ConversationID](ctx, q, "find among the newest", findNewest, args...)
	if err != nil || len(ids) == limit { // a full page of the newest conversations is complete
		return ids, err
	}
	return query.Column[ConversationID](ctx, q, "find", findConversations, args...)
}

const foundTexts = `
	WITH query AS (
		SELECT find_query($1) || find_query($2) || find_query($3) AS words
	)
	SELECT DISTINCT ON (word.conversation_id) word.conversation_id AS id,
		findable_text(message.text, message.fate, message.reason, message.revision) AS text
	FROM message_words AS word
	JOIN messages AS message ON message.id = word.message_id
	WHERE word.conversation_id = ANY($4::bigint[]) AND (word.words @@ (SELECT words FROM query)) IS TRUE
	ORDER BY word.conversation_id, word.message_id DESC`

// FoundTexts returns, of each of these conversations, the latest message or note that has all words of text. Conversations that were
// found by something else are missing.
func FoundTexts(ctx context.Context, q Querier, text string, ids []ConversationID) (map[ConversationID]string, error) {
	type row struct {
		ID   ConversationID `db:"id"`
		Text string         `db:"text"`
	}
	rows, err := query.Collect[row](ctx, q, "found texts", foundTexts, plainText(text), phoneNumber(text), asciiDomains(text), ids)
	texts := map[ConversationID]string{}
	for _, r := range rows {
		texts[r.ID] = r.Text
	}
	return texts, err
}

// plainText replaces NUL and invalid UTF-8, which PostgreSQL rejects, by spaces.
func plainText(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, " "), "\x00", " ")
}

// asciiDomains returns text with its domains in ASCII, as the keys of customers have them: "ann@xn--bcher-kva.test" for
// "ann@bücher.test". It returns "" if that changes nothing.
func asciiDomains(text string) string {
	isChanged := false
	fields := strings.Fields(plainText(text))
	for i, field := range fields {
		at := strings.LastIndexByte(field, '@') + 1
		domain := field[at:]
		if !strings.Contains(domain, ".") {
			continue
		}
		if ascii, err := idna.Lookup.ToASCII(domain); err == nil && ascii != domain {
			fields[i], isChanged = field[:at]+ascii, true
		}
	}
	if !isChanged {
		return ""
	}
	return strings.Join(fields, " ")
}

// minPhoneDigits is the minimum length of a phone number to search for. Fewer digits, such as a year, match too many
// numbers.
const minPhoneDigits = 5

// phoneNumber returns the digits of a text that may be a phone number, without the leading zeros of a country or area code:
// "491701234" for "0049 (170) 1234". It returns "" if the text can't be a phone number.
func phoneNumber(text string) string {
	var digits strings.Builder
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			digits.WriteRune(r)
		case !unicode.IsSpace(r) && !strings.ContainsRune("+-./()", r):
			return ""
		}
	}
	if digits.Len() < minPhoneDigits {
		return ""
	}
	return strings.TrimLeft(digits.String(), "0")
}
