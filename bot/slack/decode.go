package slack

import (
	"encoding/json"
	"fmt"

	"parley/bridge"
	"parley/channels/markdown"
)

// decode turns a stored Slack payload into the actions that people took with it. The payload was stored as it arrived
// (fact*.go): an event, a click, a submitted form or a slash command. decode does no I/O, so that stored payloads can
// be replayed with the same result. Payloads that it can't read are errors that wrap fact.ErrDecode.
func decode(raw []byte) ([]bridge.Action, error) {
	p, err := Unwrap(raw)
	if err != nil {
		return nil, err
	}
	switch p.Kind {
	case KindEvent, KindCatchUp:
		return p.Self.DecodeEvent(p.Kind, p.Body)
	case KindInteraction:
		return decodeInteraction(&p.Self, p.Body)
	case KindCommand:
		return decodeCommand(&p.Self, p.Body)
	}
	return nil, fmt.Errorf("%w: kind %q", ErrDecode, p.Kind)
}

func decodeInteraction(self *Self, body []byte) ([]bridge.Action, error) {
	var in interaction
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, fmt.Errorf("%w: interaction: %w", ErrDecode, err)
	}

	action := bridge.Action{
		Actor: in.findActor(self), Place: in.findPlace(),
		OwnThread: in.Message != nil && self.IsInOwnThread(in.Message),
	}
	switch in.Type {
	case "block_actions":
		return decodeClick(action, &in)
	case "message_action":
		return decodeShortcut(self, action, &in)
	case "view_submission":
		return decodeForm(action, in.View)
	}

	return nil, fmt.Errorf("%w: interaction %q", ErrDecode, markdown.Cut(in.Type, maxQuoted))
}
