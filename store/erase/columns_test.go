package erase

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/store/storetest"
)

// besides returns the tables from which an erasure removes rows without an entry in the table of places: those of the
// journal and of files.
func besides() []place {
	return []place{
		{Table: "events"},
		{Table: "quarantine"},
		{Table: "pending"},
		{Table: "blobs"},
		{Table: "blob_chunks"},
		{Table: "uploads"},
		{Table: "erased_blobs"},
	}
}

// nothing lists the columns that contain nothing of a contact, or only sealed words during an erasure, with the reason.
var nothing = []struct{ table, columns, why string }{
	{"accounts", "name kind side mode trial_to surface_channel signature reply_mode settings config secrets status hours rich_signature routing people aliases", "what admins set up"},
	{"accounts", "watermark", "how far a mailbox was read"},
	{"agent_users", "user_id", "colleagues"},
	{"agents", "email name roles zone presence quiet routing signature rich_signature canned chats", "colleagues"},
	{"ai_condition", "status text hint told", "how the model is, in words of ours; it was asked nothing of a customer"},
	{"api_tokens", "name hash scope", "what colleagues call their tokens, a keyed hash, and words of ours"},
	{"boards", "channel message shown", "where something stands in a chat, and a digest"},
	{"channel_moves", "former current", "channels of chats"},
	{"chat_credentials", "kind home sealed author", "what signs Parley in to the chats of agents, sealed"},
	{"conversations", "kind status last_from cost", "words of ours"},
	{"conversations", "tags", "names from the list of tags, which colleagues made"},
	{"conversations", "private_channel", "channels of chats"},
	{"customer_imports", "hash", "the hash of a file"},
	{"erased_posts", "channel message thread recipient kind", "where something stands in a chat, as numbers of the chat"},
	{"erasure_key", "sealed", "a key, sealed"},
	{"erasures", "asked_by", "a colleague"},
	{"erasures", "hashes counts certificate", "keyed hashes and numbers"},
	{"erasures", "sealed", "sealed, and gone when the erasure is done"},
	{"gates", "key", "budgets of providers"},
	{"grant_attempts", "state owner sealed", "hashes, and what colleagues' consents need, sealed"},
	{"grants", "provider signed_in sealed refused", "by whose consent a mailbox of the company is read"},
	{"keys", "purpose sealed", "keys, sealed"},
	{"knowledge_pages", "place address etag", "texts of the company for all customers"},
	{"knowledge_places", "place problem", "texts of the company for all customers"},
	{"knowledge_sections", "place address title body words", "texts of the company for all customers"},
	{"leases", "name holder", "processes, and how far daily work is"},
	{"log_entries", "actor what", "words of ours"},
	{"measure_days", "kind value", "names of tags, agents and moods, for sums"},
	{"measure_spans", "kind value", "as in measure_days"},
	{"measure_labels", "tags intent mood", "words of ours and of colleagues"},
	{"measure_times", "tags intent mood times", "as in measure_labels; days, numbers and lengths of times"},
	{"measure_spreads", "kind value wall open", "as in measure_days; lengths of times, and how often they came"},
	{"measured", "hours", "how far the figures are"},
	{"message_tags", "tag", "names from the list of tags, which colleagues made"},
	{"messages", "direction fate automatic cost", "words of ours, and a provider's price category"},
	{"messages", "channel place thread", "where a colleague wrote, as numbers of the chat"},
	{"notices", "address subject body state error_text kind", "mails and texts to admins about a chat, in words of ours"},
	{"posts", "channel message kind version", "where something stands in a chat, as numbers of the chat"},
	{"queues", "key waits_for", "queues of what waits to be applied; a row goes with the last of it"},
	{"retention", "blobs_upto", "how far files were looked at"},
	{"settings", "company account_settings retention automations roles canned", "what admins set up"},
	{"setup_changes", "author lines", "what colleagues set up"},
	{"site_links", "hash", "a hash"},
	{"site_sessions", "token data", "who is signed in of colleagues"},
	{"surface_notes", "key value", "where a chat's platform is reached"},
	{"tags", "name color description category kind formerly", "made by colleagues, for all customers"},
	{"team_channels", "channel", "channels of chats"},
	{"team_roster_users", "kind user_id", "colleagues"},
	{"team_rosters", "kind channel", "channels of chats"},
	{"teams", "name emoji agents", "what admins set up"},
	{"templates",
		"name language provider_name asked_name category uses labels header body footer buttons examples " +
			"external_id status reason quality provider_category todo",
		"texts for all customers"},
	{"threads", "channel root doubt", "where a thread stands in a chat, as numbers of the chat, and whether its root may be there twice"},
}

func allPlaces() []place { return append(listPlaces(), besides()...) }

func holdsNothing(table, column string) string {
	for _, n := range nothing {
		if n.table == table && slices.Contains(strings.Fields(n.columns), column) {
			return n.why
		}
	}
	return ""
}

const wordsOfSchema = `
	SELECT c.table_name, c.column_name
	FROM information_schema.columns AS c
	JOIN information_schema.tables AS t ON t.table_schema = c.table_schema AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE'
	WHERE c.table_schema = 'public' AND c.table_name NOT LIKE 'goose%'
		AND (c.data_type NOT IN ('bigint', 'integer', 'smallint', 'boolean', 'double precision', 'real', 'numeric', 'date', 'interval', 'uuid',
				'timestamp with time zone', 'regconfig')
			AND NOT (c.data_type = 'ARRAY' AND c.udt_name IN ('_int8', '_int4')))`

// Each column of the schema that can contain words is erased with a contact, or a reason says why it contains nothing of
// one. The author of a new column decides this, in places or above.
// Requirement R-276: Erase and export a person.
func TestEveryColumnIsKnown(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	schema := map[string]bool{}
	for _, c := range storetest.Rows(t, pool, pgx.RowToStructByPos[struct{ Table, Name string }], wordsOfSchema) {
		table, column := c.Table, c.Name
		schema[table+"."+column] = true
		switch erased, why := Emptied(table, column), holdsNothing(table, column); {
		case !erased && why == "":
			t.Errorf("%s.%s may hold something of a contact: let places erase it (store/erase/places_*.go), or say in this test why it doesn't",
				table, column)
		case erased && why != "" && !slices.Contains([]string{"posts"}, table):
			t.Errorf("%s.%s is erased, and yet said to hold nothing", table, column)
		}
	}

	if len(schema) < 100 {
		t.Fatalf("%d columns, want a hundred at least", len(schema))
	}
	for _, n := range nothing {
		for _, column := range strings.Fields(n.columns) {
			if !schema[n.table+"."+column] {
				t.Errorf("%s.%s is said to hold nothing, and isn't there", n.table, column)
			}
		}
	}
}
