package bridge_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"parley/bridge"
)

// The arguments of a verb are stored as one flat object, although Args has several parts. They are in the journal and in
// old buttons, and replicas of the version before read and write them, too.
func TestArgsStoredForm(t *testing.T) {
	t.Parallel()
	const stored = `{"conversation":1,"message":2,"messages":[11],"notes":true,"whom":"x","context":"five","delivery":3,"agents":["a"],"team":"b","add":true,"remove":true,"slip":4,"sure":true,
		"typed":{"channel":"c"},"tags":["d"],"until":"e","note":"f","addresses":["g"],"to":["h"],"cc":["i"],"via":"s","shown":"j","emoji":"k","list":"l",
		"page":5,"view":{"tag":"u"},"after":"v","before":"x","seen":6,"account":"m","recipient":"n","phone":"t","subject":"o","called":"y","rich":"p","most":7,"promotional":true,"draft":"q",
		"template":{"name":"r"},"suggestion":{"event":8},"wanted":{"team":9},"do":"resolve","of":[10],"canned":{"find":"v"},"record":11,"visible_to":["w"]}`
	var args bridge.Args
	if err := json.Unmarshal([]byte(stored), &args); err != nil {
		t.Fatal(err)
	}

	written, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}

	var got, want map[string]any
	for text, object := range map[string]*map[string]any{string(written): &got, stored: &want} {
		if err := json.Unmarshal([]byte(text), object); err != nil {
			t.Fatal(err)
		}
	}
	for name, value := range want {
		if _, object := value.(map[string]any); object && got[name] != nil { // objects within have names of their own
			continue
		}
		if !reflect.DeepEqual(got[name], value) {
			t.Errorf("%s is written as %v, want %v, as it was stored", name, got[name], value)
		}
	}

	for _, field := range reflect.VisibleFields(reflect.TypeFor[bridge.Args]()) {
		if !field.Anonymous && reflect.ValueOf(args).FieldByIndex(field.Index).IsZero() {
			t.Errorf("%s is not read", field.Name)
		}
	}
}
