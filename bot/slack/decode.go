package slack

import (
	"fmt"

	"parley/bot/slack/fact"
	"parley/bridge"
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
