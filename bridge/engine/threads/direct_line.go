package threads

import (
	"slices"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/outbound"
	"parley/bridge/engine/own"
	"parley/store"
)

// AnySurface stands for no particular surface: none is preferred, and an agent is named by name alone.
const AnySurface store.AccountID = 0

// SurfaceToTell returns the surface (chat) in which an agent is told something in a direct message: preferred, or else a connected
// one. It returns AnySurface if the agent has a user in none.
func (th *Writer) SurfaceToTell(agent store.AgentID, preferred store.AccountID) store.AccountID {
	surfaces := th.Dir.SurfacesOf(agent)
	if len(surfaces) == 0 {
		return AnySurface
	}
	if slices.Contains(surfaces, preferred) {
		return preferred
	}
	connected := slices.IndexFunc(surfaces, func(s store.AccountID) bool { return th.Chat(s) != nil })
	return surfaces[max(connected, 0)]
}

// SurfaceForTroubles returns the surface in which people are told of an account's troubles. For a mailbox or number it is the one
// that has its threads; for a surface another one that is connected, or else itself.
func (th *Writer) SurfaceForTroubles(a *store.Account) store.AccountID {
	if a.Side != store.SideSurface {
		surface, _ := th.Dir.Home(a, nil)
		return surface
	}
	for _, other := range th.Dir.Accounts {
		isOtherSurface := other.Side == store.SideSurface && other.ID != a.ID
		if isOtherSurface && th.Chat(other.ID) != nil {
			return other.ID
		}
	}
	return a.ID
}

// TellAssigned tells an agent directly of an assignment, where the agent has no user in the surface of the
// conversation's thread, so that a mention there would notify nobody. It does nothing if the agent chose to do without
// such notices.
func (th *Writer) TellAssigned(c *book.Conversation, agent store.AgentID) {
	surface := th.SurfaceToTell(agent, AnySurface)
	notice, _ := bridge.Line{Content: bridge.LineAssigned}.Notice()
	if surface == 0 || hasDeclined(th.Dir, agent, notice) {
		return
	}
	row := th.Reading.FactsOf(th.Dir, surface, th.Dir.Agent(agent), c.Conversation, th.People.Identities, c.Places(), th.Now)
	th.SendDirect(surface, agent, bridge.Line{Content: &bridge.ListLine{List: bridge.ListAssigned, Rows: []bridge.Facts{row}}})
}

// surfaceElsewhere returns the surface in which an agent is told directly what a line says, because the agent has no user in the
// chat of the conversation's thread, so that a mention there notifies nobody. It returns 0 for all other agents, for those who did
// it themselves or may not read the conversation, and for an assignment (see TellAssigned).
func surfaceElsewhere(
	th *Writer, c *book.Conversation, thread store.AccountID, agent store.AgentID, line bridge.Line,
) store.AccountID {
	surface := th.SurfaceToTell(agent, thread)
	isThere := surface == thread || surface == 0
	if isThere || agent == line.By.ID || line.Kind() == bridge.LineAssigned {
		return 0
	}
	lane := book.LaneKey{Account: surface, Key: outbound.ChannelLane(outbound.DirectChannel(th.Dir.UserOf(surface, agent)))}
	isLocked := book.IsNamed(th.Outbox, lane) // false if only this batch made the agent somebody to be told
	if !isLocked || !th.Reading.As(th.Dir.Agent(agent)).May(c.Conversation) {
		return 0
	}
	return surface
}

// tellElsewhere tells an agent directly what a line in a conversation's thread says, and where the conversation is. surface is
// what surfaceElsewhere returned. The message names the conversation, so that an erasure of its customer finds it.
func tellElsewhere(th *Writer, c *book.Conversation, surface store.AccountID, agent store.AgentID, line bridge.Line) {
	row := th.Reading.FactsOf(th.Dir, surface, th.Dir.Agent(agent), c.Conversation, th.People.Identities, c.Places(), th.Now)
	th.SendDirect(surface, agent, bridge.Line{Content: &bridge.ListLine{List: bridge.ListElsewhere, Rows: []bridge.Facts{row}}})
	if asked, isQuestion := line.Content.(*bridge.AskLine); isQuestion {
		line.Content = &bridge.AskLine{Why: asked.Why}
	}
	line.Verbs, line.SourceRef = nil, bridge.Place{} // the thread has the buttons
	line.Mentions = []bridge.AgentRef{th.Dir.Ref(surface, agent)}
	line.By = th.Dir.As(surface, line.By)
	line.Args.Conversation = c.ID
	if line.Customer == (bridge.PartyRef{}) {
		line.Customer = c.Customer()
	}
	th.SendDirect(surface, agent, line)
}

// TellTeamElsewhere tells members of a team directly that it is handed a conversation: those whom TeamMentions would name, but who
// have no user in the chat of the thread.
func TellTeamElsewhere(th *Writer, c *book.Conversation, team *store.Team, thread store.AccountID, line bridge.Line) {
	var members []bridge.AgentRef
	for _, id := range team.Members {
		if th.Dir.Agent(id) != nil && id != line.By.ID {
			members = append(members, th.Dir.Ref(AnySurface, id))
		}
	}
	for _, ref := range wantingHandOver(th.Dir, members) {
		if surface := surfaceElsewhere(th, c, thread, ref.ID, line); surface != 0 {
			tellElsewhere(th, c, surface, ref.ID, line)
		}
	}
}

// SendDirect tells one agent something in a direct message. It is only for what no thread can show.
func (th *Writer) SendDirect(surface store.AccountID, agent store.AgentID, line bridge.Line) {
	if user := th.Dir.UserOf(surface, agent); user != "" {
		th.sendDirectTo(surface, user, line)
	}
}

// sendDirectTo tells a user of a surface something in a direct message. Whoever acted on Parley's own pages is told nothing, since
// the pages show what became of it.
func (th *Writer) sendDirectTo(surface store.AccountID, user bridge.SurfaceUser, line bridge.Line) {
	if surface == store.SystemAccount {
		return
	}
	if list, ok := line.Content.(*bridge.ListLine); ok {
		list.Hidden = th.Reading.HiddenLists(th.Dir.AgentOf(surface, user))
	}
	l := th.channelLaneOf(surface, outbound.DirectChannel(user), bridge.PostLine)
	th.Outbox.Enqueue(l, string(bridge.PostLine), NoMessage, outbound.Payload{To: user, Line: &line}, nil)
}

// NoPage is given to TellCondition where no page helps.
const NoPage = ""

// TellCondition tells the admins that an account, or the model, is broken or works again. page is the address at which the account
// is connected again, or NoPage if there is none, or if connecting it again would not help.
func (th *Writer) TellCondition(f own.Fact, page string) {
	account := th.Dir.Account(f.Account)
	if account == nil {
		return
	}
	first := th.SurfaceForTroubles(account)
	model := f.Kind == own.Account && f.Account == store.SystemAccount // this account stands for the model: it has no other condition
	line := bridge.Line{Content: &bridge.AccountLine{Account: account.Name, Model: model, Trouble: f.Text, Hint: f.Hint, Page: page}}
	for _, a := range th.Dir.Agents {
		if !a.Active || !a.IsAdmin() {
			continue
		}
		th.SendDirect(th.SurfaceToTell(a.ID, first), a.ID, line)
	}
}
