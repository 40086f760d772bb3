package fact

import (
	"cmp"
	"fmt"

	"parley/bot/teams/connector"
	"parley/bot/teams/manifest"
	"parley/bridge"
)

// decodeMenu reads an entry of a message's menu that acts at once.
func (p Payload) decodeMenu(a *connector.Activity) ([]bridge.Action, error) {
	v := ReadInvoked(a)
	name := manifest.VerbOf(v.CommandID)
	actsAtOnce := name == bridge.VerbUndo || name == bridge.VerbSend
	if !actsAtOnce || v.Message == nil {
		return nil, fmt.Errorf("%w: menu entry %q", errDecode, shorten(v.CommandID))
	}
	place := MessagePlace(a, v.Message)
	return []bridge.Action{{Verb: name, Origin: bridge.OriginShortcut, Actor: p.Actor(a), Place: place, OwnThread: p.Own}}, nil
}

// MessagePlace returns the place of the message in whose menu an entry was chosen. If m is nil, it returns the thread of
// the message box.
func MessagePlace(a *connector.Activity, m *MenuMessage) bridge.Place {
	at := PlaceOf(a)
	at.Message = ""
	if m == nil {
		return at
	}
	at.Message = m.ID
	at.Thread = cmp.Or(m.ReplyToID, at.Thread)
	if at.Thread == at.Message {
		at.Thread = ""
	}
	return at
}
