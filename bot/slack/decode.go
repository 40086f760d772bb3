package slack

import (
	"encoding/json"
	"fmt"

	"parley/bot/slack/fact"
	"parley/bridge"
	"parley/channels/markdown"
)

// decode turns the stored payload of a fact into actions. Pure.
func decode(raw []byte) ([]bridge.Action, error) {
	p, err := fact.Unwrap(raw)
	if err != nil {
		return nil, err
	}
	switch p.Kind {
	case fact.KindEvent, fact.KindCatchUp:
		return p.Self.DecodeEvent(p.Kind, p.Body)
	case fact.KindInteraction:
		return decodeInteraction(&p.Self, p.Body)
	case fact.KindCommand:
		return decodeCommand(&p.Self, p.Body)
	}
	return nil, fmt.Errorf("%w: kind %q", fact.ErrDecode, p.Kind)
}

func decodeInteraction(self *fact.Self, body []byte) ([]bridge.Action, error) {
	var in interaction
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, fmt.Errorf("%w: interaction: %w", fact.ErrDecode, err)
	}

	about := bridge.Action{
		Actor:     in.findActor(self),
		Place:     in.findPlace(),
		OwnThread: in.Message != nil && self.IsInOwnThread(in.Message),
	}
	switch in.Type {
	case "block_actions":
		return decodeClick(about, &in)
	case "message_action":
		return decodeShortcut(self, about, &in)
	case "view_submission":
		return decodeForm(about, in.View)
	}

	return nil, fmt.Errorf("%w: interaction %q", fact.ErrDecode, markdown.Cut(in.Type, maxQuoted))
}
