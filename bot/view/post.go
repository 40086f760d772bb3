package view

import "parley/bridge"

// Post gives what a post says where verbs are given in these ways; false for files and marks,
// and for one without content.
func Post(p bridge.Post, w Ways) (Card, bool) {
	switch p.Kind {
	case bridge.PostRoot, bridge.PostCard:
		return Root(p.Facts), true
	case bridge.PostSaid:
		if p.Said != nil {
			return Said(*p.Said, p.Facts.Zone), true
		}
	case bridge.PostLine, bridge.PostEphemeral:
		switch {
		case p.Line == nil:
		case p.Line.Kind == bridge.LineHelp:
			return Help(p.Line.Text, w, p.Line.Denied...), true
		default:
			return Line(*p.Line, p.Facts), true
		}
	case bridge.PostFiles, bridge.PostMark:
	}
	return Card{}, false
}
