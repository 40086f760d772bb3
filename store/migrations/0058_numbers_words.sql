-- +goose Up

-- A phone number is found without its country's code too. Which digits these are is known: codes are 1 and 7, some of
-- two digits, else three (ITU-T E.164; none is the beginning of another one); 0 stands before numbers without a code.
-- So one more word is kept of a number, not three. Conversations from before keep their words.
CREATE OR REPLACE VIEW words_of_conversations AS
	SELECT c.id, find_words(left(concat_ws(' ', c.subject, copies.words, customer.words), 20000)) AS words
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
