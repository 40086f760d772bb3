package engine

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"parley/bridge"
	"parley/store"
)

// author names to a surface who typed a message, agent or not.
func (w *work) author(m *message, surface int64) bridge.AgentRef {
	ref := bridge.AgentRef{Name: "you"}
	if m.AgentID != nil {
		ref = w.dir.Ref(surface, *m.AgentID)
	}
	if m.AuthorUser != "" && m.AccountID == surface {
		ref.User = m.AuthorUser
	}
	return ref
}

// namedMessage finds the message an action is about: by its id, by where it or a line about it
// stands, or, for a typed verb, the newest one in the thread that asks for it.
func (b *book) namedMessage(r request) *message {
	if m := b.messages.rows[r.Args.Message]; m != nil {
		return m
	}
	if r.Origin == bridge.OriginText || r.Origin == bridge.OriginMention || r.Origin == bridge.OriginSlash {
		return b.messages.newestAsking(r.conv, r.Verb)
	}
	p := b.posts.rows[postKey{r.surface, r.Place.Channel, r.Place.Message}]
	if p != nil && (p.Kind == humanMessage || p.Kind == string(bridge.PostLine) && pointed(r.Action)) {
		return b.messages.rows[p.MessageID]
	}
	return nil
}

// excerpt is the beginning of a message that is answered.
func excerpt(m *message) string {
	text := strings.TrimSpace(m.Text)
	if text == "" && len(m.Files) > 0 {
		text = m.Files[0].Name
	}
	lines := strings.Split(text, "\n")
	cut := len(lines) > excerptLines
	r := []rune(strings.Join(lines[:min(len(lines), excerptLines)], "\n"))
	if cut = cut || len(r) > excerptRunes; cut {
		return strings.TrimSpace(string(r[:min(len(r), excerptRunes)])) + "…"
	}
	return string(r)
}

// Bounds of an excerpt.
const (
	excerptRunes = 300
	excerptLines = 6
)

// richRow is how a message keeps it.
func richRow(r *bridge.Rich) json.RawMessage {
	if r.Kind() == "" {
		return nil
	}
	body, err := json.Marshal(r)
	if err != nil {
		panic("bridge: rich: " + err.Error()) // plain data; degrees were checked when it was read
	}
	return body
}

// saidIn gives the messages of customers that a post shows: several where they were posted
// together.
func saidIn(messages []store.Message) []bridge.Said {
	slices.SortFunc(messages, func(a, b store.Message) int { // providers count in seconds
		return cmp.Or(a.SaidAt.Compare(b.SaidAt), cmp.Compare(a.EventID, b.EventID), cmp.Compare(a.ID, b.ID))
	})
	var list []bridge.Said
	for _, m := range messages {
		if m.Direction == "in" {
			said := bridge.Said{MessageID: m.ID, At: m.SaidAt, Text: excerpt(&message{Message: m})}
			list = append(list, said)
		}
	}
	return list
}

func surfaceFiles(files []bridge.SurfaceFile) []store.FileRef {
	var refs []store.FileRef
	for i, f := range files {
		body, err := json.Marshal(f)
		if err != nil {
			panic("bridge: file: " + err.Error()) // our own plain struct
		}
		refs = append(refs, store.FileRef{Name: f.Name, ContentType: f.ContentType, SizeBytes: f.SizeBytes, Index: i, Surface: body, Blob: f.Blob})
	}
	return refs
}

type message struct {
	store.Message
	fresh, dirty bool
	decided      *bridge.Outcome // what somebody decided about it in this batch; State "" = what its fate tells
}
