package slackfake

import (
	"encoding/json"
	"strconv"
	"testing"
)

// FuzzBlocks: no input may crash the checker, and what it accepts it accepts again.
func FuzzBlocks(f *testing.F) {
	f.Add(`[{"type":"section","text":{"type":"mrkdwn","text":"x"}}]`)
	f.Add(`[{"type":"actions","elements":[{"type":"static_select","options":[{"text":{"type":"plain_text","text":"a"},"value":"v"}]}]}]`)
	f.Add(`[{"type":"input","element":{"type":"plain_text_input"},"label":{}}]`)
	f.Add(`[{"type":"rich_text","elements":[{"type":"rich_text_list","elements":[null]}]}]`)
	f.Add(`[null,1,"x",{"type":7}]`)
	ids := 0
	newID := func() string { ids++; return strconv.Itoa(ids) }
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := Check(json.RawMessage(raw), OnMessage, newID)
		if err != nil {
			return
		}
		if _, err := Check(encode(got), OnMessage, newID); err != nil {
			t.Fatalf("accepted, then refused: %+v", err)
		}
		FullState(State{}, encode(got))
	})
}
