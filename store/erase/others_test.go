package erase_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/blob"
	"parley/store/erase"
	"parley/store/storetest"
)

// A shop's own system knows its customers by ids.
const shopAccount = 13

// shop has customers with keys of each kind, by the numbers of their contacts.
func shop(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool := storetest.DB(t)
	office(t, pool)
	exec(t, pool, `INSERT INTO accounts (id, name, kind, side) VALUES ($1, 'shop', 'http', 'channel')`, shopAccount)
	for contact, who := range []struct {
		account   int
		key, name string
	}{{shopAccount, "u-17", "Una"}, {mailAccount, "ann@shop.example", "Ann Weber"}, {chatAccount, "+4915112345", "Phil"}, {mailAccount, "user@shop.example", "User"},
		{chatAccount, "+4917012345", "Fung"}} {
		exec(t, pool, `INSERT INTO contacts (id, name) VALUES ($1, $2)`, contact+1, who.name)
		exec(t, pool, `INSERT INTO identities (id, account_id, key, name, contact_id) VALUES ($1, $2, $3, $4, $1)`, contact+1, who.account, who.key, who.name)
		exec(t, pool, `INSERT INTO conversations (id, account_id, identity_id, status, last_at, created_at) VALUES ($1, $2, $1, 'open', now(), now())`, contact+1, who.account)
		exec(t, pool, `INSERT INTO threads (conversation_id, account_id, channel, root) VALUES ($1, $2, 'C1', $3)`, contact+1, slack, threadOf(contact+1))
		exec(t, pool, `INSERT INTO posts (account_id, channel, message, conversation_id, kind) VALUES ($1, 'C1', $2, $3, 'root')`, slack, threadOf(contact+1), contact+1)
	}
	return pool
}

// threadOf is the first message of a conversation's thread.
func threadOf(conversation int) string { return fmt.Sprintf("17001%d.000100", conversation) }

// quarantined stores events that could not be applied: their payloads, or with a hash their blobs, by their names.
func quarantined(t testing.TB, pool *pgxpool.Pool, account store.AccountID, queue string, payloads map[string]string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(payloads)) {
		e := store.NewEvent{AccountID: account, ExternalID: name, OrderKey: store.OrderKey(account, queue), Payload: []byte(payloads[name]), Quarantine: "odd"}
		if strings.HasPrefix(name, "large") {
			e.Payload, e.Blob = nil, must(blob.Put(t.Context(), pool, []byte(payloads[name])))(t)
		}
		if len(must(store.InsertEvents(t.Context(), pool, []store.NewEvent{e}))(t)) != 1 {
			t.Fatal(name, " is not stored")
		}
	}
}

// erased erases a contact, without chats.
func erased(t testing.TB, pool *pgxpool.Pool, contact store.ContactID) erase.Options {
	t.Helper()
	o := options(t, pool)
	o.Ask = nil
	id := must(erase.Begin(t.Context(), o, []store.ContactID{contact}, "ann"))(t)
	must(erase.Run(t.Context(), o, id))(t)
	return o
}

// left returns the names of the events that are there, sorted.
func left(t testing.TB, pool *pgxpool.Pool) string {
	t.Helper()
	var names string
	check(t, pool.QueryRow(t.Context(), `SELECT coalesce(string_agg(external_id, ', ' ORDER BY external_id COLLATE "C"), '') FROM events`).Scan(&names))
	return names
}

// Who is erased may have a key that begins or ends another customer's, or that is a word in other accounts. What of
// others is in quarantine stays, and is taken when it is sent again.
//
func TestKeysInOthersKeys(t *testing.T) {
	t.Parallel()
	pool := shop(t)
	from := func(who string) string { return `{"type":"message","id":"m","from":{"id":"` + who + `"},"text":"Hi"}` }
	quarantined(t, pool, shopAccount, "customer:u-170", map[string]string{"message:longer": from("u-170"), "message:u-17": from("u-170")})
	quarantined(t, pool, shopAccount, "customer:u-17", map[string]string{"message:own": "not even JSON"})
	quarantined(t, pool, shopAccount, "unreadable", map[string]string{"x:own": from("u-17"), "x:other": from("my-u-17")})
	quarantined(t, pool, mailAccount, "mails", map[string]string{"elsewhere": `{"part":"u-17"}`})
	o := erased(t, pool, 1)
	if got, want := left(t, pool), "elsewhere, message:longer, message:u-17, x:other"; got != want {
		t.Errorf("left are %s, want %s", got, want)
	}

	exec(t, pool, `DELETE FROM quarantine`)
	exec(t, pool, `DELETE FROM events`)
	key := must(erase.LoadKey(t.Context(), pool, o.Sealer))(t)
	again := store.NewEvent{AccountID: shopAccount, ExternalID: "message:longer", OrderKey: "13/customer:u-170", Payload: []byte(from("u-170")), Erased: key.Fact(shopAccount, "message:longer")}
	if len(must(store.InsertEvents(t.Context(), pool, []store.NewEvent{again}))(t)) != 1 {
		t.Error("another customer's message is passed over when it is sent again")
	}
}

