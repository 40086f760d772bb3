package engine

import (
	"slices"

	"parley/bridge"
	"parley/bridge/engine/directory"
	"parley/bridge/engine/outbound"
	"parley/store"
)

// reach gives the surface in which an agent is told something directly: first, if the agent has a user
// there; else another one of the agent's, a connected one if possible; 0 if there is none.
func (w *work) reach(agent, first int64) int64 {
	var best int64
	for _, surface := range w.dir.SurfacesOf(agent) {
		switch {
		case surface == first:
			return surface
		case best == 0, w.e.Surface(best) == nil && w.e.Surface(surface) != nil:
			best = surface
		}
	}
	return best
}

// tellsOf gives the surface in which people are told of an account's troubles: for a channel, the one
// that has its threads; for a surface, another surface that is connected, or itself.
func (w *work) tellsOf(a *store.Account) int64 {
	if a.Side != "surface" {
		surface, _ := w.dir.Home(a, nil)
		return surface
	}
	for _, other := range w.dir.Accounts {
		if other.Side == "surface" && other.ID != a.ID && w.e.Surface(other.ID) != nil {
			return other.ID
		}
	}
	return a.ID
}

// notHere adds the direct lanes of the agents who lack a user in one of the surfaces: what happens in
// that surface is told to them directly in another.
func (n *wanted) notHere(dir *directory.Directory) {
	for _, u := range dir.ActiveUsers() {
		known := dir.SurfacesOf(u.AgentID)
		if slices.ContainsFunc(dir.Accounts, func(a store.Account) bool { return a.Side == "surface" && !slices.Contains(known, a.ID) }) {
			n.laneAcc, n.laneKeys = append(n.laneAcc, u.AccountID), append(n.laneKeys, outbound.ChannelLane("@"+u.UserID))
		}
	}
}

// tellAssigned tells an agent of an assignment in another surface than that of the
// conversation's thread, where a mention would notify nobody.
func (w *work) tellAssigned(c *conv, agent int64) {
	surface := w.reach(agent, 0)
	if surface == 0 {
		return
	}
	row := w.e.factsOf(w.dir, surface, w.dir.Agent(agent), c.Conversation, w.people.identities, c.places(), w.now)
	w.direct(surface, agent, bridge.Line{Content: &bridge.ListLine{List: "assigned", Rows: []bridge.Facts{row}}})
}

// direct tells one agent something in a direct message. It is only for what no thread can tell.
func (w *work) direct(surface, agent int64, line bridge.Line) {
	ref := w.dir.Ref(surface, agent)
	if ref.User == "" {
		return
	}
	if list, ok := line.Content.(*bridge.ListLine); ok {
		list.Hidden = w.e.hiddenLists(w.dir.Agent(agent))
	}
	w.outbox.enqueue(w.channelLaneOf(surface, "@"+ref.User, bridge.PostLine), string(bridge.PostLine), 0, outbound.Payload{To: ref.User, Line: &line}, nil)
}

// tellActor answers an agent in the channel where the action happened, or, if it happened in none, in
// a direct message.
func (w *work) tellActor(surface int64, agent *store.Agent, a bridge.Action, line bridge.Line) {
	switch {
	case a.Place.Channel != "":
		w.whisper(nil, surface, a, line)
	case agent != nil:
		w.direct(surface, agent.ID, line)
	}
}
