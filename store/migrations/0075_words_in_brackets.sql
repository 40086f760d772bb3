-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated, like 0002.

-- The words of a text, as they are kept and as they are looked for: small letters without accents.
-- What joins the parts of addresses parts words, so that "lee" finds ann.lee@shop.example. So do angle
-- brackets: PostgreSQL takes "<Order 4711>" for a tag of XML and leaves it out.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION find_words(given text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
	SELECT strip(to_tsvector('pg_catalog.simple', translate(lower(given),
		'ÀÁÂÃÄÅĀĂĄàáâãäåāăąÇĆČçćčĎďÈÉÊËĒĘĚèéêëēęěĞğÌÍÎÏĪİìíîïīÑŃŇñńňÒÓÔÕÖŌŐòóôõöōőŘřŚŞŠśşšŤťÙÚÛÜŪŮŰùúûüūůűÝýÿŹŻŽźżžĐđıŁłØø@._-+/\:&=?#~%<>',
		'aaaaaaaaaaaaaaaaaaccccccddeeeeeeeeeeeeeeggiiiiiiiiiiinnnnnnoooooooooooooorrssssssttuuuuuuuuuuuuuuyyyzzzzzzddilloo                ')))
$$;
-- +goose StatementEnd

-- What has such brackets and was indexed before: few.
INSERT INTO conversation_words (conversation_id, words)
	SELECT id, words
	FROM words_of_conversations
	WHERE id = ANY(ARRAY(
		SELECT c.id
		FROM conversations AS c
		WHERE concat(c.subject, c.traits ->> 'name', c.participants::text) LIKE '%<%'
			OR c.identity_id = ANY(ARRAY(SELECT unnest(ARRAY[id, same_as]) FROM identities WHERE name LIKE '%<%'))))
	ORDER BY id
	ON CONFLICT (conversation_id) DO UPDATE SET words = EXCLUDED.words;