// Addresses and numbers are found in all forms in which they stand in mails, forms and JSON, and not within others.
//
func TestFormsOfKeys(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		account  store.AccountID
		contact  store.ContactID
		payloads map[string]string
		left     string
	}{
		"an address": {mailAccount, 2, map[string]string{
			"own 1": "From: Ann <ann@shop.example>", "own 2": "Reply-To:Ann@Shop.Example.\r\n", "own 3": `{"from":"\u003cann@shop.example\u003e"}`, "own 4": `{"text":"I am\nann@shop.example"}`,
			"own 5": "From=%3Cann%40shop.example%3E", "own 6": "Body=write+to+ann%40shop.example", "own 7": "=3Cann@shop.example=3E", "own 8": "„ann@shop.example“", "large own": "To: ann@shop.example",
			"other 1": "From: Jo <joann@shop.example>", "other 2": "From: <jo.ann@shop.example>", "other 3": "To: ann@shop.example.org", "other 4": "To: ann@shop.examples", "other 5": "From=jo%2Bann%40shop.example",
			"large other": "From: joann@shop.example",
		}, "large other, other 1, other 2, other 3, other 4, other 5"},
		"a number": {chatAccount, 3, map[string]string{
			"own 1": `{"from":"4915112345"}`, "own 2": "From=whatsapp%3A%2B4915112345&To=1", "own 3": "call 004915112345", "own 4": `{"text":"tel:+4915112345."}`, "own 5": "„4915112345“",
			"other 1": `{"from":"49151123456"}`, "other 2": "From=whatsapp%3A%2B14915112345", "other 3": "174915112345.000100",
		}, "other 1, other 2, other 3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := shop(t)
			quarantined(t, pool, c.account, "strange", c.payloads)
			erased(t, pool, c.contact)
			if got := left(t, pool); got != c.left {
				t.Errorf("left are %s, want %s", got, c.left)
			}
		})
	}
}

// A customer may be called like a word of programs. What agents said in other conversations' threads, and what programs say,
// stays; what people said of the customer elsewhere goes.
//
func TestNameThatIsAWordOfPrograms(t *testing.T) {
	t.Parallel()
	pool := shop(t)
	slackSays := func(text string) string {
		return `{"kind":"event","self":{"user":"U1"},"body":{"type":"message","user":"U2","text":"` + text + `"}}`
	}
	quarantined(t, pool, slack, "C1:"+threadOf(1), map[string]string{"reply to another": slackSays("Dear user, it is done")})
	quarantined(t, pool, slack, "C1:"+threadOf(4), map[string]string{"reply": `{"body":{"thread_ts":"` + threadOf(4) + `"}}`})
	quarantined(t, pool, slack, "C2:1.000200", map[string]string{"chat": slackSays("Good morning"), "users": slackSays("Two users called"), "gossip": slackSays(`\"Oh\", said User`)})
	quarantined(t, pool, store.SystemAccount, "c1", map[string]string{"written to another": `{"kind":"written","text":"Dear user"}`})
	erased(t, pool, 4)
	if got, want := left(t, pool), "chat, reply to another, users, written to another"; got != want {
		t.Errorf("left are %s, want %s", got, want)
	}
}

