package phone

import (
	"testing"

	"parley/channels/twilio/twiliofake"
)

// TestMediaWithoutName: the files of a text message have no names; each is given one.
func TestMediaWithoutName(t *testing.T) {
	t.Parallel()
	if f := mediaFile(twiliofake.Media{ContentType: "text/plain"}, 1); f.Name != "file-2.txt" {
		t.Errorf("the second file of a text message is called %s", f.Name)
	}
}
