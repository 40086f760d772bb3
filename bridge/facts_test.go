package bridge_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"parley/bridge"
)

// The facts in a stored line are one flat object with these names, although Facts has several parts. Replicas of the
// version before read and write the same rows.
func TestFactsStoredForm(t *testing.T) {
	const names = `AccountMode Account AlsoOpen Assignees Automatic Cc ChannelIcon ChannelKind ChannelName CloseReason
		Collects Contact Copied Cost CreatedAt Elsewhere EndedAt FreeSince ID LastAt LastFrom LastPreview Left MayStart
		NextAt Next Now OneOwner PreviousAt Previous Replying ResolveNow Root SnoozedUntil Status Subject Tags Team
		Templates To Traits Viewer WaitingSince Waiting WindowClosed WindowPeople WindowUntil Zone`

	row, err := json.Marshal(bridge.Facts{})
	if err != nil {
		t.Fatal(err)
	}
	var stored map[string]json.RawMessage
	if err := json.Unmarshal(row, &stored); err != nil {
		t.Fatal(err)
	}

	want := strings.Fields(names)
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(stored)); !slices.Equal(got, want) {
		t.Errorf("the facts are stored with the names\n%q, want\n%q", got, want)
	}

	const few = `{"Account":"mail","LastPreview":"Hello","Root":{"channel":"C1"},"Team":"Support","WindowPeople":true}`
	var f bridge.Facts
	if err := json.Unmarshal([]byte(few), &f); err != nil {
		t.Fatal(err)
	}

	var wanted bridge.Facts
	wanted.Account.Name, wanted.LastMessage.Preview, wanted.Thread.Root.Channel = "mail", "Hello", "C1"
	wanted.Team, wanted.Window.PeopleOnly = "Support", true
	if !reflect.DeepEqual(f, wanted) {
		t.Errorf("read back as\n%+v, want\n%+v", f, wanted)
	}
}
