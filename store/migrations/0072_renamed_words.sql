-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated, like 0002.

-- A conversation is also found by the name that somebody gave it (trait "name"), which is what cards and lists show.
CREATE OR REPLACE VIEW words_of_conversations AS
	SELECT c.id, find_words(left(concat_ws(' ', c.traits ->> 'name', c.subject, copies.words, customer.words), 20000)) AS words
	FROM conversations AS c
	CROSS JOIN LATERAL (
		SELECT string_agg(concat_ws(' ', p ->> 'name', p ->> 'key'), ' ') AS words
		FROM jsonb_array_elements(c.participants) AS p) AS copies
	CROSS JOIN LATERAL (
		SELECT string_agg(concat_ws(' ', i.name, i.key, n.digits,
			regexp_replace(n.digits, '^([017]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|(2[1-689]|3[578]|42|5[09]|6[7-9]|8[035789]|9[679]).)', '')), ' ') AS words
		FROM identities AS i
		CROSS JOIN LATERAL (SELECT substring(i.key FROM '[0-9]{7,15}$') AS digits) AS n
		WHERE i.id = c.identity_id OR i.same_as = c.identity_id) AS customer
	WHERE c.kind = 'customer';

CREATE OR REPLACE TRIGGER conversations_changed_words AFTER UPDATE ON conversations FOR EACH ROW
	WHEN (NEW.subject <> OLD.subject OR NEW.participants <> OLD.participants OR NEW.identity_id IS DISTINCT FROM OLD.identity_id
		OR NEW.traits ->> 'name' IS DISTINCT FROM OLD.traits ->> 'name')
	EXECUTE FUNCTION keep_changed_words();

-- What was renamed before, which the release with schema 10 can't do: a handful.
INSERT INTO conversation_words (conversation_id, words)
	SELECT id, words FROM words_of_conversations WHERE id = ANY(ARRAY(SELECT id FROM conversations WHERE traits ? 'name')) ORDER BY id
	ON CONFLICT (conversation_id) DO UPDATE SET words = EXCLUDED.words;