// A name is found wherever a word can begin in what people write, as chats and Parley write it down: not behind other letters,
// nor where a chat names its people.
//
func TestNamesInWhatPeopleWrote(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		contact  store.ContactID
		payloads map[string]string
		left     string
	}{
		"in ASCII": {2, map[string]string{
			"own 1": `{"text":"Ann Weber called"}`, "own 2": `{"text":"Please call:\nAnn Weber"}`, "own 3": `{"text":"She is \u201eAnn Weber\u201c"}`,
			"own 4": `{"text":"\ud83d\udc64Ann Weber"}`, "own 5": `{"text":"_Ann Weber_"}`, "own 6": `{"body":{"content":"\u003cp\u003eAnn Weber\u003c/p\u003e"}}`,
			"own 7": `{"value":{"form":{"verb":"note"},"t:note":"Ann Weber is angry"}}`, "own 8": `{"text":"C:\\Ann Weber"}`, "own 9": `{"attachments":[{"name":"Order of Ann Weber (1).pdf"}]}`,
			"other 1": `{"text":"Joann Weber called"}`, "other 2": `{"text":"Ann Webers"}`, "other 3": `{"text":"Mari\u00e4Ann Weber"}`,
			"other 4": `{"from":{"name":"Ann Weber"},"text":"Hi"}`, "other 5": `{"from":{"name":"Ann Weber"},"attachments":[{"name":"list.pdf"}]}`,
		}, "other 1, other 2, other 3, other 4, other 5"},
		"in UTF-8": {2, map[string]string{
			"own 1": `{"text":"She is „Ann Weber“"}`, "own 2": `{"text":"👤Ann Weber"}`, "own 3": `{"text":"请联系Ann Weber"}`, "own 4": `{"text":"לAnn Weber"}`, "own 5": `{"text":"«Ann Weber»"}`,
			"other 1": `{"text":"MariäAnn Weber"}`, "other 2": `{"text":"отAnn Weber"}`,
		}, "other 1, other 2"},
		"the end of a word": {5, map[string]string{
			"own 1": `{"text":"Prüfung of Fung"}`, "other 1": `{"text":"Prüfung"}`, "other 2": `{"text":"Pr\u00fcfung"}`, "other 3": `{"text":"Pru\u0308fung"}`, "other 4": `{"text":"Oeffnung"}`,
		}, "other 1, other 2, other 3, other 4"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := shop(t)
			quarantined(t, pool, slack, "C2:1.000200", c.payloads)
			erased(t, pool, c.contact)
			if got := left(t, pool); got != c.left {
				t.Errorf("left are %s, want %s", got, c.left)
			}
		})
	}
}

// A name may have characters that are escaped in various ways, where chats and Parley write it down.
//
func TestNameWithEscapedCharacters(t *testing.T) {
	t.Parallel()
	pool := shop(t)
	exec(t, pool, `UPDATE contacts SET name = 'Ann 🌸 "Bee" Müller & Co/KG' WHERE id = 2`)
	quarantined(t, pool, slack, "C2:1.000200", map[string]string{
		"raw": `{"text":"Call Ann 🌸 \"Bee\" Müller & Co/KG"}`, "Go": `{"text":"Call Ann 🌸 \"Bee\" Müller \u0026 Co/KG"}`, "ASCII": `{"text":"Call Ann \ud83c\udf38 \"Bee\" M\u00fcller & Co/KG"}`,
		"Slack": `{"text":"Call Ann \ud83c\udf38 \"Bee\" M\u00fcller &amp; Co\/KG"}`, "Teams": `{"body":{"content":"\u003cp\u003eAnn 🌸 \"Bee\" Müller \u0026amp; Co/KG\u003c/p\u003e"}}`,
		"another": `{"text":"Call \"Bee\" Müller & Co/KG"}`,
	})
	exec(t, pool, `INSERT INTO deliveries (id, lane_id, seq, kind, payload, state, external_id, created_at)
		SELECT n, 1, n, 'line', jsonb_build_object('to', 'U1', 'line', jsonb_build_object('Kind', 'note', 'Text', said)), 'sent', said, now()
		FROM unnest(ARRAY['Call Ann 🌸 "Bee" Müller & Co/KG', 'Call "Bee"']) WITH ORDINALITY AS told(said, n)`)
	erased(t, pool, 2)
	if got := left(t, pool); got != "another" {
		t.Errorf("left are %s, want another", got)
	}
	if got := storetest.Row(t, pool, `SELECT payload #>> '{line,Text}' FROM deliveries`); !strings.Contains(got, `Call ""Bee""`) {
		t.Errorf("told is %s", got)
	}
}

