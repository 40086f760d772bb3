package outbound

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"parley/bridge/relay"
	"parley/store"
	"parley/store/dispatch"
)

// TestPayloadStoredForm: what a delivery carries is one flat object, whichever part of Payload holds it. Deliveries wait
// in the database over an upgrade; replicas of the version before read and write the same rows.
func TestPayloadStoredForm(t *testing.T) {
	t.Parallel()
	const stored = `{"place":{"channel":"a"},"to":"b","line":{"Text":"c"},"mark":"d","clears":"e","quote":true,"late":true,"meant":["f"],
		"copied":["h"],"span":{"from":1,"to":2},"again":3,"keeps_status":true,"earlier":[{"attempt":4,"text":"g"}],"lacks_piece":true,"waited":"2026-11-26T20:00:00Z","uncounted":8,"answers":{},
		"files":[5],
		"only":true,"changes":6,"sought":{"delivery":7},"fate":"h","left":true,"erases":{},"restored":true,"restored_at":"2026-11-26T20:00:00Z","unsure":true}`
	p := PayloadOf(&store.Delivery{Payload: []byte(stored)})
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Payload]()) {
		if !field.Anonymous && reflect.ValueOf(p).FieldByIndex(field.Index).IsZero() {
			t.Errorf("%s is not read", field.Name)
		}
	}
	written, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var got, want map[string]json.RawMessage
	if err := json.Unmarshal(written, &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(stored), &want); err != nil {
		t.Fatal(err)
	}
	for name := range want {
		if got[name] == nil {
			t.Errorf("%s is not written", name)
		}
	}
}

// A post that was tried long before the backup that it came with, is tried as long as a new one from the restore on, and then
// given up as any other. It is restored only until it has been looked for.
func TestRestoredPostIsTriedAnew(t *testing.T) {
	t.Parallel()
	first := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		payload, state string
		restored       bool
		want           time.Duration
	}{
		"looked for":              {`{"restored": true, "restored_at": "2026-11-21T12:00:00.5+00:00"}`, store.Unknown, true, 20*24*time.Hour + time.Hour + time.Second/2},
		"made again":              {`{"restored": true, "restored_at": "2026-11-21T12:00:00.5+00:00"}`, store.Sending, false, 20*24*time.Hour + time.Hour + time.Second/2},
		"tried since the restore": {`{"restored": true, "restored_at": "2026-10-21T12:00:00+00:00"}`, store.Sending, false, time.Hour},
		"of the version before":   {`{"restored": true}`, store.Unknown, true, time.Hour},
		"not restored":            {`{}`, store.Unknown, false, time.Hour},
	} {
		p := relay.Policy{RetryFor: time.Hour}
		d := store.Delivery{State: c.state, FirstAt: &first, Payload: []byte(c.payload)}
		if noteRestored(&p, dispatch.Claimed{Delivery: d}); p.RetryFor != c.want || p.Restored != c.restored {
			t.Errorf("%s: tried for %s, restored %t", name, p.RetryFor, p.Restored)
		}
	}
}
