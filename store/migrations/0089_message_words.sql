-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated, like 0002.

-- Conversations are also found by the words of what was written in them, and by their tags.
CREATE TABLE IF NOT EXISTS message_words (
	message_id bigint PRIMARY KEY,
	conversation_id bigint NOT NULL,
	words tsvector NOT NULL
);
CREATE INDEX IF NOT EXISTS message_words_found ON message_words USING gin (words);
CREATE INDEX IF NOT EXISTS message_words_conversation ON message_words (conversation_id);

-- Chinese and Japanese have no spaces: each sign is a word.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION find_words(given text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
	SELECT strip(to_tsvector('pg_catalog.simple', translate(lower(
		CASE WHEN given ~ '[\u3040-\u30ff\u3400-\u9fff]' THEN regexp_replace(given, '([\u3040-\u30ff\u3400-\u9fff])', ' \1 ', 'g') ELSE given END),
		'ÀÁÂÃÄÅĀĂĄàáâãäåāăąÇĆČçćčĎďÈÉÊËĒĘĚèéêëēęěĞğÌÍÎÏĪİìíîïīÑŃŇñńňÒÓÔÕÖŌŐòóôõöōőŘřŚŞŠśşšŤťÙÚÛÜŪŮŰùúûüūůűÝýÿŹŻŽźżžĐđıŁłØø@._-+/\:&=?#~%<>',
		'aaaaaaaaaaaaaaaaaaccccccddeeeeeeeeeeeeeeggiiiiiiiiiiinnnnnnoooooooooooooorrssssssttuuuuuuuuuuuuuuyyyzzzzzzddilloo                ')))
$$;
-- +goose StatementEnd

CREATE OR REPLACE VIEW words_of_conversations AS
	SELECT c.id, find_words(left(concat_ws(' ', c.traits ->> 'name', c.subject, array_to_string(c.tags, ' '), copies.words, customer.words), 20000)) AS words
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
		OR NEW.tags <> OLD.tags OR NEW.traits ->> 'name' IS DISTINCT FROM OLD.traits ->> 'name')
	EXECUTE FUNCTION keep_changed_words();

-- The text of a message that may be found: not what a rule against data loss has blocked, and as the customer changed it.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION findable_text(given text, fate text, reason text, revision jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN reason = 'confidential' AND fate IN ('failed', 'dropped') OR (revision ->> 'deleted')::boolean THEN ''
		WHEN revision IS NOT NULL THEN coalesce(revision ->> 'text', '')
		ELSE given END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION keep_added_message_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO message_words (message_id, conversation_id, words)
	SELECT id, conversation_id, find_words(left(concat_ws(' ', subject, findable_text(text, fate, reason, revision)), 20000))
	FROM added WHERE text <> '' ORDER BY id;
	RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION keep_changed_message_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO message_words (message_id, conversation_id, words)
	SELECT NEW.id, NEW.conversation_id, 
		find_words(left(concat_ws(' ', NEW.subject, findable_text(NEW.text, NEW.fate, NEW.reason, NEW.revision)), 20000))
	ON CONFLICT (message_id) DO UPDATE SET conversation_id = EXCLUDED.conversation_id, words = EXCLUDED.words;
	RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION drop_message_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM message_words WHERE message_id IN (SELECT id FROM gone);
	RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE OR REPLACE TRIGGER messages_added_words AFTER INSERT ON messages
	REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION keep_added_message_words();
CREATE OR REPLACE TRIGGER messages_changed_words AFTER UPDATE ON messages FOR EACH ROW
	WHEN (NEW.text <> OLD.text OR NEW.subject <> OLD.subject OR NEW.conversation_id <> OLD.conversation_id
		OR NEW.revision IS DISTINCT FROM OLD.revision OR NEW.reason <> OLD.reason AND 'confidential' IN (NEW.reason, OLD.reason))
	EXECUTE FUNCTION keep_changed_message_words();
CREATE OR REPLACE TRIGGER messages_gone_words AFTER DELETE ON messages
	REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION drop_message_words();

INSERT INTO message_words (message_id, conversation_id, words)
	SELECT id, conversation_id, find_words(left(concat_ws(' ', subject, findable_text(text, fate, reason, revision)), 20000))
	FROM messages WHERE text <> ''
	ON CONFLICT DO NOTHING;
-- What has tags, or such signs, and was indexed before.
INSERT INTO conversation_words (conversation_id, words)
	SELECT id, words
	FROM words_of_conversations
	WHERE id = ANY(ARRAY(
		SELECT c.id
		FROM conversations AS c
		WHERE c.tags <> '{}' OR concat(c.subject, c.traits ->> 'name', c.participants::text) ~ '[\u3040-\u30ff\u3400-\u9fff]'
			OR c.identity_id = ANY(ARRAY(
				SELECT unnest(ARRAY[id, same_as]) FROM identities WHERE name ~ '[\u3040-\u30ff\u3400-\u9fff]'))))
	ORDER BY id
	ON CONFLICT (conversation_id) DO UPDATE SET words = EXCLUDED.words;
