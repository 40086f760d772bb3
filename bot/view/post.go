package view

import "parley/bridge"

// Post gives what a post says; false for files and marks, and for one without content.
func Post(p bridge.Post) (Card, bool) {
	switch p.Kind {
	case bridge.PostRoot, bridge.PostCard:
		return Root(p.Facts), true
	case bridge.PostSaid:
		if p.Said != nil {
			return Said(*p.Said, p.Facts.Zone), true
		}
	case bridge.PostLine, bridge.PostEphemeral:
		if p.Line != nil {
			return Line(*p.Line, p.Facts), true
		}
	case bridge.PostFiles, bridge.PostMark:
	}
	return Card{}, false
}
