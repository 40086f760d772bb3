-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated, like 0002.

-- What find looks through: the words of each conversation's subject and of the names, addresses and
-- numbers of its customer and of who is in copy. A table of its own, because a conversation's row
-- changes with each message and its words hardly ever.
CREATE TABLE IF NOT EXISTS conversation_words (
	conversation_id bigint PRIMARY KEY,
	words tsvector NOT NULL
);
CREATE INDEX IF NOT EXISTS conversation_words_found ON conversation_words USING gin (words);

-- The words of a text, as they are kept and as they are looked for: small letters without accents.
-- What joins the parts of addresses parts words, so that "lee" finds ann.lee@shop.example.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION find_words(given text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
	SELECT strip(to_tsvector('pg_catalog.simple', translate(lower(given),
		'ÀÁÂÃÄÅĀĂĄàáâãäåāăąÇĆČçćčĎďÈÉÊËĒĘĚèéêëēęěĞğÌÍÎÏĪİìíîïīÑŃŇñńňÒÓÔÕÖŌŐòóôõöōőŘřŚŞŠśşšŤťÙÚÛÜŪŮŰùúûüūůűÝýÿŹŻŽźżžĐđıŁłØø@._-+/\:&=?#~%',
		'aaaaaaaaaaaaaaaaaaccccccddeeeeeeeeeeeeeeggiiiiiiiiiiinnnnnnoooooooooooooorrssssssttuuuuuuuuuuuuuuyyyzzzzzzddilloo              ')))
$$;
-- +goose StatementEnd

-- A query for what holds all words of a text, each as a word or as the beginning of one.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION find_query(given text) RETURNS tsquery LANGUAGE sql IMMUTABLE AS $$
	SELECT coalesce(string_agg('''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || ''':*', ' & '), '')::tsquery
	FROM unnest(find_words(given))
$$;
-- +goose StatementEnd

-- The words that each conversation is to be found by. A phone number is found without its country's
-- code too, which has one to three digits.
CREATE OR REPLACE VIEW words_of_conversations AS
	SELECT c.id, find_words(left(concat_ws(' ', c.subject, copies.words, customer.words), 20000)) AS words
	FROM conversations AS c
	CROSS JOIN LATERAL (
		SELECT string_agg(concat_ws(' ', p ->> 'name', p ->> 'key'), ' ') AS words
		FROM jsonb_array_elements(c.participants) AS p) AS copies
	CROSS JOIN LATERAL (
		SELECT string_agg(concat_ws(' ', i.name, i.key, n.digits, substr(n.digits, 2), substr(n.digits, 3), substr(n.digits, 4)), ' ') AS words
		FROM identities AS i
		CROSS JOIN LATERAL (SELECT substring(i.key FROM '[0-9]{7,15}$') AS digits) AS n
		WHERE i.id = c.identity_id OR i.same_as = c.identity_id) AS customer
	WHERE c.kind = 'customer';

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION keep_words(ids bigint[]) RETURNS void LANGUAGE sql AS $$
	INSERT INTO conversation_words (conversation_id, words)
	SELECT id, words FROM words_of_conversations WHERE id = ANY(ids) ORDER BY id
	ON CONFLICT (conversation_id) DO UPDATE SET words = EXCLUDED.words
$$;
-- +goose StatementEnd

-- Triggers keep the words up to date, whichever version of Parley writes.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION keep_new_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM keep_words(ARRAY(SELECT id FROM added ORDER BY id));
	RETURN NULL;
END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION keep_changed_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM keep_words(ARRAY[NEW.id]);
	RETURN NULL;
END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION keep_customers_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM keep_words(ARRAY(SELECT id FROM conversations WHERE identity_id IN (NEW.id, NEW.same_as) ORDER BY id));
	RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE OR REPLACE TRIGGER conversations_added_words AFTER INSERT ON conversations
	REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION keep_new_words();
CREATE OR REPLACE TRIGGER conversations_changed_words AFTER UPDATE ON conversations FOR EACH ROW
	WHEN (NEW.subject <> OLD.subject OR NEW.participants <> OLD.participants OR NEW.identity_id IS DISTINCT FROM OLD.identity_id)
	EXECUTE FUNCTION keep_changed_words();
CREATE OR REPLACE TRIGGER identities_changed_words AFTER UPDATE ON identities FOR EACH ROW
	WHEN (NEW.name <> OLD.name OR NEW.key <> OLD.key OR NEW.same_as IS DISTINCT FROM OLD.same_as)
	EXECUTE FUNCTION keep_customers_words();

-- Conversations below this number were there before: their words follow in batches, the newest
-- first, beside the queues. No row = all have them.
CREATE TABLE IF NOT EXISTS words_backlog (
	id int PRIMARY KEY CHECK (id = 1),
	below bigint NOT NULL
);
INSERT INTO words_backlog (id, below) SELECT 1, max(id) + 1 FROM conversations HAVING max(id) > 0 ON CONFLICT DO NOTHING;

-- Lists show who waits longest first, and what is snoozed last.
DROP INDEX CONCURRENTLY IF EXISTS conversations_waiting;
CREATE INDEX CONCURRENTLY conversations_waiting ON conversations ((status = 'snoozed'), waiting_since, last_at DESC, id)
	WHERE kind = 'customer' AND status IN ('open', 'pending', 'snoozed');
DROP INDEX CONCURRENTLY IF EXISTS conversations_open;
DROP INDEX CONCURRENTLY IF EXISTS conversations_resolved;
CREATE INDEX CONCURRENTLY conversations_resolved ON conversations USING gin (assignees)
	WHERE kind = 'customer' AND status = 'resolved';
