package engine

import (
	"encoding/json"
	"testing"

	"parley/store"
)

// A file has the same name in links before and after its row was written, though the database writes JSON in another form.
func TestNameInLinks(t *testing.T) {
	t.Parallel()
	const typed, stored = `{"id":"F1","name":"a.pdf","size":7}`, `{"id": "F1", "size": 7, "name": "a.pdf"}`
	before, after := fileName(store.FileRef{Surface: json.RawMessage(typed)}), fileName(store.FileRef{Surface: json.RawMessage(stored)})
	if before != after {
		t.Errorf("the file is %s at first and %s when it is read", before, after)
	}
	if other := fileName(store.FileRef{Surface: json.RawMessage(`{"id":"F2","name":"a.pdf","size":7}`)}); other == before {
		t.Errorf("another file is %s, too", other)
	}
}
