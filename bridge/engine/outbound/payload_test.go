package outbound

import (
	"encoding/json"
	"reflect"
	"testing"

	"parley/store"
)

// TestPayloadStoredForm: what a delivery carries is one flat object, whichever part of Payload holds it. Deliveries wait
// in the database over an upgrade; replicas of the version before read and write the same rows.
func TestPayloadStoredForm(t *testing.T) {
	t.Parallel()
	const stored = `{"place":{"channel":"a"},"to":"b","line":{"Text":"c"},"mark":"d","clears":"e","quote":true,"late":true,"meant":["f"],
		"copied":["h"],"span":{"from":1,"to":2},"again":3,"keeps_status":true,"earlier":[{"attempt":4,"text":"g"}],"lacks_piece":true,"waited":"2026-11-26T20:00:00Z","uncounted":8,"answers":{},
		"files":[5],
		"only":true,"changes":6,"sought":{"delivery":7},"fate":"h","left":true,"erases":{},"restored":true,"unsure":true}`
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
