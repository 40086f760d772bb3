package messenger

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Each event becomes a fact of its own. The id of the fact is made of the event's content.
func TestSplitIDs(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		event string
		want  string
	}{
		{
			name:  "message",
			event: `"message":{"mid":"m_1","text":"x"}`,
			want:  "m:m_1",
		},
		{
			name:  "button",
			event: `"postback":{"mid":"m_1","payload":"x"}`,
			want:  "m:m_1",
		},
		{
			name:  "message taken back",
			event: `"message":{"mid":"m_1","is_deleted":true}`,
			want:  "d:m_1",
		},
		{
			name:  "edit",
			event: `"message_edit":{"mid":"m_1","text":"x","num_edit":3}`,
			want:  "e:m_1:3",
		},
		{
			name:  "reaction",
			event: `"reaction":{"mid":"m_1","action":"react","emoji":"x"}`,
			want:  "r:m_1:" + testPSID + ":react:1700000000123",
		},
		{
			name:  "reaction taken back",
			event: `"reaction":{"mid":"m_1","action":"unreact"}`,
			want:  "r:m_1:" + testPSID + ":unreact:1700000000123",
		},
		{
			name:  "read",
			event: `"read":{"watermark":5}`,
			want:  "read:" + testPSID + ":5",
		},
		{
			name:  "delivered",
			event: `"delivery":{"watermark":6,"mids":["m_1"]}`,
			want:  "delivered:" + testPSID + ":6",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			facts := split(hookBody("messaging", tt.event))
			if len(facts) != 1 {
				t.Fatalf("split into %+v, want one fact", facts)
			}
			wantEqual(t, "id", facts[0].ExternalID, tt.want)
			wantFact(t, facts[0], testPSID)
		})
	}
}

// An event without an id of its own gets one from its bytes. Two different events don't count as one.
func TestSplitWithoutID(t *testing.T) {
	t.Parallel()
	for _, event := range []string{
		`"message":{"text":"x"}`, `"message":{"is_deleted":true}`, `"postback":{"payload":"x"}`, `"message_edit":{"text":"x"}`,
		`"reaction":{"action":"react"}`, `"read":{"watermark":0}`, `"delivery":{"mids":["m_1"]}`,
	} {
		facts := split(hookBody("messaging", event))
		if len(facts) != 1 || !strings.HasPrefix(facts[0].ExternalID, "o:") {
			t.Errorf("%s: split into %+v, want one fact whose id begins with o:", event, facts)
		}
	}
}

// An event whose sender or Page has an impossible id, and a webhook that is malformed or too long, is kept in quarantine.
func TestSplitOddPeople(t *testing.T) {
	t.Parallel()
	const message = `"message":{"mid":"m_1","text":"x"}`
	for _, body := range []string{
		string(eventBody("messaging", "a b", testPage, message)),
		string(eventBody("messaging", "é", testPage, message)),
		string(eventBody("messaging", strings.Repeat("1", maxPersonID+1), testPage, message)),
		string(eventBody("messaging", testPage, testPage, message)),
		`{"object":"page","entry":[{"id":"` + testPage + `","messaging":5}]}`,
		`{"object":"page","entry":[{"id":"` + testPage + `","messaging":[` + strings.TrimSuffix(strings.Repeat("1,", maxEvents+1), ",") + `]}]}`,
		`{"object":"page","entry":[` + strings.TrimSuffix(strings.Repeat("{},", maxEvents+1), ",") + `]}`,
	} {
		facts := split([]byte(body))
		if len(facts) != 1 || facts[0].Quarantine == "" {
			t.Errorf("%.200s: split into %d facts %.300v, want one in quarantine", body, len(facts), facts)
		}
	}
}