// So do lists and lines that colleagues were told directly: conversations that they show count by their numbers alone, names only
// in what a colleague wrote beside them.
//
func TestDirectLinesOfOthers(t *testing.T) {
	t.Parallel()
	pool := shop(t)
	for name, line := range map[string]string{
		"list of another":   `{"Kind": "list", "By": {"ID": 4, "Name": "User", "User": "U1", "IsAdmin": false}, "Rows": [{"ID": 1, "Subject": "User", "Contact": {"Name": "User", "Address": "u-17"}}]}`,
		"list with another": `{"Kind": "list", "Rows": [{"ID": 1, "Subject": ""}, {"ID": 4, "Subject": ""}]}`,
		"list by that name": `{"Kind": "list", "Text": "user", "Rows": [{"ID": 1, "Subject": ""}]}`,
		"empty list by it":  `{"Kind": "list", "Text": "user"}`,
		"team of that name": `{"Kind": "evening", "Text": "user", "Rows": [{"ID": 1, "Subject": ""}]}`,
		"found another":     `{"Kind": "list", "Rows": [{"ID": 1, "Subject": ""}], "Args": {"note": "parcel of User"}}`,
		"for another":       `{"Kind": "top_level", "Text": "User wants her parcel", "Rows": [{"ID": 1, "Subject": ""}, {"ID": 2, "Subject": ""}], "Args": {"typed": {"channel": "C1"}}}`,
		"of users":          `{"Kind": "top_level", "Text": "All users want it", "Rows": [{"ID": 1, "Subject": "User"}], "Args": {"typed": {"channel": "C1"}}}`,
		"digest":            `{"Kind": "user", "By": {"ID": 4, "Name": "User", "User": "U1", "IsAdmin": false}, "Text": "42 users"}`,
		"remark":            `{"Kind": "note", "Text": "Call User, please"}`,
		"in italics":        `{"Kind": "note", "Text": "Call _User_, please"}`,
		"button":            `{"Kind": "note", "Args": {"conversation": 4}}`,
		"another's button":  `{"Kind": "note", "Args": {"conversation": 41}, "Customer": {"Name": "User"}}`,
		"remark to another": `{"Kind": "note", "Args": {"conversation": 41}, "Text": "Call User, please"}`,
		"led to another":    `{"Kind": "top_level", "Text": "User wants her parcel", "Other": {"ID": 1, "Subject": ""}}`,
		"address":           `{"Kind": "note", "Args": {"conversation": 1}, "Text": "to <user@shop.example>"}`,
		"another's address": `{"Kind": "note", "Text": "to superuser@shop.example"}`,
	} {
		exec(t, pool, `INSERT INTO deliveries (id, lane_id, seq, kind, payload, state, external_id, created_at)
			SELECT count(*) + 1, 1, count(*) + 1, 'line', jsonb_build_object('to', 'U1', 'line', $2::jsonb), 'sent', $1, now() FROM deliveries`, name, line)
	}
	erased(t, pool, 4)
	got := storetest.Row(t, pool, `SELECT string_agg(external_id, ', ' ORDER BY external_id COLLATE "C") FROM deliveries`)
	if want := `("another's address, another's button, digest, empty list by it, list by that name, list of another, of users, team of that name")`; got != want {
		t.Errorf("left are %s, want %s", got, want)
	}
}

// Another customer's conversation forgets its last words if the contact wrote them, who was in copy there. They are the newest
// ones of a person, or the first ones where machines alone wrote; an agent's stay.
//
func TestLastWordsInAnothersConversation(t *testing.T) {
	t.Parallel()
	type said struct {
		by        int // 1: the conversation's customer, 2: the contact
		automatic string
	}
	for name, c := range map[string]struct {
		said []said
		from string
		want string
	}{
		"hers":                            {[]said{{1, ""}, {2, ""}}, "customer", ""},
		"the customer's":                  {[]said{{2, ""}, {1, ""}}, "customer", "remembered"},
		"an agent's":                      {[]said{{1, ""}, {2, ""}}, "agent", "remembered"},
		"before her machine's":            {[]said{{1, ""}, {2, "reply"}}, "customer", "remembered"},
		"after her machine's":             {[]said{{2, "reply"}, {1, ""}, {2, "reply"}}, "customer", "remembered"},
		"hers, before a machine's":        {[]said{{2, ""}, {1, "reply"}}, "customer", ""},
		"her machine's alone":             {[]said{{2, "reply"}}, "customer", ""},
		"the first machine's, hers":       {[]said{{2, "reply"}, {1, "reply"}}, "customer", ""},
		"the first machine's, another's":  {[]said{{1, "reply"}, {2, "reply"}}, "customer", "remembered"},
		"hers, to a list":                 {[]said{{1, ""}, {2, "list"}}, "customer", ""},
		"the customer's, taken for spam":  {[]said{{2, ""}, {1, "spam"}}, "customer", "remembered"},
		"hers, of which a part is broken": {[]said{{1, ""}, {2, "damaged"}, {1, "bounce"}}, "customer", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := shop(t)
			for i, m := range c.said {
				const ids = 100 // processes take them from blocks, so that a later message may have a lower one
				exec(t, pool, `INSERT INTO messages (id, conversation_id, direction, fate, identity_id, account_id, text, automatic, event_id, said_at, created_at)
					VALUES ($1, 1, 'in', 'in', $2, $3, 'Hello', $4, $5, now(), now())`, ids-i, m.by, mailAccount, m.automatic, i+1)
			}
			exec(t, pool, `UPDATE conversations SET last_preview = 'remembered', last_from = $1 WHERE id = 1`, c.from)
			erased(t, pool, 2)
			var got string
			check(t, pool.QueryRow(t.Context(), `SELECT last_preview FROM conversations WHERE id = 1`).Scan(&got))
			if got != c.want {
				t.Errorf("remembered is %q, want %q", got, c.want)
			}
		})
	}
}

