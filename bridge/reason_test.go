package bridge

import (
	"encoding/json"
	"testing"
)

// Why something happened is stored as one string, as earlier versions stored it, and is read again as it was. A single word of
// somebody else's isn't taken for a code.
func TestStoredWhy(t *testing.T) {
	t.Parallel()
	tests := []struct {
		why    Why
		stored string
		read   Why
	}{
		{Why{}, `{}`, Why{}},
		{Because(ReasonNotOpen), `{"Reason":"not_open"}`, Because(ReasonNotOpen)},
		{InWords("No such user."), `{"Reason":"No such user."}`, InWords("No such user.")},
		{InWords("deleted"), `{"Reason":"deleted."}`, InWords("deleted.")},
		{InWords("Expired"), `{"Reason":"Expired"}`, InWords("Expired")},
	}
	for _, tt := range tests {
		stored, err := json.Marshal(&InsideLine{Why: tt.why})
		if err != nil || string(stored) != tt.stored {
			t.Errorf("%+v is stored as %s (%v), want %s", tt.why, stored, err, tt.stored)
		}
		var read InsideLine
		if err := json.Unmarshal(stored, &read); err != nil || read.Why != tt.read {
			t.Errorf("%s is read as %+v (%v), want %+v", stored, read.Why, err, tt.read)
		}
	}
}