// An id that is too long for the database becomes its digest.
func TestSplitLongID(t *testing.T) {
	t.Parallel()
	id := split(hookBody("messaging", `"message":{"mid":"m_`+strings.Repeat("x", 1000)+`","text":"x"}`))[0].ExternalID
	if !strings.HasPrefix(id, "m:#") {
		t.Errorf("got the id %q, want one that begins with m:#", id)
	}
	if len(id) > maxIDBytes {
		t.Errorf("got an id of %d bytes, want at most %d", len(id), maxIDBytes)
	}
}

// A webhook may be for several Pages. Its unreadable parts are kept in quarantine, and all others become facts, in order.
func TestSplitBatch(t *testing.T) {
	t.Parallel()
	const body = `{"object": "page", "entry": [
		{"id": "1", "messaging": [
			{"sender": {"id": "25"}, "recipient": {"id": "1"}, "timestamp": 1, "message": {"mid": "a"}},
			{"sender": {"id": 5}},
			{"sender": {"id": "25"}, "recipient": {"id": "1"}, "timestamp": 1, "message": {"mid": "b"}}
		]},
		{"id": "x y"},
		{"id": "2",
			"messaging": [
				{"sender": {"id": "2"}, "recipient": {"id": "26"}, "message": {"mid": "c", "is_echo": true}}
			],
			"standby": [
				{"sender": {"id": "27"}, "recipient": {"id": "2"}, "message": {"mid": "d"}},
				{"sender": {"id": "2"}}
			]},
		{"id": "3", "changes": [{"field": "feed"}]}
	]}`

	type fact struct {
		idPrefix   string // m: of a message, x: of an unreadable part
		orderKey   string // the customer
		owner      string // the Page
		quarantine string
	}
	want := []fact{
		{idPrefix: "m:", orderKey: "25", owner: "1"},
		{idPrefix: "x:", orderKey: "unreadable", owner: "1", quarantine: "an event without a person"},
		{idPrefix: "m:", orderKey: "25", owner: "1"},
		{idPrefix: "x:", orderKey: "unreadable", owner: "", quarantine: "an entry without a Page"},
		{idPrefix: "m:", orderKey: "26", owner: "2"},
		{idPrefix: "m:", orderKey: "27", owner: "2"},
		{idPrefix: "x:", orderKey: "unreadable", owner: "2", quarantine: "an event without a person"},
	}

	var got []fact
	for _, f := range split([]byte(body)) {
		got = append(got, fact{idPrefix: f.ExternalID[:2], orderKey: f.OrderKey, owner: f.Owner, quarantine: f.Quarantine})
	}
	if !slices.Equal(got, want) {
		t.Errorf("split into\n     %+v\nwant %+v", got, want)
	}
}

// A request that isn't a webhook of a Page is kept unchanged in quarantine.
func TestSplitUnreadable(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "null", "[]", "{}", "riddle", `{"object":"instagram","entry":[]}`, `{"object":"page","entry":5}`} {
		t.Run(body, func(t *testing.T) {
			facts := split([]byte(body))
			if len(facts) != 1 {
				t.Fatalf("split into %+v, want one fact", facts)
			}
			if facts[0].Quarantine == "" {
				t.Errorf("the fact %+v isn't in quarantine", facts[0])
			}
			wantEqual(t, "payload", string(facts[0].Payload), body)
		})
	}
}

// Each event of a large batch has an id of its own.
func TestSplitThousand(t *testing.T) {
	t.Parallel()
	const events, customers = 1000, 7
	var list []string
	for i := range events {
		list = append(list, fmt.Sprintf(`{"sender":{"id":"%d"},"recipient":{"id":"1"},"timestamp":%d,"message":{"mid":"m_%d","text":"Hi"}}`,
			100+i%customers, i, i))
	}
	ids := map[string]bool{}
	for _, f := range split([]byte(`{"object":"page","entry":[{"id":"1","messaging":[` + strings.Join(list, ",") + `]}]}`)) {
		ids[f.ExternalID] = true
	}
	wantEqual(t, "number of different ids", len(ids), events)
}