// A contact who had hundreds of conversations is erased as fast as others, also where lists and lines have a word that begins
// like the contact's name.
//
func TestContactOfManySubjects(t *testing.T) {
	t.Parallel()
	pool := shop(t)
	exec(t, pool, `INSERT INTO conversations (id, account_id, identity_id, status, subject, last_at, created_at)
		SELECT n + 100, $1, 4, 'resolved', 'My order number ' || n || ' of this year', now(), now() FROM generate_series(1, 300) AS n`, mailAccount)
	exec(t, pool, `INSERT INTO deliveries (id, lane_id, seq, kind, payload, state, external_id, created_at)
		SELECT n, 1, n, 'line', jsonb_build_object('to', 'U1', 'line', jsonb_build_object('Kind', 'user', 'Text', n || ' users', 'Reason', 'They asked.')), 'sent', '', now()
		FROM generate_series(1, 4000) AS n`)
	exec(t, pool, `UPDATE lanes SET head = 5000, tail = 5000 WHERE id = 1`)
	exec(t, pool, `INSERT INTO deliveries (id, lane_id, seq, kind, payload, state, external_id, created_at)
		VALUES (5000, 1, 5000, 'line', '{"to": "U1", "line": {"Kind": "note", "Text": "About my order number 123 of this year"}}', 'sent', 'about', now())`)
	erased(t, pool, 4)
	if got := storetest.Row(t, pool, `SELECT count(*), count(*) FILTER (WHERE external_id = 'about') FROM deliveries`); got != "(4000,0)" {
		t.Errorf("left are %s, want (4000,0)", got)
	}
}

