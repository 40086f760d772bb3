package engine

import (
	"strconv"

	"parley/bridge"
)

// Agents can also work on Parley's own pages, such as the inbox, while no chat can be reached.

// Act is what an agent did on a page of Parley's own.
type Act struct {
	Agent bridge.AgentID `json:"agent"`
	bridge.Act
}

// PageUser is by which user an agent acts on Parley's own pages, as by a user of a chat.
func PageUser(agent bridge.AgentID) bridge.SurfaceUser {
	return bridge.SurfaceUser(strconv.FormatInt(int64(agent), 10))
}

// Action returns an act as what a person did in a surface: in a form, outside of all threads.
func (a Act) Action() bridge.Action {
	return bridge.Action{
		Verb:       a.Verb,
		Origin:     bridge.OriginForm,
		Actor:      bridge.Actor{ID: PageUser(a.Agent), Kind: bridge.ActorPerson},
		Text:       a.Text,
		Raw:        a.Text,
		Explicit:   a.Verb == bridge.VerbReply,
		OpenedForm: bridge.OpenedForm{Form: a.Form, OpenedAt: a.OpenedAt},
		Args:       a.Args,
		Files:      a.Files,
	}
}
