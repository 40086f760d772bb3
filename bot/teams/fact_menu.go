package teams

import (
	"cmp"
	"fmt"

	"parley/bot/verb"
	"parley/bridge"
)

// decodeMenu reads the activity of an entry of a message's menu that acts at once: "Undo" or "Send to customer".
func (p Payload) decodeMenu(a *Activity) ([]bridge.Action, error) {
	invoked := ReadInvoked(a)
	name := VerbOf(invoked.CommandID)
	if name == "" || !verb.Of(name).Menus.Message.AtOnce || invoked.Message == nil {
		return nil, fmt.Errorf("%w: menu entry %q", errDecode, shorten(invoked.CommandID))
	}
	return []bridge.Action{{
		Verb:      name,
		Origin:    bridge.OriginShortcut,
		Actor:     p.Actor(a),
		Place:     MessagePlace(a, invoked.Message),
		OwnThread: p.Own,
	}}, nil
}

// MessagePlace returns the place of the message in whose menu an entry was chosen. If m is nil, the entry was chosen
// below the message box, and it returns the thread of the box.
func MessagePlace(a *Activity, m *MenuMessage) bridge.Place {
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