// An address stands in logs and lines of conversations in which the contact takes no part any more, or never did: an agent typed
// it there. It goes, and all others stay: a longer one, a colleague's own words, and the same address as another contact's.
//
func TestAddressTypedElsewhere(t *testing.T) {
	t.Parallel()
	pool := shop(t)
	exec(t, pool, `INSERT INTO identities (id, account_id, key, name, contact_id) VALUES (50, $1, 'ann@shop.example', 'Ann', 4)`, chatAccount)
	exec(t, pool, `INSERT INTO conversations (id, account_id, identity_id, status, last_at, created_at) VALUES (50, $1, 50, 'open', now(), now())`, chatAccount)
	for i, e := range []struct {
		conversation int
		what         store.Deed
		detail       string
	}{
		{1, store.DeedReaddressed, `{"text": "ann@shop.example"}`},
		{1, store.DeedReaddressed, `{"text": "bob@shop.example"}`},
		{3, store.DeedUnblocked, `{"text": "Ann@shop.example"}`},
		{5, store.DeedNotDelivered, `{"reason": "550 <ann@shop.example>: unknown"}`},
		{4, store.DeedReaddressed, `{"text": "joann@shop.example"}`},
		{4, store.DeedResolved, `{"text": "ann@shop.example will pay"}`},
		{50, store.DeedReaddressed, `{"text": "to ann@shop.example"}`},
	} {
		exec(t, pool, `INSERT INTO log_entries (id, conversation_id, at, agent_id, actor, what, detail) VALUES ($1, $2, now(), 1, 'agent', $3, $4)`, i+1, e.conversation, e.what, e.detail)
	}
	for _, conversation := range []int{1, 3, 50} {
		exec(t, pool, `INSERT INTO lanes (id, account_id, key, gate_id, conversation_id, head, tail) VALUES ($1, $2, 'c' || $3::bigint, 2, $3::bigint, 1, 1)`, conversation+1, slack, conversation)
		exec(t, pool, `INSERT INTO deliveries (id, lane_id, seq, kind, payload, state, external_id, created_at)
			VALUES ($1, $1, 1, 'line', '{"line": {"Kind": "recipients", "To": "ann@shop.example"}}', 'sent', '', now())`, conversation+1)
	}
	exec(t, pool, `INSERT INTO deliveries (id, lane_id, seq, kind, payload, state, external_id, created_at)
		VALUES (60, 2, 0, 'line', '{"line": {"Kind": "failed", "Text": "Dear ann@shop.example", "Reason": "550 <ann@shop.example>: unknown", "Hint": "!to ann@shop.example", "Verbs": ["sendagain"]}}', 'sent', '', now()),
			(61, 2, -1, 'line', '{"line": {"Kind": "unclear", "Text": "Dear ann@shop.example", "Reason": "The answer was lost."}}', 'sent', '', now()),
			(62, 2, -2, 'line', '{"line": {"Kind": "failed", "Text": "Dear Bob", "Reason": "Unknown.", "Recipient": "Ann@shop.example", "Copied": true}}', 'sent', '', now())`)
	erased(t, pool, 2)
	got := storetest.Row(t, pool, `SELECT string_agg(coalesce(detail ->> 'text', detail ->> 'reason', '-'), ', ' ORDER BY id) FROM log_entries`)
	if want := `("-, bob@shop.example, -, -, joann@shop.example, ann@shop.example will pay, to ann@shop.example")`; got != want {
		t.Errorf("the log says %s, want %s", got, want)
	}
	if got := storetest.Row(t, pool, `SELECT string_agg(id::text, ' ' ORDER BY id) FROM deliveries`); got != `("51 60 61 62")` {
		t.Errorf("left are the lines %s, want %s", got, `("51 60 61 62")`)
	}
	failed := storetest.Row(t, pool, `SELECT string_agg(concat_ws(' ', l ->> 'Text', l ->> 'Reason', l ->> 'Hint', l ->> 'Recipient', l #>> '{Verbs,0}'), ', ' ORDER BY id)
		FROM deliveries AS d, LATERAL (SELECT d.payload -> 'line' AS l) AS line WHERE id >= 60`)
	if want := `("Dear ann@shop.example sendagain, Dear ann@shop.example The answer was lost., Dear Bob Somebody")`; failed != want {
		t.Errorf("of replies that did not arrive is said %s", failed)
	}
}

// An agent has put the contact in copy of another customer's conversation, and taken her out again. The line that says so waits in
// its lane, while the first run empties the log that names her: each run waits for the line, and it goes once it is posted.
//
func TestLineThatWaitsElsewhere(t *testing.T) {
	t.Parallel()
	pool := shop(t)
	exec(t, pool, `INSERT INTO log_entries (id, conversation_id, at, agent_id, actor, what, detail) VALUES (1, 1, now(), 1, 'agent', $1, '{"text": "copy: ann@shop.example"}')`,
		store.DeedReaddressed)
	exec(t, pool, `INSERT INTO lanes (id, account_id, key, gate_id, conversation_id, head, tail, due_at) VALUES (2, $1, 'c1', 2, 1, 0, 1, now())`, slack)
	exec(t, pool, `INSERT INTO deliveries (id, lane_id, seq, kind, payload, state, external_id, created_at)
		VALUES (2, 2, 1, 'line', '{"line": {"Kind": "recipients", "Text": "copy: ann@shop.example"}}', 'queued', '', now())`)
	o := options(t, pool)
	o.Ask = nil
	id := must(erase.Begin(t.Context(), o, []store.ContactID{2}, "ann"))(t)
	for run := range 2 {
		if _, err := erase.Run(t.Context(), o, id); !errors.Is(err, erase.ErrWaiting) {
			t.Errorf("run %d ended before the line was posted: %v", run+1, err)
		}
	}
	exec(t, pool, `UPDATE deliveries SET state = 'sent', external_id = '1.2'`)
	exec(t, pool, `UPDATE lanes SET head = 1, due_at = NULL WHERE id = 2`)
	must(erase.Run(t.Context(), o, id))(t)
	if got := storetest.Row(t, pool, `SELECT count(*) FROM deliveries`); got != "(0)" {
		t.Errorf("%s lines are left, want (0)", got)
	}
}
