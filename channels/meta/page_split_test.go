package meta

import (
	"slices"
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
			facts := splitPageHook(hookBody("messaging", tt.event))
			if len(facts) != 1 {
				t.Fatalf("split into %+v, want one fact", facts)
			}
			wantEqual(t, "id", facts[0].ExternalID, tt.want)
			wantFact(t, facts[0], testPSID)
		})
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
	for _, f := range splitPageHook([]byte(body)) {
		got = append(got, fact{idPrefix: f.ExternalID[:2], orderKey: f.OrderKey, owner: f.Owner, quarantine: f.Quarantine})
	}
	if !slices.Equal(got, want) {
		t.Errorf("split into\n     %+v\nwant %+v", got, want)
	}
}
